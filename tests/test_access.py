"""Every address × every role. An address that is not in the table fails the test.

Too little right is 403; what a person may not see at all is 404; who is not logged in is sent to
log in.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from campaigns.models import Campaign
from campaigns.services import campaign_create
from dashboards.navigation import ENTRIES, LABELS
from members.links import link_token
from members.services import member_link_create
from organization.models import Import, ImportKind, Job, Role, Source, SourceProfile, Staff, Store
from organization.services import staff_create
from segmentation.models import NightlyRun, ScoreChange
from tests.conftest import make_member

# The first three belong to the region of the things below, the last three to another one.
OWN, OTHER = ("manager", "marketer", "approver"), ("other_manager", "other_marketer", "other_approver")
ROLES = (*OWN, "admin", *OTHER)
Answers = tuple[int, int, int, int, int, int, int]  # in the order of ROLES
ALL: Answers = (200, 200, 200, 200, 200, 200, 200)
MARKETERS: Answers = (403, 200, 403, 403, 403, 200, 403)
ADMINS: Answers = (403, 403, 403, 200, 403, 403, 403)
ADMINS_ACT: Answers = (403, 403, 403, 302, 403, 403, 403)
# Everybody may, once the password was typed again or there is something to show.
SENT_ON: Answers = (302, 302, 302, 302, 302, 302, 302)
NOT_THERE: Answers = (404, 404, 404, 404, 404, 404, 404)
# A draft of the marketer: nobody but admins sees it beside its maker.
DRAFT: Answers = (404, 200, 404, 200, 404, 404, 404)
OF_EAST: Answers = (200, 200, 200, 200, 404, 404, 404)
OF_ADMIN: Answers = (404, 404, 404, 200, 404, 404, 404)


class Case(NamedTuple):
    name: str
    expected: Answers
    method: str = "get"
    takes: str = ""  # what the address names: a key of `things`
    keyword: str = "pk"


CASES = (
    Case("home", ALL),
    Case("first_stores", ADMINS),
    Case("first_stores", ADMINS, "post"),
    Case("first_files", ADMINS),
    Case("first_night", ADMINS_ACT, "post"),
    Case("company", ADMINS),
    Case("import_template", ADMINS, "get", "kind", "kind"),
    Case("segments", ALL),
    Case("segment_members", ALL),
    Case("segment_members_csv", ALL),
    Case("segment_moves", ALL),
    Case("segment_movers", ALL),
    Case("segment_movers_csv", ALL),
    # There is no cluster, and a marketer is told no more than that.
    Case("cluster_rename", (403, 404, 403, 403, 403, 404, 403), "post", "cluster", "label"),
    Case("scoring", ADMINS),
    # Nothing was filled in.
    Case("scoring", (403, 403, 403, 422, 403, 403, 403), "post"),
    Case("scoring_preview", ADMINS, "post"),
    Case("scoring_names", ADMINS_ACT, "post"),
    Case("scoring_night", ADMINS_ACT, "post"),
    Case("member", OF_EAST, "get", "member"),
    Case("member_history", OF_EAST, "get", "member"),
    Case("member_change", OF_EAST, "get", "change"),
    # Nothing was filled in.
    Case("member_reveal", (403, 403, 403, 422, 403, 403, 403), "post", "member"),
    Case("member_reveal", ADMINS_ACT, "get", "member"),
    Case("member_erase", ADMINS_ACT, "get", "member"),
    Case("member_export", ADMINS, "post", "member"),
    Case("member_link", (200, 403, 403, 200, 404, 403, 403), "post", "member"),
    Case("member_link", (302, 403, 403, 302, 404, 403, 403), "get", "member"),
    Case("member_links_revoke", (302, 403, 403, 302, 404, 403, 403), "post", "member"),
    Case("member_tag_add", (302, 403, 403, 302, 404, 403, 403), "post", "member"),
    Case("member_tag_remove", (302, 403, 403, 302, 404, 403, 403), "post", "member"),
    Case("member_erase", (403, 403, 403, 422, 403, 403, 403), "post", "member"),
    Case("member_erasures", ADMINS),
    Case("member_erasures", ADMINS, "post"),
    Case("nights", ADMINS),
    Case("nights", ADMINS, "post"),
    Case("night_check", ADMINS_ACT, "post"),
    Case("night_progress", ADMINS, "get", "night", "job_id"),
    Case("night_retry", ADMINS_ACT, "post", "night", "job_id"),
    Case("campaigns", ALL),
    Case("campaigns_csv", ALL),
    Case("campaign_new", MARKETERS),
    Case("campaign_preview", MARKETERS, "post"),
    Case("campaign", DRAFT, "get", "campaign"),
    Case("campaign_edit", (403, 200, 403, 403, 403, 404, 403), "get", "campaign"),
    Case("campaign_start", (403, 302, 403, 403, 403, 404, 403), "post", "campaign"),
    Case("campaign_arms", DRAFT, "get", "campaign"),
    Case("messages", ALL),
    Case("imports", ADMINS),
    Case("imports", ADMINS, "post"),
    Case("import_detail", ADMINS, "get", "import"),
    # Its file is not there: whoever may is sent back with a sentence.
    Case("import_map", ADMINS_ACT, "get", "import"),
    Case("import_map", ADMINS_ACT, "post", "import"),
    Case("import_map_preview", ADMINS, "post", "import"),
    Case("import_read_with", ADMINS_ACT, "post", "import"),
    Case("profiles", ADMINS),
    Case("profile_edit", ADMINS, "get", "profile"),
    Case("profile_delete", ADMINS_ACT, "post", "profile"),
    Case("import_confirm", ADMINS_ACT, "post", "import"),
    Case("import_discard", ADMINS_ACT, "post", "import"),
    Case("import_undo", ADMINS, "get", "import"),
    # Nothing was typed.
    Case("import_undo", (403, 403, 403, 422, 403, 403, 403), "post", "import"),
    Case("import_rows", ADMINS, "get", "import"),
    Case("import_rows_csv", ADMINS, "get", "import"),
    # The import has not ended: there is nothing to correct.
    Case("import_corrected", (403, 403, 403, 404, 403, 403, 403), "post", "import"),
    Case("import_row", (403, 403, 403, 404, 403, 403, 403), "get", "import"),
    Case("import_rows_mended", (403, 403, 403, 404, 403, 403, 403), "post", "import"),
    Case("import_rows_again", (403, 403, 403, 404, 403, 403, 403), "post", "import"),
    Case("audit", ADMINS),
    Case("watch", ADMINS),
    Case("audit_csv", ADMINS),
    Case("jobs", ALL),
    Case("job_detail", OF_ADMIN, "get", "job"),
    Case("job_progress", OF_ADMIN, "get", "job"),
    Case("job_cancel", (404, 404, 404, 302, 404, 404, 404), "post", "job"),
    Case("job_retry", (404, 404, 404, 302, 404, 404, 404), "post", "job"),
    Case("staff", ADMINS),
    Case("staff_csv", ADMINS),
    # Asked for the password again first.
    Case("staff_links_csv", ADMINS_ACT, "post"),
    Case("staff_new", ADMINS),
    Case("staff_store_options", ADMINS),
    Case("staff_edit", ADMINS, "get", "account"),
    Case("staff_deactivate", ADMINS_ACT, "post", "account"),
    Case("staff_reactivate", ADMINS_ACT, "post", "account"),
    Case("staff_link", ADMINS_ACT, "post", "account"),
    Case("stores", ADMINS),
    Case("stores_csv", ADMINS),
    Case("store_edit", ADMINS, "get", "store"),
    Case("region_new", ADMINS),
    Case("region_edit", ADMINS, "get", "region"),
    Case("account", ALL),
    Case("account_change_password", ALL),
    Case("account_reauthenticate", ALL),
    Case("mfa_index", ALL),
    Case("mfa_activate_totp", SENT_ON),
    Case("mfa_deactivate_totp", NOT_THERE),
    Case("mfa_reauthenticate", SENT_ON),
    Case("mfa_view_recovery_codes", NOT_THERE),
    Case("mfa_generate_recovery_codes", SENT_ON),
    Case("mfa_download_recovery_codes", NOT_THERE),
    Case("sessions", ALL),
    Case("sessions_revoke", SENT_ON, "post"),
    Case("session_revoke", NOT_THERE, "post", "session"),
    Case("staff_second_factor_reset", ADMINS_ACT, "post", "staff"),
)
# Links by which somebody comes in: tests/organization/test_invitations.py says what they answer.
INVITATIONS = {"invitation", "invitation_password"}
# For whoever holds the link in the address, logged in or not, as whom does not matter.
HELD = {
    "own": ("get", ""),
    "own_deed": ("get", "silence"),
    "own_download": ("post", ""),
    "own_language": ("post", ""),
}
# For machines; tests/organization/test_health.py and test_metrics.py say what they answer.
PROBES = {"healthz", "readyz", "metrics"}
# For nobody once somebody has an account.
GONE = ("setup", "setup_company", "setup_admin")
# For everybody, logged in or not; who is logged in needs no log-in page.
OPEN = {
    "login": ("get", 200),
    "account_login": ("get", 200),
    "logout": ("post", 302),
    "set_language": ("post", 302),
    "mfa_authenticate": ("get", 302),
    "account_reset_password": ("get", 200),
    "account_reset_password_done": ("get", 200),
    "account_reset_password_from_key": ("get", 200),
    "account_reset_password_from_key_done": ("get", 200),
}
ARGUMENTS = {"account_reset_password_from_key": {"uidb36": "1", "key": "set-password"}}


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    cache.clear()


@pytest.fixture
def staff(
    manager: Staff, marketer: Staff, approver: Staff, admin: Staff, other_store: Store
) -> dict[str, Staff]:
    elsewhere = {"regions": [other_store.region]}
    scopes = {Role.MANAGER: {"stores": [other_store]}, Role.MARKETER: elsewhere, Role.APPROVER: elsewhere}
    others = [
        staff_create(username=name, password="pw", role=role, **scope)  # type: ignore[arg-type]
        for name, (role, scope) in zip(OTHER, scopes.items(), strict=True)
    ]
    return dict(zip(ROLES, (manager, marketer, approver, admin, *others), strict=True))


@pytest.fixture
def things(staff: dict[str, Staff]) -> dict[str, Any]:
    """One of each kind; campaign and store of the east, jobs of the admin."""
    failed = {"status": Job.Status.FAILED, "asked_by": staff["admin"]}
    job = Job.unscoped.create(kind="import", label="sales.csv", payload={"import": 1}, **failed)
    night = Job.unscoped.create(
        kind="nightly", label="Night", payload={"as_of": "2026-11-20"}, status=Job.Status.QUEUED
    )
    record = Import.unscoped.create(
        id=1, kind=ImportKind.SALES, source=Source.objects.create(name="POS"), file_name="sales.csv", job=job
    )
    profile = SourceProfile.unscoped.create(source=record.source, kind=record.kind, name="Till")
    member = make_member(staff["manager"].stores.get())
    day = NightlyRun.objects.create(as_of=date(2026, 11, 20)).as_of
    return {
        "profile": profile.pk,
        "campaign": _draft(staff["marketer"]).pk,
        "import": record.pk,
        "job": job.pk,
        "night": night.pk,
        "cluster": 0,
        "member": member.pk,
        "change": ScoreChange.unscoped.create(member=member, day=day, new="loyal").pk,
        "account": staff_create(username="new", password="pw", role=Role.ADMIN).pk,
        "store": staff["manager"].stores.get().pk,
        "region": staff["marketer"].regions.get().pk,
        "kind": "sales",
        "session": 0,
        "staff": staff["marketer"].pk,
    }


def _draft(maker: Staff) -> Campaign:
    return campaign_create(
        actor=maker,
        name="Drinks voucher",
        segment="loyal",
        channel="sms",
        offer="第二件半价",
        message_cost=0,
        fixed_cost=0,
        margin=None,
        horizon_days=21,
        holdout_share="0.5",
    )


def _names(resolver: URLResolver) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name or str(pattern.pattern)
        elif pattern.namespace != "admin":  # All of it is in tests/config/test_support.py.
            yield from _names(pattern)


def _address(case: Case, things: dict[str, Any]) -> str:
    return reverse(case.name, kwargs={case.keyword: things[case.takes]} if case.takes else {})


def _title(case: Case) -> str:
    return f"{case.method} {case.name}"


def test_it_knows_every_address() -> None:
    open_ones = {*OPEN, *HELD, *GONE, *INVITATIONS, *PROBES}
    assert set(_names(get_resolver())) == {case.name for case in CASES} | open_ones


@pytest.mark.parametrize("case", CASES, ids=_title)
def test_it_answers_each_role_as_the_table_says(
    client: Client, staff: dict[str, Staff], things: dict[str, Any], case: Case
) -> None:
    found = []
    for role in ROLES:
        client.force_login(staff[role])
        found.append(getattr(client, case.method)(_address(case, things)).status_code)
    assert dict(zip(ROLES, found, strict=True)) == dict(zip(ROLES, case.expected, strict=True))


@pytest.mark.parametrize("case", CASES, ids=_title)
def test_it_sends_strangers_to_log_in(client: Client, things: dict[str, Any], case: Case) -> None:
    address = _address(case, things)
    response = getattr(client, case.method)(address)
    assert (response.status_code, response.url) == (302, f"/login/?next={address}")


@pytest.mark.parametrize(("name", "method", "expected"), [(name, *rest) for name, rest in OPEN.items()])
def test_it_lets_anybody_log_in_and_choose_a_language(
    client: Client, db: None, name: str, method: str, expected: int
) -> None:
    address = reverse(name, kwargs=ARGUMENTS.get(name))
    response: Any = getattr(client, method)(address, {"language": "zh-hans"})
    assert response.status_code == expected
    assert "next=" not in response.headers.get("Location", "")


@pytest.mark.parametrize("name", GONE)
def test_it_has_no_set_up_any_more(client: Client, admin: Staff, name: str) -> None:
    assert client.get(reverse(name)).status_code == 404
    client.force_login(admin)
    assert client.post(reverse(name)).status_code == 404


AUDIT = ("who", "group", "id", "since", "until", "below", "above")


def _held_address(name: str, token: str) -> str:
    return reverse(name, kwargs={"token": token} | ({"name": HELD[name][1]} if HELD[name][1] else {}))


@pytest.mark.parametrize("role", ["", *ROLES])
@pytest.mark.parametrize("name", HELD)
def test_it_opens_a_member_s_page_by_the_link_alone(
    client: Client, staff: dict[str, Staff], name: str, role: str
) -> None:
    link = member_link_create(member=make_member(staff["manager"].stores.get()), actor=None)
    if role:
        client.force_login(staff[role])
    ask = getattr(client, HELD[name][0])
    assert ask(_held_address(name, link_token(link))).status_code in (200, 302)
    assert ask(_held_address(name, "forged")).status_code == 404


PAGES = [case for case in CASES if case.method == "get" and not case.takes and 200 in case.expected]


@pytest.mark.parametrize("case", PAGES, ids=_title)
def test_it_answers_whatever_an_address_asks_for(client: Client, admin: Staff, case: Case) -> None:
    client.force_login(admin if case.expected[3] == 200 else _marketer(admin))
    for nonsense in ("\0", "9" * 30, "-1", "1e400", "'", "-asked_by__password"):
        for name in (
            "q",
            "kind",
            "status",
            "sort",
            "page",
            "segment",
            "cluster",
            "store",
            "r",
            "campaign",
            *AUDIT,
            "role",
            "region",
            "state",
            "find",
            "stores",
        ):
            answer = client.get(reverse(case.name), {name: nonsense})
            assert answer.status_code == 200
            assert answer.getvalue() is not None


def _marketer(admin: Staff) -> Staff:
    admin.role = Role.MARKETER
    admin.save()
    return admin


@pytest.mark.parametrize("case", PAGES, ids=_title)
def test_it_leaves_nothing_behind_in_a_browser(client: Client, admin: Staff, case: Case) -> None:
    client.force_login(admin)
    assert "no-store" in client.get(reverse(case.name))["Cache-Control"]


def test_it_keeps_the_chosen_language_in_a_cookie(client: Client, db: None) -> None:
    client.post(reverse("set_language"), {"language": "zh-hans"})
    assert '<html lang="zh-hans">' in client.get(reverse("login")).content.decode()


def test_it_lists_accounts_in_the_demo_only(client: Client, db: None, settings: Any) -> None:
    assert "huiyan-admin" not in client.get(reverse("login")).content.decode()
    settings.DEMO_LOGINS = True
    assert "huiyan-admin" in client.get(reverse("login")).content.decode()


@pytest.mark.parametrize("role", Role.values)
def test_it_offers_only_pages_the_role_may_open(client: Client, staff: dict[str, Staff], role: str) -> None:
    client.force_login(staff[role])
    offered = client.get("/").context["nav"]
    assert [entry.key for entry in offered] == list(ENTRIES[role])
    assert {client.get(entry.url).status_code for entry in offered} == {200}


@pytest.mark.parametrize("key", LABELS)
def test_it_marks_the_page_one_is_on(client: Client, admin: Staff, key: str) -> None:
    client.force_login(admin)
    assert client.get(reverse(key)).context["nav_key"] == key


def test_it_asks_the_database_nothing_for_a_page_before_log_in(
    client: Client, django_assert_num_queries: Any, db: None
) -> None:
    with django_assert_num_queries(0):
        client.get(reverse("login"))
