"""Every list and export, from the table of addresses, shows nothing of another region's stores or members.

Not the status alone: the body must not hold a name, a code, a number or a label from there.
"""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.delivery import sandbox
from campaigns.services import campaign_start
from members.models import Member
from organization.models import Region, Role, Staff, Store
from organization.services import region_ensure, staff_create
from segmentation.models import MemberScore
from tests.campaigns.cast import DAY, NOON, make_draft, make_reachable
from tests.segmentation.builders import a_product, a_receipt, make_night
from tests.test_access import CASES, Case

REGIONAL = (Role.MANAGER, Role.MARKETER, Role.APPROVER)
# Of these addresses the first three roles of the table may read at least one.
LISTS = [case for case in CASES if case.method == "get" and not case.takes and 200 in case.expected[:3]]


# A night locks tables, which a transaction around the whole test would not let it do.
pytestmark = pytest.mark.django_db(transaction=True)


class Place:
    """One region with a store, members, a campaign that ran there, and one person per role."""

    def __init__(self, name: str, number: int) -> None:
        self.region: Region = region_ensure(
            names=["测试公司", f"{name}片区"], names_en=["Co", f"{name} part"]
        )
        self.store: Store = Store.unscoped.create(
            id=number,
            code=f"CODE{number}",
            name=f"{name}大街店",
            name_en=f"{name} Street",
            licence_number=f"9900{number}",
            region=self.region,
            time_zone="Asia/Shanghai",
        )
        self.members: list[Member] = [
            make_reachable(self.store, id=number + place, name=f"{name}某") for place in range(1, 9)
        ]
        self.staff = {role: self._person(name, role) for role in REGIONAL}

    def _person(self, name: str, role: Role) -> Staff:
        scope = {"stores": [self.store]} if role == Role.MANAGER else {"regions": [self.region]}
        return staff_create(username=f"{name}-{role}", password="pw", role=role, **scope)

    def marks(self) -> list[str]:
        """All by which a page could tell of this place; numbers as they are and with commas."""
        store, numbers = self.store, [self.store.pk, *(member.pk for member in self.members)]
        marks = [store.code, store.name, store.name_en, store.licence_number, self.campaign_name]
        marks += [member.label for member in self.members]
        return marks + [str(number) for number in numbers] + [f"{number:,}" for number in numbers]

    @property
    def campaign_name(self) -> str:
        return f"Only for {self.store.code}"

    def run(self) -> None:
        """A campaign of this place, delivered."""
        maker = self.staff[Role.MARKETER]
        segment = MemberScore.unscoped.filter(member=self.members[0]).values_list("segment", flat=True).get()
        draft = make_draft(maker, name=self.campaign_name, segment=segment)
        sandbox.deliver(campaign=campaign_start(campaign=draft, actor=maker, as_of=DAY), at=NOON)


@pytest.fixture
def places() -> tuple[Place, Place]:
    """A published night and a campaign in each of two regions."""
    ours, theirs = Place("Aspen", 731_100), Place("Birch", 862_200)
    product = a_product()
    for place in (ours, theirs):
        for member in place.members:
            a_receipt(place.store, date(2026, 11, 18), member, total="90.00", lines=[(product, 3)])
    make_night(date(2026, 11, 19))
    for place in (ours, theirs):
        place.run()
    return ours, theirs


def the(name: str) -> Case:
    return next(case for case in LISTS if case.name == name)


def body(client: Client, case: Case, staff: Staff, **asked: object) -> str:
    """What a page shows, all of it, in the language that names stores in English."""
    client.force_login(staff)
    answer = client.get(reverse(case.name), asked)  # type: ignore[arg-type]
    return str(answer.getvalue().decode()) if answer.status_code == 200 else ""


def test_it_shows_nothing_of_the_other_region(client: Client, places: tuple[Place, Place]) -> None:
    seen = set()
    for own, other in (places, places[::-1]):
        for case in LISTS:
            for role in REGIONAL:
                for asked in ({}, {"store": other.store.pk}):
                    text = body(client, case, own.staff[role], **asked)
                    # What was asked for stands in the links of its own page.
                    told = [
                        mark
                        for mark in other.marks()
                        if mark in text and mark not in map(str, asked.values())
                    ]
                    assert told == [], (case.name, role, asked)
                    seen |= {(case.name, role)} if any(mark in text for mark in own.marks()) else set()
    # The pages did show something: each of these names the own place to each role.
    for name in ("segment_members", "segment_members_csv", "campaigns", "campaigns_csv"):
        assert {(name, role) for role in REGIONAL} <= seen
    assert ("messages", Role.MARKETER) in seen


def test_it_opens_both_to_a_marketer_of_the_company(client: Client, places: tuple[Place, Place]) -> None:
    company = Region.objects.get(parent=None)
    whole = staff_create(username="whole", password="pw", role=Role.MARKETER, regions=[company])
    for name in ("segment_members", "segment_members_csv"):
        text = body(client, the(name), whole)
        assert all(place.store.name_en in text for place in places)


def test_it_opens_a_region_of_a_region_to_who_has_the_upper_one(
    client: Client, places: tuple[Place, Place]
) -> None:
    ours, theirs = places
    below = region_ensure(names=["测试公司", ours.region.name, "江北"])
    Store.unscoped.filter(pk=ours.store.pk).update(region=below)
    lower = staff_create(username="lower", password="pw", role=Role.MARKETER, regions=[below])
    for staff in (ours.staff[Role.MARKETER], lower):
        text = body(client, the("segment_members"), staff)
        assert ours.store.name_en in text and theirs.store.name_en not in text
    Store.unscoped.filter(pk=ours.store.pk).update(region=ours.region)
    assert ours.store.name_en not in body(client, the("segment_members"), lower)
