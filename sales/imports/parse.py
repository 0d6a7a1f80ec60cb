"""Batches of text columns to one fixed-width record per line, ready to sort.

A record refers to stores, products and members by id; money is in cents, quantities are in
thousandths, moments are seconds since 1970 in UTC and business days are days since 1970.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports import columns as cells
from organization.imports.columns import BadCell
from organization.imports.reading import Batch
from organization.imports.tally import Tally
from organization.models import Store
from sales.imports.columns import CHANNELS, PAYERS, RETURN, TENDERS, TRADE_TYPES, VOID
from sales.imports.distinct import BAD, Distinct, Texts
from sales.imports.people import People
from sales.imports.products import Products

NUMBER_BYTES = 40
MOST_LINES = 9_999_999
LINE = np.dtype(
    [
        ("store", "i4"), ("number", f"S{NUMBER_BYTES}"), ("period", "i4"), ("line", "i4"), ("row", "i8"),
        ("bad", "?"), ("day", "i4"), ("moment", "i8"), ("minute", "i2"), ("till", "i4"), ("clerk", "i4"),
        ("channel", "i2"),
        ("tender", "i4"), ("returned", "?"), ("original", f"S{NUMBER_BYTES}"), ("total", "i8"),
        ("member", "i8"), ("who", "u8"), ("product", "i8"), ("sent", "u8"), ("quantity", "i8"),
        ("packs", "i4"),
        ("carton", "?"), ("by_unit", "?"), ("amount", "i8"), ("discount", "i8"), ("buy", "i8"),
        *((payer, "i8") for payer in PAYERS),
    ]
)  # fmt: skip
NOT_SENT = BAD + 1
DAY_ZERO = date(1970, 1, 1)
FIRST_DAY = (date(1990, 1, 1) - DAY_ZERO).days


@dataclass
class Stores:
    """What the parser needs of every store, as arrays indexed by store id."""

    ids: dict[str, int] = field(default_factory=dict)
    zones: list[str] = field(default_factory=list)
    zone: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    closing: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))

    @classmethod
    def load(cls) -> "Stores":
        rows = list(Store.unscoped.values_list("id", "code", "licence_number", "time_zone", "closing_hour"))
        size = max((row[0] for row in rows), default=0) + 1
        zones = sorted({row[3] for row in rows})
        stores = cls({}, zones, np.zeros(size, np.int64), np.zeros(size, np.int64))
        for pk, code, _licence, zone, closing in rows:
            stores.ids[code] = pk
            stores.zone[pk], stores.closing[pk] = zones.index(zone), closing
        stores.ids |= {row[2]: row[0] for row in rows}  # A licence number wins over a code.
        return stores

    def find(self, text: str) -> int:
        try:
            return self.ids[text]
        except KeyError:
            raise BadCell(_("No store has this licence number or code. Import the stores first.")) from None


def period(days: NDArray[np.int32], numbering: str) -> NDArray[np.int64]:
    """In which a receipt number comes once: a year, a day (as its number), or 0 for all time.

    It becomes the receipt's epoch; a small integer holds days until 2059.
    """
    if numbering == "yearly":
        return days.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970
    return days.astype(np.int64) if numbering == "daily" else np.zeros(len(days), np.int64)


class LineParser:
    """Keeps what distinct values became, from batch to batch of one file."""

    def __init__(
        self,
        *,
        stores: Stores,
        products: Products,
        people: People,
        tally: Tally,
        latest: datetime,
        numbering: str = "never",
    ) -> None:
        self.stores, self.products, self.people, self.tally = stores, products, people, tally
        self.texts = {"till": Texts(limit=20), "clerk": Texts(limit=20), "tender": Texts(limit=40)}
        self._latest, self._numbering = latest.timestamp(), numbering
        money = cells.scaled(2)
        self._cleaners = {
            "store": Distinct(stores.find),
            "line": Distinct(cells.whole(1, MOST_LINES), empty=0),
            "quantity": Distinct(cells.scaled(3)),
            "amount": Distinct(money),
            "discount": Distinct(money, empty=0),
            "buy_price": Distinct(money, empty=-1),
            **{payer: Distinct(money, empty=NOT_SENT) for payer in PAYERS},
            "total": Distinct(money, empty=NOT_SENT),
            "channel": Distinct(cells.choice(CHANNELS), empty=1),
            "trade_type": Distinct(cells.choice(TRADE_TYPES), empty=0),
            "till": Distinct(self.texts["till"].clean, empty=0),
            "clerk": Distinct(self.texts["clerk"].clean, empty=0),
            "tender": Distinct(lambda text: self.texts["tender"].clean(TENDERS.get(text, text)), empty=0),
            "business_day": Distinct(_day_number, empty=NOT_SENT),
            "date": Distinct(_day_number),
            "time": Distinct(cells.seconds, empty=0),
        }

    def prepare(self, batch: Batch) -> "Prepared":
        """What of the work a thread can do on the next batch: all that Arrow does without Python."""
        self.tally.read += len(batch.rows)
        batch = self._without_ignored(batch)
        for name in batch.layout.positions.keys() - {"number", "original", "moment", "time"}:
            batch.distinct(name)
        return Prepared(batch, *_dates_and_times(batch))

    def parse(self, prepared: "Prepared") -> NDArray[np.void]:
        """Records of the rows to be stored; rows to refuse go to the tally."""
        batch = prepared.batch
        records = np.zeros(len(batch.rows), LINE)
        records["row"] = batch.rows
        self._plain_columns(batch, records)
        self._numbers(batch, records)
        self._moments(prepared, records)
        records["period"] = period(records["day"], self._numbering)
        self.people.resolve(batch, records, self.tally)
        self.products.resolve(batch, records, self.tally)
        return records

    def _without_ignored(self, batch: Batch) -> Batch:
        """Drop blank rows, total rows, voids and training receipts, and count them."""
        empty, total = _blank(batch), _is_total(batch)
        void = np.zeros(len(batch.rows), bool)
        types = batch.distinct("trade_type")
        if types is not None:
            void = self._cleaners["trade_type"].integers(types) == VOID
        keep = ~(empty | total | void)
        self.tally.ignored += int((~keep).sum())
        if keep.all():
            return batch
        mask = pa.array(keep)
        return Batch(batch.rows[keep], [column.filter(mask) for column in batch.columns], batch.layout)

    def _plain_columns(self, batch: Batch, records: NDArray[np.void]) -> None:
        for name, target in (
            ("store", "store"), ("line", "line"), ("quantity", "quantity"), ("amount", "amount"),
            ("total", "total"), ("discount", "discount"), ("buy_price", "buy"), ("channel", "channel"),
            ("till", "till"), ("clerk", "clerk"), ("tender", "tender"), *zip(PAYERS, PAYERS, strict=True),
        ):  # fmt: skip
            records[target] = self._clean(batch, name, records)
        given = np.sum([np.where(records[payer] == NOT_SENT, 0, records[payer]) for payer in PAYERS], axis=0)
        records["discount"] = np.where(records["discount"] == 0, given, records["discount"])
        types = self._clean(batch, "trade_type", records)
        records["returned"] = types == RETURN
        for name in ("quantity", "amount", "total"):  # Some tills sign all of them, some none.
            positive = records["returned"] & (records[name] > 0)
            records[name][positive] *= -1
        self._refuse_paid_returns(batch, records)

    def _refuse_paid_returns(self, batch: Batch, records: NDArray[np.void]) -> None:
        wrong = (records["quantity"] < 0) & (records["amount"] > 0) & ~records["bad"]
        reason = _("The quantity says that goods come back, the amount that they were paid for.")
        for index in np.flatnonzero(wrong).tolist():
            self.tally.refuse(int(batch.rows[index]), "amount", batch.cell("amount", index), reason)
        records["bad"] |= wrong

    def _clean(self, batch: Batch, name: str, records: NDArray[np.void]) -> NDArray[np.int64]:
        cleaner, texts = self._cleaners[name], batch.distinct(name)
        if texts is None:
            return np.full(len(batch.rows), max(cleaner.integers(pa.array([""]))[0], NOT_SENT))
        values = cleaner.integers(texts)
        wrong = np.flatnonzero(values == BAD)
        self.refuse(batch, records, name, wrong, cleaner)
        values[wrong] = 0
        return values

    def refuse(
        self, batch: Batch, records: NDArray[np.void], name: str, wrong: NDArray[np.intp], cleaner: Distinct
    ) -> None:
        texts = batch.column(name)
        assert texts is not None, "a cell of it is wrong"
        for index in wrong.tolist():
            reason = cleaner.reason(texts[index].as_py()) or _("This cell is empty.")
            self.tally.refuse(int(batch.rows[index]), name, batch.cell(name, index), reason)
        records["bad"][wrong] = True

    def _numbers(self, batch: Batch, records: NDArray[np.void]) -> None:
        for name, target, needed in (("number", "number", True), ("original", "original", False)):
            texts = batch.column(name)
            if texts is None:
                continue
            size = pc.binary_length(texts).to_numpy(zero_copy_only=False)
            control = pc.match_substring_regex(texts, r"[\x00-\x1f]").to_numpy(zero_copy_only=False)
            wrong = (size > NUMBER_BYTES) | ((size == 0) & needed) | control
            if wrong.any():
                for index in np.flatnonzero(wrong).tolist():
                    reason = _("A receipt number has 1 to 40 bytes and stands on one line.")
                    self.tally.refuse(int(batch.rows[index]), name, texts[index].as_py(), reason)
                records["bad"] |= wrong
                texts = pc.if_else(pa.array(wrong), "", texts)
            records[target] = to_bytes(texts)

    def _moments(self, prepared: "Prepared", records: NDArray[np.void]) -> None:
        """Local date and time of the till to UTC, business day and minute of the day."""
        batch, days = prepared.batch, self._cleaners["date"].integers(prepared.dates)
        seconds = self._cleaners["time"].integers(prepared.times)
        wrong = ~prepared.apart | (days == BAD) | (seconds == BAD)
        unreadable = _("This is not a date and time such as 2026-03-05 08:05:09.")
        self._refuse_moments(batch, records, wrong, unreadable)
        # Years that no time zone knows must not reach it.
        far = self._refuse_days(batch, records, days)
        local = np.where(wrong | far, 0, days * 86_400 + seconds)
        records["moment"] = local - self._offsets(local, records["store"])
        records["minute"] = local % 86_400 // 60
        given = self._clean(batch, "business_day", records)
        derived = (local - self.stores.closing[records["store"]] * 3600) // 86_400
        records["day"] = np.where(given == NOT_SENT, derived, given)
        self._refuse_days(batch, records, records["day"])
        self._refuse_moments(batch, records, records["moment"] > self._latest, _("This lies in the future."))

    def _refuse_days(
        self, batch: Batch, records: NDArray[np.void], days: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        early, late = days < FIRST_DAY, days * 86_400.0 > self._latest + 86_400
        self._refuse_moments(batch, records, late, _("This lies in the future."))
        self._refuse_moments(batch, records, early, _("This lies before 1990."))
        return early | late

    def _refuse_moments(
        self, batch: Batch, records: NDArray[np.void], wrong: NDArray[np.bool_], reason: str
    ) -> None:
        for index in np.flatnonzero(wrong).tolist():
            self.tally.refuse(int(batch.rows[index]), "moment", batch.cell("moment", index), reason)
        records["bad"] |= wrong

    def _offsets(self, local: NDArray[np.int64], store: NDArray[np.int32]) -> NDArray[np.int64]:
        """Seconds east of UTC, per distinct zone and local hour."""
        keys, inverse = np.unique(self.stores.zone[store] * 10_000_000 + local // 3600, return_inverse=True)
        return np.array([self._offset(int(key)) for key in keys], dtype=np.int64)[inverse]

    def _offset(self, key: int) -> int:
        zone, hour = divmod(key, 10_000_000)
        local = datetime(1970, 1, 1) + timedelta(hours=hour)
        offset = local.replace(tzinfo=ZoneInfo(self.stores.zones[zone])).utcoffset()
        return int(offset.total_seconds()) if offset else 0


@dataclass
class Prepared:
    """A batch without the rows to ignore, its moments taken apart where they can be."""

    batch: Batch
    dates: pa.DictionaryArray
    times: pa.DictionaryArray
    apart: NDArray[np.bool_]


def _dates_and_times(batch: Batch) -> tuple[pa.DictionaryArray, pa.DictionaryArray, NDArray[np.bool_]]:
    dates, times = batch.column("moment"), batch.column("time")
    assert dates is not None, "moment is a required column"
    apart = np.ones(len(dates), bool)
    if times is None:
        parts = pc.extract_regex(dates, r"^(?P<d>\d{8}|[^T ]+)(?:[T ]+)?(?P<t>\d{6}|[\d:.]*)$")
        apart = pc.is_valid(parts).to_numpy(zero_copy_only=False)
        dates, times = (pc.struct_field(parts, part).fill_null("") for part in ("d", "t"))
    else:
        dates = pc.replace_substring_regex(dates, r"[T ]+0{1,2}:00(:00)?$", "")
    return dates.dictionary_encode(), times.dictionary_encode(), apart


def _day_number(text: str) -> int:
    return (cells.day(text) - DAY_ZERO).days


def to_bytes(texts: pa.Array) -> NDArray[np.bytes_]:
    """Arrow text to fixed-width bytes, for plain ASCII without a Python object per row."""
    if len(texts) and pc.all(pc.string_is_ascii(texts)).as_py():
        padded = pc.ascii_rpad(texts, NUMBER_BYTES, padding="\0")
        return np.frombuffer(
            padded.buffers()[2],
            dtype=f"S{NUMBER_BYTES}",
            count=len(padded),
            offset=padded.offset * NUMBER_BYTES,
        )
    return np.array([text.encode() for text in texts.to_pylist()], dtype=f"S{NUMBER_BYTES}")


def _blank(batch: Batch) -> NDArray[np.bool_]:
    empty = np.ones(len(batch.rows), bool)
    for column in batch.columns:
        if not empty.any():
            break
        empty &= pc.equal(pc.utf8_trim_whitespace(column), "").to_numpy(zero_copy_only=False)
    return empty


def _is_total(batch: Batch) -> NDArray[np.bool_]:
    total = np.zeros(len(batch.rows), bool)
    for name in ("store", "number", "moment"):
        texts = batch.column(name)
        if texts is not None:
            found = pc.is_in(pc.utf8_trim_whitespace(pc.utf8_lower(texts)), pa.array(cells.TOTALS))
            total |= found.to_numpy(zero_copy_only=False)
    return total
