"""Whose is a row, and what an import of members may never do."""

from datetime import UTC, date, datetime

import pytest

from members.models import AgeVerification, Consent, Member, MemberIdentity, SelfExclusion
from organization.imports.runner import import_run
from organization.jobs import Progress
from organization.models import Import, ImportKind, Store
from tests.organization.importing import counts, faults, queue, take_in

pytestmark = pytest.mark.django_db

PHONE, OTHER = "19900001111", "19900002222"


@pytest.fixture(autouse=True)
def _stores(store: Store, other_store: Store) -> None:
    """0001 and 0002."""


def row(**cells: object) -> dict[str, object]:
    blank = dict.fromkeys(
        ("card", "mobile", "wechat_id", "nickName", "sex", "birthday", "age_method", "age_verified_at",
         "age_clerk", "consent_sms", "self_excluded"), "",
    )  # fmt: skip
    return {**blank, "license_code": "0001", "enrolled_on": "2025-03-04", **cells}


def take(*rows: dict[str, object]) -> Import:
    return take_in(ImportKind.MEMBERS, rows)


def test_it_makes_a_member_with_all_that_was_sent(store: Store) -> None:
    record = take(
        row(card="C1", mobile=PHONE, wechat_id="wx_1234", nickName="王小试", sex="男", birthday="1990-02-28",
            age_method="ID card", age_verified_at="2025-03-04 10:00", age_clerk="S1-2", consent_sms="1")
    )  # fmt: skip
    assert counts(record) == {"read": 1, "added": 1} and record.made == {"members": 1}
    member = Member.unscoped.get()
    assert (member.name, member.sex, member.birth_date) == ("王小试", 1, date(1990, 2, 28))
    assert (member.enrolment_store, member.home_store, member.enrolled_on) == (store, store, date(2025, 3, 4))
    identities: dict[str, object] = dict(MemberIdentity.unscoped.values_list("kind", "value"))
    assert identities == {"card": "C1", "phone": PHONE, "wechat": "wx_1234"}
    witness = AgeVerification.unscoped.get()
    assert witness.verified_at == datetime(2025, 3, 4, 2, 0, tzinfo=UTC) and witness.clerk == "S1-2"
    consent = Consent.unscoped.get()
    assert (consent.channel, consent.granted, consent.source) == ("sms", True, "POS")


def test_it_changes_nothing_when_sent_again() -> None:
    rows = [
        row(card=f"C{n}", mobile=f"1990000{n:04}", consent_sms=n % 2, self_excluded=n % 3 == 0)
        for n in range(9)
    ]
    take(*rows)
    before = list(Member.unscoped.order_by("pk").values())
    assert counts(take(*rows)) == {"read": 9, "unchanged": 9}
    assert list(Member.unscoped.order_by("pk").values()) == before
    assert (MemberIdentity.unscoped.count(), Consent.unscoped.count()) == (18, 9)


def test_it_corrects_a_member_and_an_empty_cell_takes_nothing_away() -> None:
    take(row(mobile=PHONE, nickName="王", sex="1"))
    assert counts(take(row(mobile=PHONE, nickName="王小试"))) == {"read": 1, "updated": 1}
    member = Member.unscoped.get()
    assert (member.name, member.sex) == ("王小试", 1)


@pytest.mark.parametrize("typed", ["199 0000 1111", "+8619900001111", "0086-199-0000-1111", "(199)00001111"])
def test_it_knows_a_phone_however_it_is_typed(typed: str) -> None:
    take(row(mobile=PHONE))
    take(row(mobile=typed, nickName="王"))
    assert Member.unscoped.get().name == "王" and MemberIdentity.unscoped.count() == 1


def test_it_joins_card_and_phone_of_one_row() -> None:
    take(row(card="C1"))
    record = take(row(card="c1 ", mobile=PHONE), row(mobile=PHONE, wechat_id="wx_1234"))
    assert counts(record) == {"read": 2, "updated": 2}
    assert Member.unscoped.get().identities.count() == 3


