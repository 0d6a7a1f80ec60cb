from organization.forms.files import FilesField, FilesInput, ImportForm
from organization.forms.people import PasswordForm, StaffFilterForm, StaffForm
from organization.forms.places import RegionForm, StoreFilterForm, StoreForm

__all__ = [
    "FilesField",
    "FilesInput",
    "ImportForm",
    "PasswordForm",
    "RegionForm",
    "StaffFilterForm",
    "StaffForm",
    "StoreFilterForm",
    "StoreForm",
]
