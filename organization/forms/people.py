"""Forms of accounts."""

from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from organization.models import Region, Role, Staff, Store
from organization.selectors.people import STATES, region_choices

ROLE_HELP = _(
    "A store manager works for stores; a marketer or approver for regions with all below them; "
    "an admin sees everything."
)


class RegionSelect(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One region, chosen from the indented tree."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Region.objects.all(), **kwargs)

    def show_tree(self, *, without: Region | None = None) -> None:
        """Offer the regions as they are now; without this the form offers a flat list."""
        self.choices = [("", self.empty_label or ""), *region_choices(without=without)]


class StaffFilterForm(forms.Form):
    """What narrows the list of accounts; a value that cannot be read narrows nothing."""

    role = forms.ChoiceField(required=False, choices=[("", _("Any role")), *Role.choices])
    region = RegionSelect(required=False, empty_label=_("Any region"))
    state = forms.ChoiceField(required=False, choices=[("", _("Any state")), *STATES.items()])
    store = forms.ModelChoiceField(Store.objects.none(), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, asker: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].show_tree()  # type: ignore[attr-defined]
        self.fields["store"].queryset = Store.objects.visible_to(asker)  # type: ignore[attr-defined]

    def wanted(self) -> dict[str, Any]:
        self.is_valid()
        empty = {"role": "", "state": "", "region": None, "store": None}
        return {name: self.cleaned_data.get(name) or value for name, value in empty.items()}


class StaffForm(forms.Form):
    """An account: who it is, its role, and the stores or regions that the role is for."""

    username = forms.CharField(
        label=_("Username"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text=_("For logging in; it stays as it is."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    name = forms.CharField(label=pgettext_lazy("of a person", "Name"), max_length=150, required=False)
    email = forms.EmailField(
        label=_("E-mail address"), required=False, help_text=_("The invitation is sent there as well.")
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, help_text=ROLE_HELP)
    stores = forms.ModelMultipleChoiceField(Store.objects.none(), label=_("Stores"), required=False)
    regions = forms.ModelMultipleChoiceField(
        Region.objects.all(), label=_("Regions"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, asker: Staff, account: Staff | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stores"].queryset = Store.objects.visible_to(asker)  # type: ignore[attr-defined]
        self.fields["regions"].choices = region_choices()  # type: ignore[attr-defined]
        if account:
            del self.fields["username"]

    @classmethod
    def of(cls, account: Staff, *, asker: Staff) -> "StaffForm":
        initial = {
            "name": account.get_full_name(),
            "email": account.email,
            "role": account.role,
            "stores": [store.pk for store in account.stores.all()],
            "regions": [region.pk for region in account.regions.all()],
        }
        return cls(initial=initial, asker=asker, account=account)

    def clean_username(self) -> str:
        return str(Staff.normalize_username(self.cleaned_data["username"]))

    def clean(self) -> dict[str, Any]:
        """Only what the page shows for the role counts: the fields of other roles are hidden."""
        data = super().clean() or self.cleaned_data
        role = data.get("role")
        if role != Role.MANAGER:
            data["stores"] = []
        if role not in (Role.MARKETER, Role.APPROVER):
            data["regions"] = []
        return data

    def chosen_stores(self) -> list[int]:
        """Ids as the form holds them now, for the picker; what is no number is dropped."""
        values = [str(value) for value in self["stores"].value() or []]
        return [int(value) for value in values if value.isdecimal() and len(value) < 19]

    def refuse(self, field: str, sentence: str) -> None:
        self.add_error(field if field in self.fields else None, sentence)


class PasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    """A first password, or a new one, by an invitation."""
