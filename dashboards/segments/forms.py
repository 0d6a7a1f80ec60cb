import re
from datetime import date

from django import forms
from django.core.validators import MinValueValidator
from django.utils.translation import gettext_lazy as _

from organization.models import Staff, Store
from segmentation.labels import CLASS_LABELS, SEGMENT_LABELS
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
