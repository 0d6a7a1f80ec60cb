"""A night that reads only touched members publishes what a night from all receipts would, bit for bit."""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, cast

import pytest

from members.models import Member, ProfilingObjection
from members.services import profiling_end, profiling_resume
from organization.models import Import, ImportKind, Role, Store
from organization.services import staff_create
from sales.models import Receipt
from segmentation.analytics.rfm import SEGMENTS
from segmentation.models import NightlyRun, RfmSettings, TouchedMember
from segmentation.nightly import touched
from segmentation.selectors import scoring_now
from segmentation.services import ScoringFields, scoring_save
from tests.conftest import make_store
from tests.organization.importing import take_in
from tests.organization.undoing import refused, undo
from tests.sales.importing import CARTON, DRINK, PACK, line, make_products
from tests.segmentation.builders import (
    NIGHT,
    days_before,
    make_night,
    morning_after,
    published_rows,
    spoil_facts,
)

pytestmark = pytest.mark.django_db(transaction=True)
UNKNOWN = "6900000000035"
# Below which break points lie: days, receipts, hundredths of money.
TOPS = {"r": 200, "f": 20, "m": 60_000}
PHONES = [f"1390000{number:04}" for number in range(40)]


@pytest.fixture(autouse=True)
def _never_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touched, "MOST_TOUCHED", 1_000)


