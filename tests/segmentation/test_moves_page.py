"""Who moved between two nights: the page, the list behind it, its export; who sees whom."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from members.models import Member
from organization.models import AuditEvent, Staff, Store
from segmentation import history
from segmentation.models import MemberScore, NightlyRun, ScoreChange, SegmentTotal
from tests.conftest import make_member
from tests.segmentation.builders import NIGHT, days_before

pytestmark = pytest.mark.django_db
FIRST = days_before(30)


def a_member(store: Store, *moves: tuple[int, str | None, str | None], spend: int = 10) -> Member:
    """Who moved so many days before the last night, from a segment to another."""
    member = make_member(store)
    for number, old, new in moves:
        ScoreChange.unscoped.create(member=member, day=days_before(number), old=old, new=new)
    MemberScore.unscoped.create(
        member=member, first_day=FIRST, last_day=NIGHT, lifetime_receipts=3, lifetime_spend=spend,
        receipts=3, spend=spend, purchase_days=3, packs=3, stores=1,
        r=4, f=4, m=4, segment=moves[-1][2] if moves else "new",
    )  # fmt: skip
    return member


@pytest.fixture
def chain(store: Store, other_store: Store) -> dict[str, Member]:
    """In the east one slipped in two steps, one went and came back, one began, one only changed scores."""
    for number in (30, 10, 5, 0):
        NightlyRun.objects.create(as_of=days_before(number), published_at=timezone.now())
    people = {
        "slipped": a_member(store, (10, "champions", "loyal"), (5, "loyal", "at_risk"), spend=90),
        "back": a_member(store, (10, "loyal", "attention"), (5, "attention", "loyal")),
        "began": a_member(store, (0, None, "new")),
        "stayed": a_member(store, (10, "loyal", "loyal")),
        "far": a_member(other_store, (5, "loyal", "at_risk")),
        "lost": a_member(other_store, (10, "hibernating", None)),
    }
    sizes = {store: {"at_risk": 1, "loyal": 2, "new": 1}, other_store: {"at_risk": 1}}
    for place, segments in sizes.items():
        for code, members in segments.items():
            SegmentTotal.unscoped.create(day=NIGHT, store=place, segment=code, members=members, spend=9)
    return people


def short(day: date) -> str:
    return date_format(day, "MONTH_DAY_FORMAT")


def long(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as made:
        assert client.get(url).status_code == 200
    return len(made)


def test_it_counts_who_moved_and_who_stayed(chain: dict[str, Member], admin: Staff) -> None:
    moves = history.moves(admin, since=FIRST, until=NIGHT)
    assert moves.moved == {
        ("champions", "at_risk"): 1,
        ("loyal", "at_risk"): 1,
        ("", "new"): 1,
        ("hibernating", ""): 1,
    }
    assert {code: members for code, members in moves.stayed.items() if members} == {"loyal": 2}
    assert moves.mover_count == 4


def test_it_tells_the_sizes_of_an_earlier_night_from_the_last(chain: dict[str, Member], admin: Staff) -> None:
    moves = history.moves(admin, since=FIRST, until=days_before(10))
    assert moves.moved == {
        ("champions", "loyal"): 1,
        ("loyal", "attention"): 1,
        ("hibernating", ""): 1,
    }
    assert {code: members for code, members in moves.stayed.items() if members} == {"loyal": 2}


def test_it_counts_own_members_only(chain: dict[str, Member], manager: Staff) -> None:
    moves = history.moves(manager, since=FIRST, until=NIGHT)
    assert moves.moved == {("champions", "at_risk"): 1, ("", "new"): 1}
    assert {code: members for code, members in moves.stayed.items() if members} == {"loyal": 2}


def test_it_shows_matrix_and_flow(chain: dict[str, Member], client: Client, admin: Staff) -> None:
    client.force_login(admin)
    page = client.get("/segments/moves/").content.decode()
    assert f"4 members moved between {short(FIRST)} and {short(NIGHT)}" in page
    assert "2 into segments that need care, 0 out of them" in page
    assert '"sankey"' in page
    link = f"/segments/moves/members/?since={FIRST}&amp;until={NIGHT}&amp;was=champions&amp;now=at_risk"
    assert page.count(link) == 2  # In the list and in the matrix.
    assert "Since the first night" in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (f"since={NIGHT}&until={FIRST}", "The first day must be before the last."),
        (f"since={days_before(400)}&until={NIGHT}", "No night was made by that day"),
        (f"since={days_before(9)}&until={days_before(8)}", "The two days lead to the same night"),
        ("since=yesterday&until=now", "Enter a valid date."),
        (f"since={FIRST}", "This field is required."),
    ],
)
def test_it_says_which_days_cannot_be(
    chain: dict[str, Member], client: Client, admin: Staff, asked: str, said: str
) -> None:
    client.force_login(admin)
    page = client.get(f"/segments/moves/?{asked}").content.decode()
    assert said in page
    assert "sankey" not in page
    assert "Who moved?" in client.get(f"/segments/moves/members/?{asked}").content.decode()


def test_it_takes_any_day_as_its_last_night(chain: dict[str, Member], client: Client, admin: Staff) -> None:
    client.force_login(admin)
    page = client.get(f"/segments/moves/?since={days_before(29)}&until={days_before(7)}").content.decode()
    assert f"From the night of {long(FIRST)} to the night of {long(days_before(10))}" in page


def test_it_waits_for_a_second_night(client: Client, manager: Staff) -> None:
    client.force_login(manager)
    assert "No night has been made yet" in client.get("/segments/moves/").content.decode()
    NightlyRun.objects.create(as_of=NIGHT, published_at=timezone.now())
    assert "Moves show with the second night" in client.get("/segments/moves/").content.decode()
    NightlyRun.objects.create(as_of=NIGHT + timedelta(days=1), published_at=timezone.now())
    assert "Nobody moved" in client.get("/segments/moves/").content.decode()


def listed(client: Client, **asked: object) -> list[int]:
    answer = client.get("/segments/moves/members/", {"since": FIRST, "until": NIGHT, **asked})  # type: ignore[arg-type]
    return [row["member"].pk for row in answer.context["rows"]]


def test_it_lists_movers(
    chain: dict[str, Member], client: Client, admin: Staff, store: Store, other_store: Store
) -> None:
    client.force_login(admin)
    ids = {name: member.pk for name, member in chain.items()}
    assert listed(client) == [ids["began"], ids["slipped"], ids["far"], ids["lost"]]
    assert listed(client, sort="-spend")[0] == ids["slipped"]
    assert listed(client, sort="moved")[0] == ids["lost"]
    assert listed(client, now="at_risk") == [ids["slipped"], ids["far"]]
    assert listed(client, now="at_risk", store=other_store.pk) == [ids["far"]]
    assert listed(client, was="champions") == [ids["slipped"]]
    assert listed(client, was="none") == [ids["began"]]
    assert listed(client, now="none") == [ids["lost"]]
    assert listed(client, was="nonsense") == []
    assert listed(client, store="x") == []


def test_it_lists_own_members_only(
    chain: dict[str, Member], client: Client, manager: Staff, other_store: Store
) -> None:
    client.force_login(manager)
    assert listed(client) == [chain["began"].pk, chain["slipped"].pk]
    assert listed(client, store=other_store.pk) == []
    exported = b"".join(
        client.get("/segments/moves/members.csv", {"since": FIRST, "until": NIGHT}).streaming_content  # type: ignore[arg-type, attr-defined]
    )
    assert chain["far"].label not in exported.decode()


def test_it_asks_for_the_days_where_none_were_given(client: Client, admin: Staff) -> None:
    client.force_login(admin)
    page = client.get("/segments/moves/members/").content.decode()
    assert "Choose the two days" in page and "This field is required." not in page


def test_it_exports_what_is_listed_and_says_so_in_the_trail(
    chain: dict[str, Member], client: Client, admin: Staff, store: Store
) -> None:
    Store.unscoped.filter(pk=store.pk).update(name_en="=1+1")
    client.force_login(admin)
    asked = {"since": FIRST, "until": NIGHT, "now": "at_risk", "store": store.pk}
    answer = client.get("/segments/moves/members.csv", asked)  # type: ignore[arg-type]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["Member"] == chain["slipped"].label
    assert (row["Before"], row["After"], row["Moved on"]) == ("Champions", "At risk", str(days_before(5)))
    assert (row["Home store"], row["Spend"]) == ("'=1+1", "90.00")
    event = AuditEvent.unscoped.get(code="member.list_exported")
    assert event.data["rows"] == 1
    assert (event.data["segment_after"], event.data["store"]) == ("at_risk", store.code)


def test_it_asks_as_often_for_many_members_as_for_few(
    chain: dict[str, Member], client: Client, admin: Staff, store: Store
) -> None:
    client.force_login(admin)
    url = f"/segments/moves/members/?since={FIRST}&until={NIGHT}"
    few = queries(client, url), queries(client, "/segments/moves/")
    for _ in range(30):
        a_member(store, (5, "loyal", "at_risk"))
    assert (queries(client, url), queries(client, "/segments/moves/")) == few
    assert max(few) <= 14
