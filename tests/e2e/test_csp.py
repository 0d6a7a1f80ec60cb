"""Every page keeps to the content security policy and can be read by everybody (WCAG A and AA).

The pages are those of tests/test_access.py and of Django's admin: who adds an address has it walked.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, ConsoleMessage, Page, Route
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from organization.models import Import, Job, Source, Staff, Store
from segmentation.models import NightlyRun, NightlyStage
from tests.config.test_support import addresses, expected
from tests.conftest import make_member
from tests.dashboards.test_homes import make_running
from tests.segmentation.builders import a_product, a_receipt, days_before, make_night
from tests.test_access import ARGUMENTS, CASES, OPEN, ROLES, Case, _address, staff, things  # noqa: F401

WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP ${event.effectiveDirective} ${event.blockedURI}`));
"""
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "resultTypes": ["violations"],
    "preload": False,  # It would write style elements of its own.
}
PHONE = {"width": 390, "height": 844}
Troubles = dict[str, list[str]]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Walker:
    """A browser window that writes down all its pages complain of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.troubles: Troubles = {}
        page.add_init_script(WATCH)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, line: ConsoleMessage) -> None:
        """A part of a page names no icon, so the browser asks for one we do not have."""
        if line.type == "error" and not line.location["url"].endswith("/favicon.ico"):
            self.said.append(line.text)

    def enter(self, person: Staff, base_url: str) -> None:
        """A session without the log-in page, which has a test of its own."""
        client = Client()
        client.force_login(person)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": base_url}
        self.page.context.add_cookies([cookie])  # type: ignore[list-item]

    def visit(self, address: str) -> None:
        self.page.goto(address)
        self.look(address)

    def look(self, name: str) -> None:
        """Read the page that is open: what it said, and what axe says of it."""
        if self.page.locator("[data-chart]").count():
            self.page.locator("[data-chart] svg.main-svg").first.wait_for()
        broken = Axe().run(self.page, options=RULES).response["violations"] if self._is_whole() else []
        found = self.said + [
            f"{rule['id']}: {node['html'][:120]}" for rule in broken for node in rule["nodes"][:3]
        ]
        if found:
            self.troubles[name] = found
        self.said.clear()

    def judge(self) -> None:
        lines = [f"{name} {line}" for name, said in self.troubles.items() for line in said]
        if lines:
            pytest.fail("\n".join(lines), pytrace=False)

    def _is_whole(self) -> bool:
        """A part of a page, opened by itself, has neither title nor language."""
        return bool(self.page.evaluate("document.doctype !== null"))


@pytest.fixture
def walker(browser: Browser, live_server: LiveServer) -> Iterator[Walker]:
    cache.clear()
    context = browser.new_context(base_url=live_server.url, locale="en")
    yield Walker(context.new_page())
    context.close()


def a_night(store: Store, record: Import) -> None:
    """A dozen members, each with receipts on two days, and the night that scores them."""
    Import.unscoped.filter(pk=record.pk).update(finished_at=timezone.now())
    product = a_product()
    for number in range(12):
        member = make_member(store)
        for day in (days_before(2 + number), days_before(20 + 3 * number)):
            total, lines = f"{10 + 7 * number}.50", [(product, 1 + number % 3)]
            a_receipt(store, day, member, total=total, lines=lines, imported_by=record)
    make_night()


def pages(role: str, person: Staff, things: dict[str, Any]) -> list[str]:  # noqa: F811
    """Addresses of whole pages and parts which this role is the first to be allowed to open."""
    client = Client()
    client.force_login(person)
    found = [_address(case, things) for case in CASES if case.method == "get" and first_role(case) == role]
    return [
        address for address in found if client.get(address).headers["Content-Type"].startswith("text/html")
    ]


def first_role(case: Case) -> str:
    """Admins see most; where they may not, the first that may."""
    allowed = [role for role, answer in zip(ROLES, case.expected, strict=True) if answer == 200]
    return "admin" if "admin" in allowed else (allowed or [""])[0]


def test_it_keeps_the_policy_on_every_page(
    walker: Walker,
    live_server: LiveServer,
    staff: dict[str, Staff],  # noqa: F811
    things: dict[str, Any],  # noqa: F811
    store: Store,
) -> None:
    Job.unscoped.filter(pk=things["night"]).update(status=Job.Status.DONE)
    a_night(store, Import.unscoped.get(pk=things["import"]))
    running = make_running(store, (30, 100), (20, 100))
    walked = 0
    for role in {first_role(case) for case in CASES} - {""}:
        walker.enter(staff[role], live_server.url)
        for address in pages(role, staff[role], things):
            walker.visit(address)
            walked += 1
    for role in ("manager", "marketer", "approver"):
        walker.enter(staff[role], live_server.url)
        for address in ("/", reverse("campaign", args=[running.pk])):
            walker.visit(address)
    assert walked > 20
    walker.judge()


def test_it_keeps_the_policy_in_the_support_site(
    walker: Walker,
    live_server: LiveServer,
    admin: Staff,
    things: dict[str, Any],  # noqa: F811
    store: Store,
) -> None:
    night = NightlyRun.objects.create(as_of="2026-03-19")
    stage = NightlyStage.objects.create(run=night, name="facts", status="done", started_at=night.started_at)
    source = Source.objects.get(name="POS")
    rows: dict[type[Model], int] = {type(row): row.pk for row in (store, store.region, night, stage, source)}
    rows |= {Job: things["job"], Import: things["import"]}
    walker.enter(admin, live_server.url)
    for name, address in addresses(rows).items():
        if expected(name) == 200 and name != "jsi18n":
            walker.visit(address)
    walker.judge()


def test_it_keeps_the_policy_at_the_door(
    walker: Walker, admin: Staff, settings: Settings, live_server: LiveServer
) -> None:
    """What is open to strangers, then log-in, the second factor, and all that is only there with one."""
    settings.MFA_REQUIRED = settings.DEMO_LOGINS = True
    for name, (method, status) in OPEN.items():
        if method == "get" and status == 200:
            walker.visit(reverse(name, kwargs=ARGUMENTS.get(name)))
    settings.DEMO_LOGINS = False
    type_and_go(walker, "login", username="admin", password="wrong")
    walker.look("wrong password")
    type_and_go(walker, "login", username="admin", password="pw")
    walker.page.wait_for_url("**/second-factor/on/")
    walker.look("set-up")
    secret = walker.page.locator(".set-up code").inner_text()
    submit(walker, code=code(secret))
    walker.page.wait_for_url("**/codes/")
    walker.look("recovery codes")
    for name in ("account", "mfa_index", "sessions", "mfa_deactivate_totp", "mfa_generate_recovery_codes"):
        walker.visit(reverse(name))
    walker.visit(reverse("mfa_reauthenticate"))
    walker.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    walker.visit("/account/sessions/")
    walker.page.context.clear_cookies()
    type_and_go(walker, "login", username="admin", password="pw")
    walker.page.wait_for_url("**/login/code/")
    walker.look("code")
    walker.judge()


def type_and_go(walker: Walker, page: str, **fields: str) -> None:
    walker.page.goto(reverse(page))
    submit(walker, **fields)


def submit(walker: Walker, **fields: str) -> None:
    for name, value in fields.items():
        walker.page.fill(f"#id_{name}", value)
    with walker.page.expect_navigation():
        walker.page.press(f"#id_{name}", "Enter")


def code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


PLANTED = {
    "script": ("<script>document.title = 'run'</script>", "CSP script-src-elem inline"),
    "style": ("<style>body { color: red }</style>", "CSP style-src-elem inline"),
    "handler": ("<img src='/favicon' alt='' onerror='document.title = 1'>", "CSP script-src-attr inline"),
    "elsewhere": ("<script src='https://evil.example/x.js'></script>", "CSP script-src-elem https://evil"),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_it_would_notice(walker: Walker, kind: str) -> None:
    planted, complaint = PLANTED[kind]
    walker.page.route("**/login/", plant(planted))
    walker.visit("/login/")
    assert any(complaint in line for line in walker.troubles["/login/"])
    assert walker.page.title() != "run"


def test_it_would_notice_what_cannot_be_read(walker: Walker) -> None:
    walker.page.route("**/login/", plant("<input name='nameless'>"))
    walker.visit("/login/")
    assert any(line.startswith("label:") for line in walker.troubles["/login/"])


def plant(text: str) -> Callable[[Route], None]:
    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=response.text().replace("</body>", f"{text}</body>"))

    return answer
