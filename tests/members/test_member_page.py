"""The page of one member: masked for all, one value in clear for an admin who says why."""

import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.models import Consent, Member, MemberIdentity, SelfExclusion
from organization import company
from organization.crypto import lookup
from organization.models import AuditEvent, Staff, Store
from tests.campaigns.cast import NOON, make_night, make_reachable, make_receipt
from tests.conftest import make_member

DAY = date(2026, 11, 20)
NAME, PHONE = "欧阳标记", "19987654321"
WHY = "The member asked at the counter"


def identify(member: Member, kind: str = "phone", value: str = PHONE) -> MemberIdentity:
    return MemberIdentity.unscoped.create(member=member, kind=kind, lookup=lookup(kind, value), value=value)


@pytest.fixture
def person(store: Store) -> Member:
    member = make_reachable(store, name=NAME)
    identify(member)
    make_night()
    return member


def page_of(client: Client, member: Member, by: Staff) -> str:
    client.force_login(by)
    response = client.get(reverse("member", args=[member.pk]))
    assert response.status_code == 200
    return response.content.decode()


def reveal(client: Client, member: Member, **asked: str) -> Any:
    return client.post(reverse("member_reveal", args=[member.pk]), {"reason": WHY, **asked})


def test_it_goes_by_the_age_the_company_asks_for(client: Client, person: Member, manager: Staff) -> None:
    Member.unscoped.update(birth_date=timezone.localdate() - timedelta(days=19 * 366))
    assert "Yes, by SMS." in page_of(client, person, manager)
    row = company.current()
    row.minimum_age = 21
    row.save()
    company.ROW.forget()
    assert "No: nobody has verified that the member is of age." in page_of(client, person, manager)


def test_it_says_who_may_be_written_to_and_shows_no_value(
    client: Client, person: Member, manager: Staff
) -> None:
    page = page_of(client, person, manager)
    assert person.label in page
    assert "Yes, by SMS." in page
    assert "199••••21" in page
    assert NAME not in page
    assert PHONE not in page
    assert "Show a value" not in page
    assert "1980" not in page


def test_it_says_not_to_prompt_who_asked_to_be_left_alone(
    client: Client, person: Member, manager: Staff
) -> None:
    SelfExclusion.unscoped.create(member=person, at=NOON, source="counter")
    page = page_of(client, person, manager)
    assert "Do not prompt." in page
    assert "No: the member asked to be left alone." in page


def test_it_takes_the_latest_word_of_each_channel(client: Client, person: Member, manager: Staff) -> None:
    later = {"channel": "sms", "purpose": "marketing", "at": NOON + timedelta(days=1), "source": "reply"}
    Consent.unscoped.create(member=person, granted=False, **later)
    page = page_of(client, person, manager)
    assert "No: the member has allowed no channel." in page
    assert "Withdrawn" in page


def test_it_calls_nobody_verified_whose_birth_date_says_otherwise(
    client: Client, person: Member, manager: Staff
) -> None:
    Member.unscoped.filter(pk=person.pk).update(birth_date=date.today() - timedelta(days=365 * 10))
    assert "Minor" in page_of(client, person, manager)


def test_it_shows_receipts_of_the_own_stores_only(
    client: Client, person: Member, manager: Staff, admin: Staff, other_store: Store
) -> None:
    make_receipt(person, DAY, "12.50")
    make_receipt(person, DAY, "99.00", store=other_store)
    page = page_of(client, person, manager)
    assert "¥12.50" in page
    assert "¥99.00" not in page
    assert "¥99.00" in page_of(client, person, admin)


def test_it_pages_receipts_with_the_same_few_queries(
    client: Client, person: Member, manager: Staff, django_assert_max_num_queries: Any
) -> None:
    for _ in range(21):
        make_receipt(person, DAY, "1.00")
    page_of(client, person, manager)
    with django_assert_max_num_queries(19):
        page = page_of(client, person, manager)
    assert "1–20 of 21" in page
    assert "21–21 of 21" in client.get(reverse("member", args=[person.pk]), {"page": 2}).content.decode()


