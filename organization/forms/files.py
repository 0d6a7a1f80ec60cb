"""Forms of the pages of imports."""

from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from organization.imports.choosing import NAMES
from organization.imports.profiles import builtins
from organization.models import ImportKind, Staff, Store


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or several files, each of which must be a file by itself."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        files = data if isinstance(data, list) else [data]
        one = super().clean
        return [one(file, initial) for file in files] if files else [one(None, initial)]


def _ways() -> list[tuple[str, Any]]:
    known = [(builtin.name, builtin.label) for builtin in builtins()]
    return [("", _("Recognise it")), (NAMES, _("One row per line, under names of columns")), *known]


class ImportForm(forms.Form):
    kind = forms.ChoiceField(label=_("What the files hold"), choices=ImportKind.choices)
    source = forms.CharField(
        label=_("Sent by"),
        initial="POS",
        max_length=60,
        help_text=_("The system that wrote them. Receipt numbers are unique within one system."),
    )
    shape = forms.ChoiceField(label=_("How they are built"), choices=_ways, required=False)
    store = forms.ModelChoiceField(
        Store.objects.none(),
        label=_("Store"),
        required=False,
        empty_label=_("as the rows say"),
        help_text=_("Only for files in which no row says of which store it is."),
    )
    uploads = FilesField(label=_("Files"), allow_empty_file=True, max_length=200)

    def __init__(self, *args: Any, staff: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chooser = cast("forms.ModelChoiceField[Store]", self.fields["store"])
        chooser.queryset = Store.objects.visible_to(staff).order_by("code")

    def clean_shape(self) -> str:
        chosen: str = self.cleaned_data["shape"]
        of_kind = {builtin.name for builtin in builtins(self.cleaned_data.get("kind"))}
        if chosen not in ("", NAMES, *of_kind):
            raise forms.ValidationError(_("Files of the chosen kind are not built like this."))
        return chosen


class CorrectedForm(forms.Form):
    """One file of rows set aside that somebody mended."""

    upload = forms.FileField(label=_("Corrected rows"), allow_empty_file=True, max_length=200)
