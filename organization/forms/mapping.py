"""The form of the page that maps columns: one row for each of ours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from organization.imports.columns import Column
from organization.imports.mapping import (
    AFTER,
    BEFORE,
    COLUMN,
    CONSTANT,
    JOINED,
    MEANS,
    TIMES,
    Ref,
    place_of,
)
from organization.imports.proposals import Proposal
from organization.models import ImportKind, Numbering, Resend, SourceProfile

NOTHING, SAME = "", "="
WAYS: dict[str, Promise] = {
    COLUMN: _("as it is"),
    JOINED: _("joined with another column"),
    BEFORE: _("only before a mark"),
    AFTER: _("only after a mark"),
    TIMES: _("times a number"),
    MEANS: _("its values translated"),
}


@dataclass
class ColumnRow:
    """What the page shows and asks of one of our columns."""

    column: Column
    chosen: str = NOTHING  # "", "=", or the place of a column of the file from 0
    how: str = COLUMN
    second: str = ""
    text: str = ""
    times: str = ""
    means: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    fault: str = ""

    @property
    def ways(self) -> list[tuple[str, Promise]]:
        """Those that make sense for this column."""
        without = {TIMES} if self.column.holds != "number" else set()
        without |= {MEANS} if not self.column.choices else set()
        return [(way, label) for way, label in WAYS.items() if way not in without]

    @property
    def meanings(self) -> list[tuple[str, str, str]]:
        return [(ours, str(label), self.means.get(ours, "")) for ours, label in self.column.choices]

    @property
    def is_shown_open(self) -> bool:
        """Whatever is filled in is seen, be it needed or not."""
        return bool(self.chosen or self.fault or self.column.required)


def rows_of(said: Mapping[str, Any], columns: tuple[Column, ...], header: list[str]) -> list[ColumnRow]:
    """Rows of the page for a mapping as it is kept."""
    return [_row(column, said.get("columns", {}).get(column.name), header) for column in columns]


def _row(column: Column, rule: Mapping[str, Any] | None, header: list[str]) -> ColumnRow:
    if not rule:
        return ColumnRow(column)
    places = [place_of(ref, header) for ref in rule.get("refs", [])]
    first, second = ["" if place is None else str(place) for place in [*places, None, None][:2]]
    is_constant = rule.get("how") == CONSTANT
    return ColumnRow(
        column,
        SAME if is_constant else first,
        COLUMN if is_constant else rule.get("how", COLUMN),
        second,
        rule.get("text", ""),
        rule.get("times", ""),
        {ours: "; ".join(theirs) for ours, theirs in rule.get("means", {}).items()},
    )


def rows_proposed(columns: tuple[Column, ...], proposals: Mapping[str, Proposal]) -> list[ColumnRow]:
    """Rows of the page for what was found by itself."""
    rows = []
    for column in columns:
        found = proposals.get(column.name)
        rows.append(ColumnRow(column, str(found.at), why=found.why) if found else ColumnRow(column))
    return rows


def said_in(data: Mapping[str, str], columns: tuple[Column, ...], refs: list[Ref]) -> dict[str, Any]:
    """A mapping as it is kept, from what was filled in."""
    rules = {column.name: _said(data, column, refs) for column in columns}
    return {
        "headerless": data.get("headerless") == "1",
        "columns": {name: rule for name, rule in rules.items() if rule},
    }


def _said(data: Mapping[str, str], column: Column, refs: list[Ref]) -> dict[str, Any]:
    def filled(part: str) -> str:
        return data.get(f"{column.name}-{part}", "").replace("\0", "")

    chosen, how = filled("from"), filled("how") or COLUMN
    if chosen == NOTHING:
        return {}
    if chosen == SAME:
        return {"how": CONSTANT, "text": filled("constant").strip()}
    wanted = [chosen, filled("second")] if how == JOINED else [chosen]
    rule: dict[str, Any] = {"how": how, "refs": [refs[int(at)] for at in wanted if _is_place(at, refs)]}
    if how in (BEFORE, AFTER):
        rule["text"] = filled("mark")
    elif how == JOINED:
        rule["text"] = " "
    elif how == TIMES:
        rule["times"] = filled("times").strip()
    elif how == MEANS:
        rule["means"] = {ours: _values(filled(f"means-{ours}")) for ours, _label in column.choices}
    return rule


def _is_place(text: str, refs: list[Ref]) -> bool:
    return text.isascii() and text.isdigit() and int(text) < len(refs)


def _values(text: str) -> list[str]:
    return [value for part in re.split(r"[;；,，、]", text) if (value := part.strip())]


class ProfileForm(forms.Form):
    """Name of a profile, and what its receipts are."""

    name = forms.CharField(
        label=_("Name of the profile"),
        max_length=60,
        help_text=_("The next file of this source with the same columns is read by it."),
    )
    resend = forms.ChoiceField(label=_("A receipt that comes again is"), choices=Resend)
    numbering = forms.ChoiceField(label=_("Receipt numbers begin again"), choices=Numbering)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind != ImportKind.SALES:
            del self.fields["resend"], self.fields["numbering"]

    @classmethod
    def of(cls, profile: SourceProfile) -> "ProfileForm":
        values = {name: getattr(profile, name) for name in ("name", "resend", "numbering")}
        return cls(initial=values, kind=profile.kind)

    def values(self) -> dict[str, str]:
        plain = {"resend": Resend.REPLACE.value, "numbering": Numbering.NEVER.value}
        return {**plain, **self.cleaned_data}
