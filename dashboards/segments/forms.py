import re
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from organization.models import Staff, Store
from segmentation.history import night_of
from segmentation.labels import CLASS_LABELS, NOWHERE_LABEL, SEGMENT_LABELS
from segmentation.selectors import LABEL_DIGITS

ANY = ("", _("All"))


class MemberFilterForm(forms.Form):
    """What narrows the list of members; an unreadable value narrows it to nobody, never widens it."""

    q = forms.CharField(required=False)
    segment = forms.ChoiceField(
        label=_("Segment"), required=False, choices=lambda: [ANY, *SEGMENT_LABELS.items()]
    )
    value_class = forms.ChoiceField(
        label=_("Value class"), required=False, choices=lambda: [ANY, *CLASS_LABELS.items()]
    )
    cluster = forms.TypedChoiceField(label=_("Cluster"), required=False, coerce=int, empty_value=None)
    store = forms.ModelChoiceField(
        Store.objects.none(), label=_("Store"), required=False, empty_label=_("All")
    )
    r = forms.IntegerField(required=False, min_value=1, max_value=5, widget=forms.HiddenInput)
    f = forms.IntegerField(required=False, min_value=1, max_value=5, widget=forms.HiddenInput)

    def __init__(self, *args: object, staff: Staff, clusters: dict[int, str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["cluster"].choices = [ANY, *clusters.items()]  # type: ignore[attr-defined]
        self.fields["store"].queryset = Store.objects.visible_to(staff)  # type: ignore[attr-defined]

    def clean_q(self) -> int | None:
        """The digits of a label, as in "M··· 4471"."""
        asked: str = self.cleaned_data["q"].strip()
        if not asked:
            return None
        digits = re.sub(r"\D", "", asked)
        if not digits or int(digits) >= LABEL_DIGITS:
            raise forms.ValidationError(_("Members are found by the four digits of their label."))
        return int(digits)


def _day(label: StrOrPromise) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class PeriodForm(forms.Form):
    """Two days with a night at or before each; cleaned are the days of these nights."""

    since = _day(_("From"))
    until = _day(_("To"))

    def clean_since(self) -> date:
        return _night(self.cleaned_data["since"])

    def clean_until(self) -> date:
        return _night(self.cleaned_data["until"])

    def clean(self) -> None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since >= until:
            said = _("The two days lead to the same night; choose an earlier first day or a later last day.")
            self.add_error("until" if since == until else "since", _ORDER if since > until else said)


_ORDER = _("The first day must be before the last.")


def _night(day: date) -> date:
    night = night_of(day)
    if night is None:
        raise forms.ValidationError(_("No night was made by that day; choose a later one."))
    return night


class MoverFilterForm(PeriodForm):
    """What narrows the list of members who moved; an unreadable value narrows it to nobody."""

    NOWHERE = "none"
    field_order = ("was", "now", "store")

    was = forms.ChoiceField(label=_("Before"), required=False)
    now = forms.ChoiceField(label=_("After"), required=False)
    store = forms.ModelChoiceField(
        Store.objects.none(), label=_("Store"), required=False, empty_label=_("All")
    )

    def __init__(self, *args: object, staff: Staff, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["store"].queryset = Store.objects.visible_to(staff)  # type: ignore[attr-defined]
        for end in ("was", "now"):
            segments = [ANY, *SEGMENT_LABELS.items(), (self.NOWHERE, NOWHERE_LABEL)]
            self.fields[end].choices = segments  # type: ignore[attr-defined]
        # The days are chosen on the page of moves, and named above the list.
        for end in ("since", "until"):
            self.fields[end].widget = forms.HiddenInput()

    def asked(self) -> dict[str, Any]:
        """As the selector of movers takes it."""
        wanted = dict(self.cleaned_data)
        for end in ("was", "now"):
            code = wanted[end]
            wanted[end] = None if not code else "" if code == self.NOWHERE else code
        return wanted


class NightForm(forms.Form):
    as_of = forms.DateField(
        label=_("Business day"),
        help_text=_("All sales up to the end of this day are looked at."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MinValueValidator(date(1990, 1, 1))],  # No sale is taken in from before.
    )
    full = forms.BooleanField(
        label=_("Look at every member again"),
        help_text=_("Usually only those whose sales changed are looked at; the result is the same."),
        required=False,
    )


class ClusterNameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=60, required=False)
