"""Forms of the pages of imports."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from organization.models import ImportKind


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or several files, each of which must be a file by itself."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        files = data if isinstance(data, list) else [data]
        one = super().clean
        return [one(file, initial) for file in files] if files else [one(None, initial)]


class ImportForm(forms.Form):
    kind = forms.ChoiceField(label=_("What the files hold"), choices=ImportKind.choices)
    source = forms.CharField(
        label=_("Sent by"),
        initial="POS",
        max_length=60,
        help_text=_("The system that wrote them. Receipt numbers are unique within one system."),
    )
    uploads = FilesField(label=_("Files"), allow_empty_file=True, max_length=200)
