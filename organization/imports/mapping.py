"""Somebody said which column of a file is which of ours: kept as JSON, applied as a shape.

Pure. A column of the file is named by its title, or by its place where it has none that can be kept.
What a rule cannot work out is left as it was sent, for the column's cleaner to refuse.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from typing import Any
from unicodedata import normalize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports.columns import NUMBER, Column, plain_title
from organization.imports.masking import PERSONAL
from organization.imports.reading import Unmapped
from organization.numbers import without_numbers

COLUMN, CONSTANT, JOINED, BEFORE, AFTER, TIMES, MEANS = (
    "column", "constant", "joined", "before", "after", "times", "means",
)  # fmt: skip
WAYS = (COLUMN, CONSTANT, JOINED, BEFORE, AFTER, TIMES, MEANS)
LONGEST_TEXT, MOST_TIMES = 100, 1_000
Ref = str | int  # a title, or a place from 1


class BadMapping(ValueError):
    """Sentences that say what is wrong, for the page that asks."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("; ".join(faults.values()))
        self.faults = faults  # by the name of our column


@dataclass(frozen=True)
class Rule:
    """How one of our columns is made."""

    how: str = COLUMN
    refs: tuple[Ref, ...] = ()
    text: str = ""  # the constant, what joins two columns, or the mark
    times: str = ""
    means: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # ours → what the file writes

    def as_json(self) -> dict[str, Any]:
        said = {"text": self.text, "times": self.times, "refs": list(self.refs)}
        means = {"means": {ours: list(theirs) for ours, theirs in self.means.items()}} if self.means else {}
        return {"how": self.how, **{name: value for name, value in said.items() if value}, **means}


