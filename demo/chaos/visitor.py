"""Somebody who goes from page to page all the while, and notes what each answered."""

import http.client
import itertools
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookiejar import CookieJar

from demo.accounts import ACCOUNTS
from organization.models import Role

PAGES = ("", "segments/", "segments/members/", "campaigns/", "messages/")
PAUSE_SECONDS, LOG_IN_PAUSE_SECONDS = 0.15, 1.0
ANSWERS_WITHIN_SECONDS = 30
# A page that was asked for just after all answered again may still have met the end of the outage.
GRACE_SECONDS = 1.0


@dataclass(frozen=True)
class Answer:
    """`status` 0: there was nobody to answer."""

    page: str
    status: int
    asked_at: float
    answered_at: float

    def overlaps(self, outages: Iterable[tuple[float, float]]) -> bool:
        return any(self.asked_at < end + GRACE_SECONDS and self.answered_at > begin for begin, end in outages)


class Visitor:
    """The marketer of the chain, from the moment there is one; earlier tries would use up the limit."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.has_account = threading.Event()
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._visit, daemon=True)
        self.answers: list[Answer] = []

    def __enter__(self) -> "Visitor":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self.has_account.set()
        self._thread.join()

    def wrong(self, outages: list[tuple[float, float]]) -> list[Answer]:
        """What was no page though everything a page needs was there."""
        return [answer for answer in self.answers if answer.status != 200 and not answer.overlaps(outages)]

    def _visit(self) -> None:
        self.has_account.wait()
        while not self._over.is_set() and not self._log_in():
            self._over.wait(LOG_IN_PAUSE_SECONDS)
        for page in itertools.cycle(PAGES):
            if self._over.is_set():
                return
            self.answers.append(self._ask(page))
            self._over.wait(PAUSE_SECONDS)

    def _ask(self, page: str) -> Answer:
        asked_at = time.time()
        status, path = self._open(page)
        if path.startswith(("/login", "/setup")):
            status = 401  # It was logged in, and is no longer.
        return Answer(page, status, asked_at, time.time())

    def _log_in(self) -> bool:
        account = next(account for account in ACCOUNTS if account.role == Role.MARKETER)
        self._open("login/")
        tokens = [cookie.value for cookie in self._cookies if cookie.name == "csrftoken"]
        if not tokens:
            return False
        said = {"username": account.username, "password": account.password, "csrfmiddlewaretoken": tokens[0]}
        status, path = self._open("login/", urllib.parse.urlencode(said).encode())
        return status == 200 and path == "/"

    def _open(self, page: str, data: bytes | None = None) -> tuple[int, str]:
        """Status, and the path it ended at."""
        try:
            with self._opener.open(self._address + page, data, timeout=ANSWERS_WITHIN_SECONDS) as answer:
                answer.read()
                return answer.status, urllib.parse.urlsplit(answer.url).path
        except urllib.error.HTTPError as refusal:
            return refusal.code, ""
        except (OSError, http.client.HTTPException):
            return 0, ""
