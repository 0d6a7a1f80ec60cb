"""Forms of the member page; each act on personal data says why."""

from django import forms
from django.utils.translation import gettext_lazy as _

from members.models import IdentityKind, Member
from members.selectors import PersonalField
from members.tags import LONGEST

REASON_HELP = _("It is kept in the audit trail. Do not name the person.")


class NotWrittenBack(forms.TextInput):
    """What was typed is personal: a page that asks again does not repeat it."""

    def format_value(self, value: object) -> None:
        return None


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=REASON_HELP,
        widget=NotWrittenBack({"autocomplete": "off"}),
    )


class EraseForm(ReasonForm):
    """Asks for the label, so that nobody erases the wrong member by a slip."""

    confirm_name = forms.CharField(label=_("Label of the member"))
    field_order = ("reason", "confirm_name")

    def __init__(self, *args: object, member: Member, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._member = member
        typed = self.fields["confirm_name"]
        typed.help_text = _("Type %(label)s to go on.") % {"label": member.label}
        typed.widget.attrs |= {"data-must-equal": member.label, "autocomplete": "off"}

    def clean_confirm_name(self) -> str:
        typed: str = self.cleaned_data["confirm_name"]
        if typed.strip() != self._member.label:
            raise forms.ValidationError(_("This is not the label of the member."))
        return typed


class LiftForm(ReasonForm):
    kind = forms.ChoiceField(label=_("What is known"), choices=IdentityKind)
    value = forms.CharField(
        label=_("Number or id"), max_length=64, widget=NotWrittenBack({"autocomplete": "off"})
    )
    field_order = ("kind", "value", "reason")


class RevealForm(ReasonForm):
    field = forms.ChoiceField(label=_("Which value"))
    field_order = ("field", "reason")

    def __init__(self, *args: object, fields: list[PersonalField], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [(field.code, f"{field.label} {field.masked}") for field in fields]
        self.fields["field"].choices = choices  # type: ignore[attr-defined]


class TagForm(forms.Form):
    text = forms.CharField(label=_("A new tag"), max_length=LONGEST)
