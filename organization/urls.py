from django.urls import path

from organization.views import audit, company, imports, jobs, setup

urlpatterns = [
    path("audit/", audit.audit_list, name="audit"),
    path("audit/audit.csv", audit.audit_csv, name="audit_csv"),
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
]
