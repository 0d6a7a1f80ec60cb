"""A browser and people who log in with it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from pytest_django.live_server_helper import LiveServer

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium(playwright: Playwright) -> str | None:
    """Debian's Chromium, or the one Playwright brings."""
    own = playwright.chromium.executable_path
    return shutil.which("chromium") or (own if Path(own).exists() else None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop in this thread.
    with sync_playwright() as playwright:
        path = chromium(playwright)
        if path is None:
            pytest.skip("No Chromium: install Debian's package chromium, or Playwright's own.")
        yield playwright.chromium.launch(executable_path=path, args=FLAGS)
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


LogIn = Callable[[str], Page]


@pytest.fixture
def log_in(browser: Browser, live_server: LiveServer) -> Iterator[LogIn]:
    """Log somebody in, in a context of their own; any error the page reports fails the test."""
    errors: list[str] = []

    def enter(username: str, password: str = "pw") -> Page:
        page = browser.new_context(base_url=live_server.url, locale="en").new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.goto("/login/")
        page.fill("#id_username", username)
        page.fill("#id_password", password)
        page.press("#id_password", "Enter")
        page.get_by_role("button", name="Log out").wait_for()
        return page

    yield enter
    for context in browser.contexts:
        context.close()
    assert errors == []