@dataclass(frozen=True)
class ColumnMapping:
    """Rules by the names of our columns; a `Shape` that keeps every row."""

    rules: Mapping[str, Rule]
    headerless: bool = False
    keeps_rows = True
    # Where the columns stand: found once by `titles`, for every batch of the file has the same.
    _places: dict[Ref, int] = field(default_factory=dict, compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        rules = {name: rule.as_json() for name, rule in self.rules.items()}
        return {"headerless": self.headerless, "columns": rules}

    def titles(self, header: list[str]) -> list[str]:
        found = {ref: place_of(ref, header) for ref in self._refs()}
        missing = [titled(ref) for ref, place in found.items() if place is None]
        if missing:
            raise Unmapped(
                _("The file lacks columns that its profile needs: %(missing)s.")
                % {"missing": _(", ").join(missing)}
            )
        self._places.update({ref: place for ref, place in found.items() if place is not None})
        return list(self.rules)

    def columns(
        self, rows: NDArray[np.int64], columns: list[pa.Array]
    ) -> tuple[NDArray[np.int64], list[pa.Array]]:
        return rows, [self._made(rule, columns) for rule in self.rules.values()]

    def origin(self, name: str) -> str:
        """What of the file this column of ours is made of, in words."""
        rule = self.rules[name]
        titles = [titled(ref) for ref in rule.refs]
        if rule.how == CONSTANT:
            return _("“%(text)s” in every row") % {"text": rule.text}
        said = {"column": titles[0], "mark": rule.text, "n": rule.times}
        words = {
            COLUMN: titles[0],
            JOINED: " + ".join(titles),
            BEFORE: _("%(column)s, before “%(mark)s”") % said,
            AFTER: _("%(column)s, after “%(mark)s”") % said,
            TIMES: _("%(column)s × %(n)s") % said,
            MEANS: _("%(column)s, its values translated") % said,
        }
        return words[rule.how]

    def unused(self, header: list[str]) -> list[str]:
        used = {place_of(ref, header) for ref in self._refs()}
        return [
            titled(at + 1 if self.headerless else title)[:60]
            for at, title in enumerate(header)
            if at not in used
        ]

    def _refs(self) -> list[Ref]:
        return list(dict.fromkeys(ref for rule in self.rules.values() for ref in rule.refs))

    def _made(self, rule: Rule, columns: list[pa.Array]) -> pa.Array:
        texts = [pc.utf8_trim_whitespace(columns[self._places[ref]]) for ref in rule.refs]
        if rule.how == CONSTANT:
            return pc.if_else(_blank(columns), "", rule.text)
        return _MADE[rule.how](rule, texts)


def titled(ref: Ref) -> str:
    """What a page calls a column of the file."""
    return _("Column %(n)s") % {"n": ref} if isinstance(ref, int) else ref


def refs_of(header: list[str], *, headerless: bool) -> list[Ref]:
    """How each column of a header is named: by place where its title is empty, not unique, or a number."""
    plain = [plain_title(title) for title in header]
    keeps = [
        not headerless and bool(name) and plain.count(name) == 1 and without_numbers(title) == title
        for name, title in zip(plain, header, strict=True)
    ]
    return [title if keep else at + 1 for at, (title, keep) in enumerate(zip(header, keeps, strict=True))]


def place_of(ref: Ref, header: list[str]) -> int | None:
    """Where a column stands in a header, or None."""
    if isinstance(ref, int):
        return ref - 1 if 1 <= ref <= len(header) else None
    wanted = plain_title(ref)
    return next((at for at, title in enumerate(header) if plain_title(title) == wanted), None)


def _blank(columns: list[pa.Array]) -> pa.Array:
    """Rows without anything in them: a constant must not make them look filled."""
    empty = (pc.equal(pc.utf8_trim_whitespace(column), "") for column in columns)
    return reduce(pc.and_, empty)


def _join(rule: Rule, texts: list[pa.Array]) -> pa.Array:
    one, two = texts
    both = pc.and_(pc.not_equal(one, ""), pc.not_equal(two, ""))
    return pc.binary_join_element_wise(one, two, pc.if_else(both, rule.text, ""))


def _pattern(mark: str) -> str:
    return "".join(f"\\x{{{ord(letter):x}}}" for letter in mark)


def _before(rule: Rule, texts: list[pa.Array]) -> pa.Array:
    cut = pc.replace_substring_regex(texts[0], f"(?s){_pattern(rule.text)}.*", "")
    return pc.utf8_trim_whitespace(cut)


def _after(rule: Rule, texts: list[pa.Array]) -> pa.Array:
    """Nothing where the mark does not stand."""
    has = pc.match_substring(texts[0], rule.text)
    cut = pc.replace_substring_regex(texts[0], f"(?s)^.*?{_pattern(rule.text)}", "")
    return pc.if_else(has, pc.utf8_trim_whitespace(cut), "")


def _distinct(texts: pa.Array, make: Callable[[str], str]) -> pa.Array:
    encoded = texts.dictionary_encode()
    made = pa.array([make(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return made.take(encoded.indices)


def _times(rule: Rule, texts: list[pa.Array]) -> pa.Array:
    factor = Decimal(rule.times)

    def multiplied(text: str) -> str:
        bare = normalize("NFKC", text).replace(" ", "").replace("−", "-")
        if not text or not NUMBER.fullmatch(bare):
            return f"“{text}”" if text else ""
        return f"{Decimal(bare) * factor:f}"

    return _distinct(texts[0], multiplied)


def _means(rule: Rule, texts: list[pa.Array]) -> pa.Array:
    ours = {theirs.casefold(): name for name, values in rule.means.items() for theirs in values}
    return _distinct(texts[0], lambda text: ours.get(text.casefold(), text))


_MADE: dict[str, Callable[[Rule, list[pa.Array]], pa.Array]] = {
    COLUMN: lambda rule, texts: texts[0],
    JOINED: _join,
    BEFORE: _before,
    AFTER: _after,
    TIMES: _times,
    MEANS: _means,
}


def parse_mapping(
    said: Mapping[str, Any], columns: tuple[Column, ...], *, partly: bool = False
) -> ColumnMapping:
    """A mapping from JSON, or `BadMapping` with a sentence for every column that has a fault.

    `partly` leaves such columns out, for somebody who has not finished yet.
    """
    declared = {column.name: column for column in columns}
    rules = {name: _rule(rule) for name, rule in said.get("columns", {}).items() if name in declared and rule}
    faults = {name: fault for name, rule in rules.items() if (fault := _fault(rule, declared[name]))}
    for column in columns:
        if column.required and column.name not in rules:
            faults[column.name] = _("Say where this comes from; no row can do without it.")
    if not rules and not faults:
        faults[""] = _("No column is chosen yet.")
    if partly:
        rules = {name: rule for name, rule in rules.items() if name not in faults}
    elif faults:
        raise BadMapping(faults)
    order = [name for name in declared if name in rules]
    return ColumnMapping({name: rules[name] for name in order}, bool(said.get("headerless")))


def _rule(said: Mapping[str, Any]) -> Rule:
    means = {str(ours): tuple(map(str, theirs)) for ours, theirs in said.get("means", {}).items()}
    refs = tuple(ref if isinstance(ref, int) else str(ref) for ref in said.get("refs", []))
    return Rule(str(said.get("how", COLUMN)), refs, str(said.get("text", "")), str(said.get("times", "")),
                {ours: theirs for ours, theirs in means.items() if theirs})  # fmt: skip


def _fault(rule: Rule, column: Column) -> str:
    needed = {CONSTANT: 0, JOINED: 2}.get(rule.how, 1)
    if rule.how not in WAYS:
        return _("This way of making a column is not known.")
    if len(rule.refs) != needed:
        return _("Choose the second column.") if rule.how == JOINED else _("Choose a column.")
    if len(rule.text) > LONGEST_TEXT:
        return _("This is longer than %(limit)s characters.") % {"limit": LONGEST_TEXT}
    checks = {CONSTANT: _fault_of_constant, TIMES: _fault_of_times, MEANS: _fault_of_means}
    if rule.how in (BEFORE, AFTER) and not rule.text:
        return _("Say before or after which mark.")
    return checks[rule.how](rule, column) if rule.how in checks else ""


def _fault_of_constant(rule: Rule, column: Column) -> str:
    if column.name in PERSONAL:
        return _("Not every row can be of the same person.")
    return "" if rule.text.strip() else _("Say which value every row has.")


def _fault_of_times(rule: Rule, column: Column) -> str:
    factor = Decimal(rule.times) if NUMBER.fullmatch(rule.times) else Decimal(0)
    if column.holds != "number":
        return _("Only numbers can be multiplied.")
    return "" if 0 < factor <= MOST_TIMES else _("Say by which number, from above 0 to 1,000.")


def _fault_of_means(rule: Rule, column: Column) -> str:
    theirs = [value.casefold() for values in rule.means.values() for value in values]
    if not column.choices:
        return _("The values of this column cannot be translated.")
    if not theirs:
        return _("Say which values of the file mean what.")
    if len(set(theirs)) < len(theirs):
        return _("A value of the file cannot mean two things.")
    return ""
