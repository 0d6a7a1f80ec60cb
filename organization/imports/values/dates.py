"""Days and moments: year first, day first, month first, Chinese, Excel's serial numbers, 12-hour clocks."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from organization.imports.values.plain import Unclear, decide, plain

_DAY = r"(\d{8}|\d{4}([-/.])\d{1,2}[-/.]\d{1,2}|\d{4}年\d{1,2}月\d{1,2}日)"
_CLOCK = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
# What the cleaners take as it is; also expressions of Arrow's.
NATIVE = {
    "day": rf"^{_DAY}$",
    "moment": rf"^(\d{{14}}|{_DAY}([T ]+({_CLOCK}|\d{{6}}))?)$",
    "time": rf"^({_CLOCK}|\d{{4}}|\d{{6}})$",
}
FIRST_SERIAL, LAST_SERIAL = 20_000, 80_000  # 1954 to 2119
SERIAL_ZERO = datetime(1899, 12, 30)
_KINDS = {
    "year_first": r"(?P<y>\d{4})(?P<mark>[-/.])(?P<m>\d{1,2})(?P=mark)(?P<d>\d{1,2})",
    "compact": r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
    "chinese": r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号]",
    "day_dot": r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})",
    "year_last": r"(?P<first>\d{1,2})(?P<mark>[-/])(?P<second>\d{1,2})(?P=mark)(?P<y>\d{4})",
    "serial": r"(?P<serial>\d{5})",
}
_PATTERNS = {kind: re.compile(pattern, re.ASCII) for kind, pattern in _KINDS.items()}
_MOMENT = re.compile(
    r"(?P<day>\d{4}年\d{1,2}月\d{1,2}[日号]|\d{8}(?=\d{4}(?:\d{2})?$)|[^\sT]+)(?:[T\s]*(?P<time>.*))",
    re.ASCII,
)
_TIME = re.compile(
    r"(?P<before>上午|早上|凌晨|中午|下午|晚上|AM|PM)?\s*"
    r"(?P<h>\d{1,2})(?:[:时点](?P<m>\d{2})(?:[:分](?P<s>\d{2})(?:\.\d+)?秒?|分)?|(?P<m2>\d{2})(?P<s2>\d{2})?)"
    r"\s*(?P<after>[AP]\.?M\.?)?",
    re.ASCII | re.IGNORECASE,
)
_SERIAL = re.compile(r"\d{5}(\.\d*)?", re.ASCII)
_FRACTION = re.compile(r"0?\.\d+|0", re.ASCII)
_MORNING = {"上午", "早上", "凌晨", "AM"}


@dataclass(frozen=True)
class DateForm:
    holds: str = "moment"  # day, moment, time
    order: str = ""  # of days such as 3/5/2026: dmy or mdy
    seen: tuple[str, ...] = ()

    @property
    def native(self) -> str:
        return NATIVE[self.holds]

    def canonical(self, text: str) -> str | None:
        """2026-03-05, 2026-03-05 14:22:33 or 14:22:33; None where the text is none of this form."""
        bare = plain(text)
        if self.holds == "time":
            return _clock(bare)
        found = _moment_of_serial(bare) or self._written(bare)
        if found is None:
            return None
        of_day, of_time = found
        if not of_time:
            return of_day
        if self.holds == "day":
            return of_day if of_time == "00:00:00" else None
        return f"{of_day} {of_time}"

    def _written(self, bare: str) -> tuple[str, str] | None:
        parts = _MOMENT.fullmatch(bare)
        if not parts:
            return None
        of_day = _day(parts["day"], self.order)
        of_time = _clock(parts["time"]) if parts["time"] else ""
        return (of_day, of_time) if of_day and of_time is not None else None

    def described(self) -> dict[str, object]:
        return {"order": self.order, "seen": list(self.seen)}


def recognise_dates(texts: Iterable[str], *, holds: str, usual: str = "") -> DateForm:
    """The form of a column's distinct texts; `usual` is the order of the file's other columns."""
    if holds == "time":
        return DateForm(holds)
    seen, votes, unclear = _survey(texts)
    order = decide(votes)
    if order is None:
        raise Unclear("mixed_order", unclear)
    if unclear and not order and not usual:
        raise Unclear("order", unclear)
    return DateForm(holds, order or (usual if unclear else ""), seen)


def proven_order(texts: Iterable[str]) -> str:
    """The order that the texts leave no doubt of, for the file's other columns."""
    # Where four digits come first, the year does.
    return decide(_survey(text for text in texts if not text[:4].isdigit())[1]) or ""


