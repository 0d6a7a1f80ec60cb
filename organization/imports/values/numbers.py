"""Numbers: decimal comma, thousands separators, currency signs, minus in all its places."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from organization.imports.values.plain import Unclear, decide, is_wide, plain

# What a cleaner takes as it is; also an expression of Arrow's.
NATIVE = r"^[-+]?(\d+\.?\d*|\.\d+)$"
WHOLE = r"^[-+]?\d+$"
_CURRENCY = r"(?:[¥$€£元圆]|CNY|RMB|USD|EUR|GBP|HKD)?+"
# What has been taken is kept (`*+`, `?+`): spaces that any of six places could take would be tried in all.
_NUMBER = re.compile(
    rf"(?P<open>\()?+\s*+(?P<first>[-+])?+\s*+{_CURRENCY}\s*+(?P<second>[-+])?+\s*+(?P<body>[\d.,' ]*\d\.?+)"
    rf"\s*+{_CURRENCY}\s*+(?P<last>[-+])?+\s*+(?P<close>\))?+",
    re.ASCII,
)
# One mark, up to three digits before it and three behind it: thousands or decimals.
_EITHER = re.compile(r"[1-9]\d{0,2}([.,])(\d{3})", re.ASCII)


@dataclass(frozen=True)
class NumberForm:
    decimal: str = "."
    thousands: str = ""
    seen: tuple[str, ...] = ()  # currency, parentheses, trailing_minus, full_width

    @property
    def native(self) -> str:
        return NATIVE if self.decimal == "." and "." not in self.thousands else WHOLE

    def canonical(self, text: str) -> str | None:
        """The number with a point and a minus at most; None where the text is none of this form."""
        found = _split(text)
        body = found and _body(found[1], self.decimal, self.thousands)
        return f"{'-' if found[0] else ''}{body}" if found and body else None

    def described(self) -> dict[str, object]:
        return {"decimal": self.decimal, "thousands": self.thousands, "seen": list(self.seen)}


def recognise_numbers(texts: Iterable[str], *, digits: int, usual: str = "") -> NumberForm:
    """The form of a column's distinct texts, of which at most `digits` decimals can be stored.

    `usual` is the decimal mark of the file's other columns, for texts that can be read in two ways.
    """
    decimals: Counter[str] = Counter()
    thousands: Counter[str] = Counter()
    either: dict[str, list[str]] = {}
    seen: set[str] = set()
    for text in texts:
        if found := _split(text):
            seen |= _traits(text)
            _vote(found[1], decimals, thousands, either)
    decimal = _decimal(decimals, thousands, either, digits, usual)
    groups = {mark for mark in (*thousands, *either) if mark != decimal}
    return NumberForm(decimal, "".join(sorted(groups)), tuple(sorted(seen)))


def proven_mark(texts: Iterable[str]) -> str:
    """The decimal mark that the texts leave no doubt of, for the file's other columns."""
    decimals: Counter[str] = Counter()
    thousands: Counter[str] = Counter()
    for text in texts:
        if found := _split(text):
            _vote(found[1], decimals, thousands, {})
    return decide(_votes(decimals, thousands)) or ""


def _split(text: str) -> tuple[bool, str] | None:
    """Whether the number is below zero, and its digits and marks."""
    found = _NUMBER.fullmatch(plain(text))
    if not found or bool(found["open"]) != bool(found["close"]):
        return None
    signs = [sign for sign in (found["first"], found["second"], found["last"]) if sign]
    if len(signs) + bool(found["open"]) > 1:
        return None
    return bool(found["open"]) or signs == ["-"], found["body"].strip()


def _traits(text: str) -> set[str]:
    bare = plain(text)
    return {
        name
        for name, holds in (
            ("full_width", is_wide(text)),
            ("parentheses", bare.startswith("(")),
            ("trailing_minus", re.search(r"\d\W*-\)?$", bare) is not None),
            ("currency", re.search(r"[^\d.,' ()+-]", bare) is not None),
        )
        if holds
    }


def _vote(body: str, decimals: Counter[str], thousands: Counter[str], either: dict[str, list[str]]) -> None:
    marks = re.findall(r"[.,' ]", body)
    if not marks:
        return
    last, kinds = marks[-1], set(marks)
    if two_ways := _EITHER.fullmatch(body):
        either.setdefault(two_ways[1], []).append(body)
    elif len(kinds) == 2 and last in ".," and marks.count(last) == 1:
        decimals[last] += 1
        thousands[next(iter(kinds - {last}))] += 1
    elif len(kinds) == 1 and (len(marks) > 1 or last in "' "):
        thousands[last] += 1
    elif len(kinds) == 1:
        decimals[last] += 1


def _decimal(
    decimals: Counter[str],
    thousands: Counter[str],
    either: dict[str, list[str]],
    digits: int,
    usual: str,
) -> str:
    decided = decide(_votes(decimals, thousands))
    if decided is None:
        raise Unclear("mixed_decimals", "1,5 / 1.5")
    if decided or usual:
        return decided or usual
    if "," in either and not any(_needs(text) > digits for text in either[","]):
        raise Unclear("decimals", either[","][0])
    return "."


def _votes(decimals: Counter[str], thousands: Counter[str]) -> dict[str, int]:
    """A mark of thousands is not that of decimals."""
    votes = {".": decimals["."] + thousands[","], ",": decimals[","] + thousands["."]}
    return {mark: count for mark, count in votes.items() if count}


def _needs(text: str) -> int:
    """Decimals of a text, were its mark a decimal one."""
    return len(re.split("[.,]", text)[-1].rstrip("0"))


def _body(text: str, decimal: str, thousands: str) -> str:
    whole, _mark, fraction = text.rpartition(decimal) if decimal in text else (text, "", "")
    for group in thousands:
        if re.fullmatch(rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+", whole, re.ASCII):
            whole = whole.replace(group, "")
    if not re.fullmatch(r"\d*", whole + fraction, re.ASCII) or not whole + fraction:
        return ""
    return f"{whole or '0'}.{fraction}" if fraction else whole