@pytest.mark.parametrize("in_one_file", [True, False])
def test_it_sets_a_row_aside_whose_identities_are_two_members(in_one_file: bool) -> None:
    two, both = [row(card="C1"), row(mobile=PHONE)], row(card="C1", mobile=PHONE, nickName="王")
    record = take(*two, both) if in_one_file else [take(*two), take(both)][1]
    assert record.quarantined == 1
    assert "belong to different members" in faults(record)[0][2]
    assert not Member.unscoped.filter(name__isnull=False).exists()


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"mobile": ""}, "card"),
        ({"mobile": "199****1111"}, "phone"),
        ({"mobile": "12345"}, "phone"),
        ({"mobile": "199٠٠٠٠1111"}, "phone"),
        ({"wechat_id": "不是"}, "wechat"),
        ({"license_code": "9"}, "store"),
        ({"license_code": ""}, "store"),
        ({"birthday": "2999-01-01"}, "birth_date"),
        ({"birthday": "1890-01-01"}, "birth_date"),
        ({"birthday": "2023-02-29"}, "birth_date"),
        ({"enrolled_on": "1980-01-01"}, "enrolled_on"),
        ({"sex": "9"}, "sex"),
        ({"consent_sms": "maybe"}, "consent_sms"),
        ({"age_verified_at": "2999-01-01 10:00"}, "age_verified_at"),
        ({"card": "C" * 41}, "card"),
        ({"nickName": "王" * 41}, "name"),
    ],
)
def test_it_sets_a_faulty_row_aside(cells: dict[str, str], column: str) -> None:
    record = take(row(mobile=OTHER), row(**({"mobile": PHONE} | cells)))
    assert counts(record) == {"read": 2, "added": 1, "quarantined": 1}
    assert [(number, name) for number, name, _reason in faults(record)] == [(3, column)]


def test_it_takes_a_member_born_on_a_leap_day() -> None:
    take(row(mobile=PHONE, birthday="2000-02-29"))
    assert Member.unscoped.get().birth_date == date(2000, 2, 29)


def test_it_never_grants_a_consent_again_that_was_withdrawn() -> None:
    for granted in ("1", "0", "1", ""):
        take(row(mobile=PHONE, consent_sms=granted))
    assert list(Consent.unscoped.order_by("id").values_list("granted", flat=True)) == [True, False]
    take(row(mobile=PHONE, consent_sms="1", nickName="王"), row(mobile=PHONE, consent_sms="1"))
    assert list(Consent.unscoped.order_by("id").values_list("granted", flat=True)) == [True, False]


def test_it_puts_a_withdrawal_last_though_its_file_has_waited() -> None:
    waiting = queue(ImportKind.MEMBERS, [row(mobile=PHONE, consent_sms="0")])
    take(row(mobile=PHONE, consent_sms="1"))
    assert waiting.job is not None
    import_run(waiting.job, Progress(waiting.job))
    assert not Consent.unscoped.latest("at").granted


@pytest.mark.parametrize("method", ["未核验", "No", "0"])
def test_it_verifies_nobody_by_a_method_that_says_so(method: str) -> None:
    take(row(mobile=PHONE, age_method=method, age_verified_at="2025-03-04 10:00", age_clerk="S1-2"))
    assert Member.unscoped.exists() and not AgeVerification.unscoped.exists()


def test_it_never_lifts_a_self_exclusion() -> None:
    take(row(mobile=PHONE, self_excluded="1"))
    for said in ("0", "", "1"):
        take(row(mobile=PHONE, self_excluded=said, nickName=f"王{said}"))
    assert SelfExclusion.unscoped.get().member == Member.unscoped.get()


@pytest.mark.parametrize("fault", [{"dateOfBirth": "soon"}, {"tobaccoLicense": ""}, {"sex": "x"}])
def test_it_leaves_alone_who_asks_for_it_in_a_row_that_is_set_aside(fault: dict[str, str]) -> None:
    take(row(card="C1", mobile=PHONE, consent_sms="1"))
    record = take(row(mobile=PHONE, consent_sms="0", self_excluded="1", **fault))
    assert record.quarantined == 1
    assert SelfExclusion.unscoped.count() == 1
    assert list(Consent.unscoped.order_by("id").values_list("granted", flat=True)) == [True, False]


def test_it_leaves_both_alone_when_a_row_names_two_members() -> None:
    take(row(card="C1", consent_sms="1"), row(mobile=PHONE))
    assert take(row(card="C1", mobile=PHONE, self_excluded="1")).quarantined == 1
    assert SelfExclusion.unscoped.count() == 2


def test_it_grants_nothing_from_a_row_that_is_set_aside() -> None:
    take(row(mobile=PHONE))
    take(row(mobile=PHONE, consent_sms="1", dateOfBirth="soon"))
    assert not Consent.unscoped.exists()


def test_it_verifies_age_only_with_a_witness_and_keeps_the_first() -> None:
    take(row(mobile=PHONE, age_method="clerk", age_verified_at="2025-03-04 10:00"))
    assert not AgeVerification.unscoped.exists()
    for clerk in ("first", "second"):
        take(row(mobile=PHONE, age_method="clerk", age_verified_at="2025-03-04 10:00", age_clerk=clerk))
    assert AgeVerification.unscoped.get().clerk == "first"


def test_it_takes_one_member_of_many_rows_over_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("members.imports.merge.CHUNK", 2)
    rows = [row(mobile=f"1990000{n % 4:04}", nickName=f"王{n}") for n in range(10)]
    assert counts(take(*rows)) == {"read": 10, "added": 4, "updated": 6}
    assert {member.name for member in Member.unscoped.all()} == {"王6", "王7", "王8", "王9"}