def test_it_shows_a_member_nothing_is_known_of(client: Client, store: Store, admin: Staff) -> None:
    page = page_of(client, make_member(store), admin)
    assert "No scores yet" in page
    assert "No receipt" in page
    assert "Show a value" not in page


@pytest.mark.parametrize(("field", "value"), [("name", NAME), ("birth_date", "1980-05-05"), ("phone", PHONE)])
def test_it_shows_one_value_once_and_audits_the_field_only(
    client: Client, person: Member, admin: Staff, field: str, value: str
) -> None:
    client.force_login(admin)
    identity = person.identities.get()
    code = f"phone-{identity.pk}" if field == "phone" else field
    response = reveal(client, person, field=code)
    page = response.content.decode()
    assert f'<mark id="revealed">{value}</mark>' in page
    assert "no-store" in response["Cache-Control"]
    others = {NAME, "1980-05-05", PHONE} - {value}
    assert not any(other in page for other in others)
    event = AuditEvent.unscoped.get(code="member.revealed")
    assert (event.actor, event.object_id) == (admin, person.pk)
    assert event.data == {"field": field, "reason": WHY}
    assert value not in page_of(client, person, admin)


@pytest.mark.parametrize(
    "reason",
    ["", "short", "because", f"Call {PHONE} back", f"{NAME} asked for it", "Call 199 8765 4321 back"],
)
def test_it_shows_nothing_without_a_reason_that_names_nobody(
    client: Client, person: Member, admin: Staff, reason: str
) -> None:
    client.force_login(admin)
    response = reveal(client, person, field="birth_date", reason=reason)
    assert response.status_code == 422
    assert "1980-05-05" not in response.content.decode()
    assert not AuditEvent.unscoped.filter(code="member.revealed").exists()


def test_it_shows_no_identity_of_another_member(client: Client, person: Member, admin: Staff) -> None:
    other = identify(make_member(person.home_store), "card", "C1")
    client.force_login(admin)
    assert reveal(client, person, field=f"card-{other.pk}").status_code == 422


def test_it_exports_everything_held_as_json(client: Client, person: Member, admin: Staff) -> None:
    receipt = make_receipt(person, DAY, "12.50")
    client.force_login(admin)
    answer = client.post(reverse("member_export", args=[person.pk]), {"form": "json"})
    held = json.loads(answer.content)
    assert held["members.member"][0]["name"] == NAME
    assert held["members.memberidentity"][0]["value"] == PHONE
    assert held["sales.receipt"][0]["number"] == receipt.number
    assert held["segmentation.memberscore"][0]["segment"] == "loyal"
    assert {"members.consent", "members.ageverification"} <= held.keys()
    event = AuditEvent.unscoped.get(code="member.exported")
    assert event.data["rows"]["members.memberidentity"] == 1
    assert PHONE not in str(event.data)
    again = json.loads(client.post(reverse("member_export", args=[person.pk])).content)
    assert again["organization.auditevent"][0]["code"] == "member.exported"


def test_it_exports_a_table_per_file(client: Client, person: Member, admin: Staff) -> None:
    client.force_login(admin)
    answer = client.post(reverse("member_export", args=[person.pk]), {"form": "zip"})
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert NAME in archive.read("members.member.csv").decode()
    assert PHONE in archive.read("members.memberidentity.csv").decode()
    assert answer["Content-Disposition"] == f'attachment; filename="member-{person.pk}.zip"'


def test_it_exports_no_formula(client: Client, store: Store, admin: Staff) -> None:
    """A name may be whatever a file said; the person who asked opens the table in a spreadsheet."""
    member = make_reachable(store, name='=HYPERLINK("https://example.org")')
    client.force_login(admin)
    answer = client.post(reverse("member_export", args=[member.pk]), {"form": "zip"})
    table = zipfile.ZipFile(io.BytesIO(answer.content)).read("members.member.csv").decode()
    assert "'=HYPERLINK" in table and ",=HYPERLINK" not in table and ',"=HYPERLINK' not in table


def test_it_is_reached_from_the_list(client: Client, person: Member, manager: Staff) -> None:
    person.score.r = 5
    person.score.save()
    client.force_login(manager)
    listed = client.get(reverse("segment_members")).content.decode()
    assert reverse("member", args=[person.pk]) in listed
