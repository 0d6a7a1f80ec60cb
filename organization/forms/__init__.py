from organization.forms.files import CorrectedForm, FilesField, FilesInput, ImportForm
from organization.forms.mapping import ColumnRow, ProfileForm, rows_of, rows_proposed, said_in
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
    "ColumnRow",
    "CompanyForm",
    "CorrectedForm",
    "FilesField",
    "FilesInput",
    "FirstAdminForm",
    "ImportForm",
    "PasswordForm",
    "ProfileForm",
    "RegionForm",
    "SetupCodeForm",
    "StaffFilterForm",
    "StaffForm",
    "StoreFilterForm",
    "StoreForm",
    "StoreFormSet",
    "StoreRows",
    "rows_of",
    "rows_proposed",
    "said_in",
    "time_zones",
]
