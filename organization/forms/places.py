"""Forms of regions and stores."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from organization.forms.people import RegionSelect
from organization.models import Region, Store

LATEST_CLOSING = 6


class StoreFilterForm(forms.Form):
    """What narrows the list of stores; a value that cannot be read narrows nothing."""

    region = RegionSelect(required=False, empty_label=_("Any region"))
    state = forms.ChoiceField(
        required=False, choices=[("", _("Any state")), ("open", _("Active")), ("closed", _("Closed"))]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].show_tree()  # type: ignore[attr-defined]

    def wanted(self) -> dict[str, Any]:
        self.is_valid()
        data = self.cleaned_data
        return {"region": data.get("region"), "state": data.get("state") or ""}


class StoreForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    name_en = forms.CharField(label=_("English name"), max_length=80, required=False)
    region = RegionSelect(
        label=_("Region"),
        empty_label=None,
        help_text=_("Who works for this region, or for one above it, sees the store."),
    )
    time_zone = forms.CharField(label=_("Time zone"), max_length=40, help_text=_("Such as Asia/Shanghai."))
    closing_hour = forms.TypedChoiceField(
        label=_("Closing hour"),
        coerce=int,
        choices=[(hour, f"{hour:02d}:00") for hour in range(LATEST_CLOSING + 1)],
        help_text=_(
            "Sales before this hour belong to the day before. "
            "Receipts already stored keep their business day; the change counts for receipts that come later."
        ),
    )
    is_active = forms.BooleanField(label=_("Active"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].show_tree()  # type: ignore[attr-defined]

    @classmethod
    def of(cls, store: Store) -> "StoreForm":
        fields = ("name", "name_en", "time_zone", "closing_hour", "is_active")
        return cls(initial={name: getattr(store, name) for name in fields} | {"region": store.region_id})

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise forms.ValidationError(_("This is not a time zone such as Asia/Shanghai."))
        return zone


class RegionForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    name_en = forms.CharField(label=_("English name"), max_length=80, required=False)
    parent = RegionSelect(
        label=_("Lies within"),
        required=False,
        empty_label=_("– at the top –"),
        help_text=_("Who works for a region sees all below it: moving this one moves who sees its stores."),
    )

    def __init__(self, *args: Any, region: Region | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].show_tree(without=region)  # type: ignore[attr-defined]

    @classmethod
    def of(cls, region: Region) -> "RegionForm":
        initial = {"name": region.name, "name_en": region.name_en, "parent": region.parent_id}
        return cls(initial=initial, region=region)

    def refuse(self, field: str, sentence: str) -> None:
        self.add_error(field if field in self.fields else None, sentence)
