"""Forms of the member page; each act on personal data says why."""

from django import forms
from django.utils.translation import gettext_lazy as _

from members.selectors import PersonalField
from members.tags import LONGEST

REASON_HELP = _("It is kept in the audit trail. Do not name the person.")


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=REASON_HELP)


class RevealForm(ReasonForm):
    field = forms.ChoiceField(label=_("Which value"))
    field_order = ("field", "reason")

    def __init__(self, *args: object, fields: list[PersonalField], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [(field.code, f"{field.label} {field.masked}") for field in fields]
        self.fields["field"].choices = choices  # type: ignore[attr-defined]


class TagForm(forms.Form):
    text = forms.CharField(label=_("A new tag"), max_length=LONGEST)
