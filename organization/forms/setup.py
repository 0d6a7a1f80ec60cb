"""Forms of the first run, and of what it asks about the company."""

from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from organization.models import Company, Staff, Store


class CompanyForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the company is; asked for at the first run, changed later by admins."""

    class Meta:
        model = Company
        fields = ("name", "sender_name", "time_zone", "language", "currency_sign", "minimum_age")
        widgets = {
            "time_zone": forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
            "currency_sign": forms.TextInput(attrs={"list": "currency-signs", "autocomplete": "off"}),
        }
        help_texts = {
            "time_zone": _("Type a city to find it. Days begin and nights run by it."),
            "language": _("For who has not chosen one, and for messages nobody asked for."),
            "minimum_age": _(
                "As the law where your stores are asks: 18 in China, 20 in Japan, 21 in the United States."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        # One of them is always chosen: no blank line beside them.
        cast(forms.ChoiceField, self.fields["language"]).choices = list(settings.LANGUAGES)

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise forms.ValidationError(_("Choose a time zone from the list, such as Asia/Shanghai."))
        return zone


def time_zones() -> list[str]:
    """Those named for a place, and UTC."""
    places = (zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return ["UTC", *sorted(places)]


class SetupCodeForm(forms.Form):
    code = forms.CharField(
        label=_("Set-up code"),
        max_length=100,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )


class FirstAdminForm(forms.ModelForm):  # type: ignore[type-arg]
    first_name = forms.CharField(
        label=_("Your name"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters, and none of the common ones. A sentence is easy to remember."),
    )
    again = forms.CharField(
        label=_("Password, once more"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = Staff
        fields = ("first_name", "username", "email")
        labels = {"username": _("Username"), "email": _("E-mail address")}
        help_texts = {"username": _("You log in with it."), "email": ""}
        widgets = {"username": forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"})}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password:
            likeness = Staff(**{name: cleaned.get(name, "") for name in self.Meta.fields})
            try:
                validate_password(password, likeness)
            except forms.ValidationError as weak:
                self.add_error("password", weak)
        if password and cleaned.get("again") and cleaned["again"] != password:
            self.add_error("again", _("The two passwords differ."))
        return cleaned


class StoreRowForm(forms.Form):
    """One store by hand; a row left empty is no store."""

    name = forms.CharField(label=_("Name"), max_length=80)
    licence_number = forms.CharField(label=_("Licence number"), max_length=40)
    code = forms.CharField(label=_("Code in your files"), max_length=40, required=False)
    region = forms.CharField(label=_("Region"), max_length=80, required=False)


class StoreRows(forms.BaseFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        """Each licence number and code is new; the row that repeats one says so."""
        taken = set(Store.unscoped.values_list("licence_number", flat=True))  # unscoped: uniqueness
        codes = set(Store.unscoped.values_list("code", flat=True))  # unscoped: uniqueness
        for form in self.forms:
            values = getattr(form, "cleaned_data", {})
            licence = values.get("licence_number", "")
            code = values.get("code") or licence
            if licence and licence in taken:
                form.add_error("licence_number", _now("Another store has this licence number."))
            elif code and code in codes:
                form.add_error("code", _now("Another store has this code."))
            taken.add(licence)
            codes.add(code)

    @property
    def stores(self) -> list[dict[str, str]]:
        return [form.cleaned_data for form in self.forms if form.has_changed()]


StoreFormSet = forms.formset_factory(StoreRowForm, formset=StoreRows, extra=3, max_num=50, absolute_max=60)
