"""Files to fill in are files the imports take."""

import pytest
from django.test import Client
from django.utils import translation

from members.models import Consent, Member
from organization.models import ImportKind, Staff
from sales.models import Receipt
from tests.organization.importing import counts, take_in


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_it_takes_its_own_examples(client: Client, admin: Staff, language: str) -> None:
    client.force_login(admin)
    client.post("/language/", {"language": language})
    for kind in ImportKind.values:
        content = client.get(f"/imports/templates/{kind}.csv").getvalue()
        assert content.startswith(b"\xef\xbb\xbf")
        with translation.override(language):
            record = take_in(kind, content)
        assert counts(record) == {"read": 2, "added": 2}
    assert Receipt.unscoped.get().member is not None
    # Whoever forgets to take the examples out writes to nobody.
    assert Member.unscoped.count() == 2
    assert not Consent.unscoped.filter(granted=True).exists()


def test_it_names_columns_in_the_reader_s_language(client: Client, admin: Staff) -> None:
    client.force_login(admin)
    client.post("/language/", {"language": "zh-hans"})
    header = client.get("/imports/templates/stores.csv").getvalue().decode("utf-8-sig").splitlines()[0]
    assert header.startswith("门店ID,许可证号,门店名称")


def test_it_knows_no_other_kind(client: Client, admin: Staff) -> None:
    client.force_login(admin)
    assert client.get("/imports/templates/secrets.csv").status_code == 404