def _survey(texts: Iterable[str]) -> tuple[tuple[str, ...], dict[str, int], str]:
    """Kinds of dates, days that can only be in one order, and a text that can be in both."""
    seen: dict[str, None] = {}
    votes: Counter[str] = Counter()
    unclear = ""
    for text in texts:
        kind, parts = _kind(plain(text))
        if kind:
            seen[kind] = None
        if kind == "year_last":
            assert parts is not None
            first, second = int(parts["first"]), int(parts["second"])
            votes["dmy"] += second <= 12 < first <= 31
            votes["mdy"] += first <= 12 < second <= 31
            unclear = unclear or text
    return tuple(seen), {order: count for order, count in votes.items() if count}, unclear


def _kind(bare: str) -> tuple[str, re.Match[str] | None]:
    if _moment_of_serial(bare):
        return "serial", None
    parts = _MOMENT.fullmatch(bare)
    for kind, pattern in _PATTERNS.items():
        if parts and kind != "serial" and (found := pattern.fullmatch(parts["day"])):
            return kind, found
    return "", None


def _day(text: str, order: str) -> str | None:
    for kind, pattern in _PATTERNS.items():
        if kind != "serial" and (found := pattern.fullmatch(text)):
            if kind == "year_last" and not order:
                return None
            month, day = _month_and_day(found, order) if kind == "year_last" else (found["m"], found["d"])
            return _real(int(found["y"]), int(month), int(day))
    return None


def _month_and_day(found: re.Match[str], order: str) -> tuple[str, str]:
    return (found["second"], found["first"]) if order == "dmy" else (found["first"], found["second"])


def _real(year: int, month: int, day: int) -> str | None:
    try:
        return datetime(year, month, day).date().isoformat()
    except ValueError:
        return None


def _moment_of_serial(bare: str) -> tuple[str, str] | None:
    """A day as Excel counts it, with its time as a fraction of a day."""
    if not _SERIAL.fullmatch(bare):
        return None
    if not FIRST_SERIAL <= float(bare) < LAST_SERIAL:
        return None
    moment = SERIAL_ZERO + timedelta(seconds=round(float(bare) * 86_400))
    return moment.date().isoformat(), moment.time().isoformat() if "." in bare else ""


def _clock(text: str) -> str | None:
    text = text.strip()
    if _FRACTION.fullmatch(text):
        seconds = round(float(text) * 86_400)
        return str(timedelta(seconds=seconds)).zfill(8) if seconds < 86_400 else None
    found = _TIME.fullmatch(text)
    if not found:
        return None
    hour, half = int(found["h"]), _half(found)
    minute, second = int(found["m"] or found["m2"] or 0), int(found["s"] or found["s2"] or 0)
    if half and hour > 12:
        # 下午 14:05 is said twice; 上午 14:05 contradicts itself.
        return None if half in _MORNING else _time(hour, minute, second)
    if half == "晚上" and hour == 12:
        return None  # Of which day is not said.
    if half in _MORNING:
        hour %= 12
    elif half == "中午":
        hour = hour + 12 if hour < 3 else hour
    elif half:
        hour = hour % 12 + 12
    return _time(hour, minute, second)


def _half(found: re.Match[str]) -> str:
    return (found["before"] or found["after"] or "").upper().replace(".", "")


def _time(hour: int, minute: int, second: int) -> str | None:
    if hour > 23 or minute > 59 or second > 59:
        return None
    return f"{hour:02}:{minute:02}:{second:02}"
