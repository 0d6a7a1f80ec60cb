"""A crowd large enough for clusters."""

import pytest

from members.models import Member
from organization.models import Store
from tests.conftest import make_member
from tests.segmentation.builders import a_product, a_receipt, days_before


@pytest.fixture
def crowd(store: Store, other_store: Store) -> list[Member]:
    """150 members in two stores, each with a rhythm of its own."""
    cheap, slim = a_product("A"), a_product("B", brand="金湖", slim=True)
    crowd = [make_member(store if number % 3 else other_store) for number in range(150)]
    for number, member in enumerate(crowd):
        for visit in range(1 + number % 4):
            day = days_before(1 + number % 40 + visit * (3 + number % 11))
            lines = [(slim if number % 2 else cheap, 1 + number % 5)]
            total = f"{10 + number % 7 * 5}.50"
            minute = 600 + 600 * (number % 2)
            a_receipt(member.enrolment_store, day, member, total=total, minute=minute, lines=lines)
    return crowd
