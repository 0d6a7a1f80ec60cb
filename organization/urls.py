from django.urls import path

from organization.health import healthz, readyz
from organization.metrics import metrics
from organization.views import audit, company, imports, invitations, jobs, setup, staff, stores

urlpatterns = [
    path("audit/", audit.audit_list, name="audit"),
    path("audit/audit.csv", audit.audit_csv, name="audit_csv"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("setup/", setup.setup, name="setup"),
    path("setup/company/", setup.setup_company, name="setup_company"),
    path("setup/admin/", setup.setup_admin, name="setup_admin"),
    path("first-steps/stores/", setup.first_stores, name="first_stores"),
    path("first-steps/files/", setup.first_files, name="first_files"),
    path("company/", company.company_settings, name="company"),
    path("imports/templates/<slug:kind>.csv", setup.import_template, name="import_template"),
    path("imports/", imports.import_list, name="imports"),
    path("imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<int:pk>/rows/", imports.import_rows, name="import_rows"),
    path("imports/<int:pk>/rows.csv", imports.import_rows_csv, name="import_rows_csv"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<int:pk>/", jobs.job_detail, name="job_detail"),
    path("jobs/<int:pk>/progress/", jobs.job_progress, name="job_progress"),
    path("jobs/<int:pk>/retry/", jobs.job_retry, name="job_retry"),
    path("staff/", staff.staff_list, name="staff"),
    path("staff.csv", staff.staff_csv, name="staff_csv"),
    path("staff/links.csv", staff.staff_links_csv, name="staff_links_csv"),
    path("staff/new/", staff.staff_new, name="staff_new"),
    path("staff/store-options/", staff.staff_store_options, name="staff_store_options"),
    path("staff/<int:pk>/", staff.staff_edit, name="staff_edit"),
    path("staff/<int:pk>/deactivate/", staff.staff_deactivate, name="staff_deactivate"),
    path("staff/<int:pk>/reactivate/", staff.staff_reactivate, name="staff_reactivate"),
    path("staff/<int:pk>/link/", staff.staff_link, name="staff_link"),
    path("invitation/", invitations.invitation_password, name="invitation_password"),
    path("invitation/<str:token>/", invitations.invitation, name="invitation"),
    path("stores/", stores.store_list, name="stores"),
    path("stores.csv", stores.stores_csv, name="stores_csv"),
    path("stores/<int:pk>/", stores.store_edit, name="store_edit"),
    path("regions/new/", stores.region_new, name="region_new"),
    path("regions/<int:pk>/", stores.region_edit, name="region_edit"),
]