class Chain:
    """A chain in which things happen at random, by the services that do them in earnest."""

    def __init__(self, seed: int, store: Store, other_store: Store) -> None:
        self.random, self.stores = random.Random(seed), [store, other_store]
        self.admin = staff_create(username="scorer", password="pw", role=Role.ADMIN)
        self.sold: list[dict[str, Any]] = []
        self.number = 0

    def sell(self, until: date, *, back: int = 450) -> None:
        """Receipts of any day up to `until`, some of members never seen."""
        rows = []
        for _ in range(self.random.randint(5, 25)):
            self.number += 1
            day = until - timedelta(days=int(back * self.random.random() ** 3))
            rows += self._receipt(f"R{self.number}", day)
        self.sold += rows
        self._send(rows)

    def correct(self, until: date) -> None:
        """The same numbers again: other days, members, goods."""
        numbers = {row["clientorderid"] for row in self.random.sample(self.sold, min(4, len(self.sold)))}
        stores = {row["clientorderid"]: row["license_code"] for row in self.sold}
        rows = []
        for number in sorted(numbers):
            day = until - timedelta(days=self.random.randint(0, 420))
            rows += [row | {"license_code": stores[number]} for row in self._receipt(number, day)]
        self.sold = [row for row in self.sold if row["clientorderid"] not in numbers] + rows
        self._send(rows)

    def take_back(self, until: date) -> None:
        """Whole receipts come back, some of them those of long ago."""
        rows = []
        for row in self.random.sample(self.sold, min(3, len(self.sold))):
            self.number += 1
            came_back = {"trade_type": "1", "original_orderid": row["clientorderid"]}
            came_back["mobilephone"] = self.random.choice([row["mobilephone"], *PHONES[:2], ""])
            at = {"clientorderid": f"R{self.number}", "inputtime": f"{until:%Y%m%d}120000"}
            rows.append(row | came_back | at)
        self._send(rows)

    def learn_products(self, until: date) -> None:
        """The catalogue names a barcode, and calls another brand its own."""
        rows = [
            {"code": "T1", "name": "云岭", "pack_barcode": PACK, "is_tobacco": "1",
             "brand": self.random.choice("甲乙丙丁"), "price_class": self.random.randint(1, 5)},
            {"code": "T2", "name": "松鹤", "pack_barcode": UNKNOWN, "is_tobacco": "1",
             "brand": self.random.choice("甲乙丙丁"), "price_class": self.random.randint(1, 5)},
        ]  # fmt: skip
        take_in(ImportKind.PRODUCTS, rows)

    def object(self, until: date) -> None:
        known = list(Member.unscoped.filter(is_anonymous=False).order_by("pk"))
        for member in known:
            if ProfilingObjection.unscoped.filter(member=member).exists():
                profiling_resume(member=member, actor=None)
            elif self.random.random() < 0.1:
                profiling_end(member=member)

    def undo(self, until: date) -> None:
        """One of the last files goes, if nothing rests on it."""
        last = Import.unscoped.filter(undone_at=None).order_by("-pk")[:5]
        if possible := [record for record in last if not refused(record)]:
            undo(self.random.choice(possible))

    def open_a_store(self, until: date) -> None:
        code = f"{self.random.randint(3, 9_999):04}"
        if not Store.unscoped.filter(code=code).exists():
            self.stores.append(make_store(self.stores[0].region, code))

    def close_later(self, until: date) -> None:
        """A file of stores changes when a store's day ends; what it sold before keeps its day."""
        store = self.random.choice(self.stores)
        row = {"code": store.code, "licence_number": store.licence_number, "name": store.name,
               "region": store.region.name, "closing_hour": self.random.randint(0, 5)}  # fmt: skip
        take_in(ImportKind.STORES, [row])

    def know_members(self, until: date) -> None:
        """A file of members names some by phone and WeChat, and who never bought."""
        rows = [
            {"phone": phone, "wechat": f"wx_{phone}", "store": self.random.choice(self.stores).code,
             "enrolled_on": f"{until - timedelta(days=30)}"}
            for phone in self.random.sample([*PHONES, "13900009999"], 3)
        ]  # fmt: skip
        take_in(ImportKind.MEMBERS, rows)

    def score_otherwise(self, until: date) -> None:
        """An admin changes how members are scored."""
        fields: dict[str, Any] = {
            "mode": self.random.choice(RfmSettings.Mode.values),
            "peers": self.random.choice(RfmSettings.Peers.values),
            "window_days": self.random.choice([30, 90, 365, 365, 500]),
            "breaks": {name: sorted(self.random.sample(range(1, top), 4)) for name, top in TOPS.items()},
            "grid": [self.random.choices(SEGMENTS, k=5) for _ in range(5)],
        }
        now = scoring_now()
        kept = {name: getattr(now, name) for name in self.random.sample(sorted(fields), 3)}
        scoring_save(actor=self.admin, fields=cast(ScoringFields, fields | kept), based_on=now.pk)

    def _receipt(self, number: str, day: date) -> list[dict[str, Any]]:
        at = f"{day:%Y%m%d}{self.random.randint(0, 23):02}{self.random.randint(0, 59):02}00"
        common = {
            "license_code": self.random.choice(self.stores).licence_number,
            "inputtime": at,
            "mobilephone": self.random.choice(PHONES),
            "channel": self.random.choice(["1", "2"]),
        }
        return [
            line(number, **common, dtl_barcode=self.random.choice([PACK, CARTON, DRINK, UNKNOWN]),
                 dtl_quantity=str(self.random.randint(1, 3)), dtl_amount=f"{self.random.randint(10, 90)}.50",
                 discount=self.random.choice(["0", "1.00"]))
            for _ in range(self.random.randint(1, 3))
        ]  # fmt: skip

    def _send(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            take_in(ImportKind.SALES, rows)

    def happenings(self) -> Iterator[Callable[[date], None]]:
        kinds = {
            self.sell: 5, self.correct: 3, self.take_back: 4, self.learn_products: 1, self.object: 3,
            self.open_a_store: 1, self.close_later: 2, self.know_members: 2, self.undo: 4,
            self.score_otherwise: 3,
        }  # fmt: skip
        return iter(self.random.choices(list(kinds), list(kinds.values()), k=self.random.randint(1, 4)))


@pytest.mark.parametrize("seed", range(12))
def test_it_equals_a_full_rebuild_whatever_happened(seed: int, store: Store, other_store: Store) -> None:
    make_products()
    chain = Chain(seed, store, other_store)
    day = days_before(60)
    with morning_after(day):
        for _ in range(4):
            chain.sell(day)
    make_night(day)
    for _ in range(5):
        day += timedelta(days=chain.random.choice([0, 1, 1, 1, 3, 12]))
        with morning_after(day):
            for happen in chain.happenings():
                happen(day)
        last, settings = NightlyRun.objects.latest("as_of").window_days, scoring_now()
        make_night(day)
        run = NightlyRun.objects.get(as_of=day)
        assert (run.scoring.pk, run.window_days) == (settings.pk, settings.window_days)
        assert (run.touched is None) == (run.window_days != last)
        incremental = published_rows()
        spoil_facts("member_id % 2 = 0")
        make_night(day, full=True)
        assert NightlyRun.objects.get(as_of=day).touched is None
        assert published_rows() == incremental
    assert not TouchedMember.unscoped.exists()


def test_it_reads_only_members_whom_something_happened_to(crowd: list[Member], store: Store) -> None:
    make_night(days_before(1))
    make_products()
    with morning_after(NIGHT):
        rows = [
            line(
                "X1",
                license_code=store.licence_number,
                inputtime=f"{NIGHT:%Y%m%d}090000",
                mobilephone=PHONES[0],
            )
        ]
        take_in(ImportKind.SALES, rows)
    make_night()
    assert NightlyRun.objects.get(as_of=NIGHT).touched == 1
    assert Receipt.unscoped.exclude(member__in=crowd).count() == 1
