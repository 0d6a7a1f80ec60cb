from organization.forms.files import FilesField, FilesInput, ImportForm
from organization.forms.people import PasswordForm, StaffFilterForm, StaffForm
from organization.forms.places import RegionForm, StoreFilterForm, StoreForm
from organization.forms.setup import (
    CompanyForm,
    FirstAdminForm,
    SetupCodeForm,
    StoreFormSet,
    StoreRows,
    time_zones,
)

__all__ = [
    "CompanyForm",
    "FilesField",
    "FilesInput",
    "FirstAdminForm",
    "ImportForm",
    "PasswordForm",
    "RegionForm",
    "SetupCodeForm",
    "StaffFilterForm",
    "StaffForm",
    "StoreFilterForm",
    "StoreForm",
    "StoreFormSet",
    "StoreRows",
    "time_zones",
]
