"""How members are scored and what their groups are called, as an admin types it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django_stubs_ext import StrOrPromise

from organization.company import currency_sign
from segmentation.analytics.rfm import BANDS
from segmentation.labels import CLASS_LABELS, SCORE_LABELS, SEGMENT_LABELS, Labels
from segmentation.models import GroupName, RfmSettings
from segmentation.services import ScoringFields

CENTS = 100
SCORES = range(1, BANDS + 1)
POINTS = range(1, BANDS)


@dataclass(frozen=True)
class PointRow:
    """The break points of one score: its name, what is typed, and the score each one leads to."""

    label: StrOrPromise
    help: str
    fields: Sequence[tuple[int, BoundField]]
    errors: Sequence[str]


@dataclass(frozen=True)
class GridRow:
    r: int
    cells: Sequence[tuple[int, BoundField]]


class ScoringForm(forms.Form):
    """A version of the settings; `version` is the one it was made from."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    window_days = forms.IntegerField(
        label=_("Days looked at"),
        min_value=RfmSettings.SHORTEST,
        max_value=RfmSettings.LONGEST,
        help_text=_("Members with a receipt in this time are scored, by their receipts of this time."),
    )
    mode = forms.ChoiceField(
        label=_("How a score is given"), choices=RfmSettings.Mode, widget=forms.RadioSelect
    )
    peers = forms.ChoiceField(
        label=_("Compared with members of the same"),
        choices=RfmSettings.Peers,
        help_text=_("In a group of fewer than five members nobody can get every score."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for point in POINTS:
            for score in "rfm":
                self.fields[f"{score}{point}"] = _point_field(score)
        choices = [("", "–"), *SEGMENT_LABELS.items()]
        for r in SCORES:
            for f in SCORES:
                # Asked for in `clean`, so that one sentence names every cell.
                field = forms.ChoiceField(label=f"R{r} F{f}", choices=choices, required=False)
                self.fields[_cell(r, f)] = field

    @classmethod
    def of(cls, settings: RfmSettings, *, version: int | None) -> "ScoringForm":
        """Filled in with a version; `version`: the one in force."""
        initial: dict[str, Any] = {"version": version}
        initial |= {name: getattr(settings, name) for name in ("window_days", "mode", "peers")}
        for score, points in settings.breaks.items():
            typed = [Decimal(point) / CENTS if score == "m" else point for point in points]
            initial |= {f"{score}{number}": point for number, point in enumerate(typed, 1)}
        for r, row in enumerate(settings.grid, 1):
            initial |= {_cell(r, f): segment for f, segment in enumerate(row, 1)}
        return cls(initial=initial)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("mode") == RfmSettings.Mode.FIXED:
            for score in "rfm":
                self._check_points(score)
        else:  # They are not asked for, so a slip in them is nobody's fault.
            for score in "rfm":
                for point in POINTS:
                    self.errors.pop(f"{score}{point}", None)
        self._check_cells()
        return cleaned

    def _check_points(self, score: str) -> None:
        names = [f"{score}{point}" for point in POINTS]
        if any(name in self.errors for name in names):
            return
        values = [self.cleaned_data[name] for name in names if self.cleaned_data[name] is not None]
        if len(values) < len(names):
            self.add_error(names[0], _now("All four break points are needed."))
        elif any(low >= high for low, high in pairwise(values)):
            self.add_error(names[0], _now("Each break point must be greater than the one before."))

    def _check_cells(self) -> None:
        """Each of the 25 cells exactly once: no gap, no overlap."""
        gaps, overlaps = [], []
        for r in SCORES:
            for f in SCORES:
                claims = self.data.getlist(self.add_prefix(_cell(r, f)))  # type: ignore[attr-defined]
                if len(set(claims)) > 1:
                    overlaps.append(f"R{r} F{f}")
                elif not self.cleaned_data.get(_cell(r, f)) and _cell(r, f) not in self.errors:
                    gaps.append(f"R{r} F{f}")
        if gaps:
            cells = _now(", ").join(gaps)
            self.add_error(None, _now("No segment is chosen for %(cells)s.") % {"cells": cells})
        if overlaps:
            cells = _now(", ").join(overlaps)
            self.add_error(None, _now("More than one segment is chosen for %(cells)s.") % {"cells": cells})

    def values(self, before: RfmSettings) -> ScoringFields:
        """What is to be saved; break points that were not asked for stay as they were."""
        cleaned = self.cleaned_data
        is_fixed = cleaned["mode"] == RfmSettings.Mode.FIXED
        return ScoringFields(
            mode=cleaned["mode"],
            peers=cleaned["peers"],
            window_days=cleaned["window_days"],
            breaks={score: self._points(score) for score in "rfm"} if is_fixed else before.breaks,
            grid=[[cleaned[_cell(r, f)] for f in SCORES] for r in SCORES],
        )

    def _points(self, score: str) -> list[int]:
        unit = CENTS if score == "m" else 1
        return [int(self.cleaned_data[f"{score}{point}"] * unit) for point in POINTS]

    def point_rows(self) -> Iterator[PointRow]:
        helps = {
            "r": _now("up to so many days ago; longer is 1"),
            "f": _now("from so many receipts on; fewer is 1"),
            "m": _now("from so much spent on, %(sign)s; less is 1") % {"sign": currency_sign()},
        }
        for score, text in helps.items():
            fields = [self[f"{score}{point}"] for point in POINTS]
            reached = range(BANDS, 1, -1) if score == "r" else range(2, BANDS + 1)
            errors = dict.fromkeys(str(error) for field in fields for error in field.errors)
            yield PointRow(
                SCORE_LABELS[score],
                text,
                list(zip(reached, fields, strict=True)),
                list(errors),
            )

    def grid_rows(self) -> Iterator[GridRow]:
        """The best recency first, as the chart has it."""
        for r in reversed(SCORES):
            yield GridRow(r, [(f, self[_cell(r, f)]) for f in SCORES])


def _point_field(score: str) -> forms.Field:
    label = SCORE_LABELS[score]
    if score == "m":
        return forms.DecimalField(
            label=label, required=False, min_value=Decimal("0.01"), max_digits=10, decimal_places=2
        )
    # A receipt of today is 0 days ago.
    lowest, highest = (0, RfmSettings.LONGEST) if score == "r" else (1, 100_000)
    return forms.IntegerField(label=label, required=False, min_value=lowest, max_value=highest)


def _cell(r: int, f: int) -> str:
    return f"cell_{r}_{f}"


@dataclass(frozen=True)
class NameRow:
    """One segment or class with its two fields."""

    code: str
    label: str
    fields: tuple[BoundField, BoundField]


class GroupNamesForm(forms.Form):
    """Every segment and value class in Chinese and English; an empty name is the default."""

    LANGUAGES: Mapping[str, str] = {"zh": "zh-hans", "en": "en"}

    def __init__(self, *args: Any, names: Mapping[str, GroupName], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for labels in (SEGMENT_LABELS, CLASS_LABELS):
            for code in labels:
                for key, language in self.LANGUAGES.items():
                    with override(language):
                        default = str(labels.defaults[code])
                    self.fields[f"{key}_{code}"] = forms.CharField(
                        required=False,
                        max_length=40,
                        initial=getattr(names.get(code), key, ""),
                        widget=forms.TextInput(
                            attrs={"placeholder": default, "lang": key, "aria-label": f"{code}, {key}"}
                        ),
                    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for labels in (SEGMENT_LABELS, CLASS_LABELS):
            for key in self.LANGUAGES:
                self._check_same(labels, key)
        return cleaned

    def _check_same(self, labels: Labels, key: str) -> None:
        """Two groups of one name could not be told apart where one is chosen."""
        seen: dict[str, str] = {}
        for code in labels:
            field = f"{key}_{code}"
            name = self.cleaned_data.get(field) or self.fields[field].widget.attrs["placeholder"]
            if name.casefold() in seen:
                # Said where something was typed.
                at = field if self.cleaned_data.get(field) else seen[name.casefold()]
                self.add_error(at, _now("Another is called “%(name)s” already.") % {"name": name})
            seen.setdefault(name.casefold(), field)

    def values(self) -> dict[str, tuple[str, str]]:
        return {
            code: (self.cleaned_data[f"zh_{code}"], self.cleaned_data[f"en_{code}"])
            for code in (*SEGMENT_LABELS, *CLASS_LABELS)
        }

    def segment_rows(self) -> list[NameRow]:
        return [self._row(code, label) for code, label in SEGMENT_LABELS.items()]

    def class_rows(self) -> list[NameRow]:
        return [self._row(code, signs(code)) for code in CLASS_LABELS]

    def _row(self, code: str, label: str) -> NameRow:
        return NameRow(code, label, (self[f"zh_{code}"], self[f"en_{code}"]))


def signs(code: str) -> str:
    """Of a class such as 101: what is at or above the mean and what is below."""
    return " ".join(
        f"{score}{'↑' if digit == '1' else '↓'}" for score, digit in zip("RFM", code, strict=True)
    )
