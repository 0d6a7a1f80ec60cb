"""Names that people gave break at the edge of a phone, and are text whatever they look like."""

import pytest

from organization.models import Import, ImportKind, Job, Role, Source
from organization.services import staff_create
from tests.campaigns.cast import make_draft
from tests.e2e.conftest import LogIn

LONG = "<img src=x onerror=alert(1)>" + "W" * 92


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_keeps_long_names_within_a_phone(log_in: LogIn) -> None:
    admin = staff_create(username="admin", password="pw", role=Role.ADMIN, name=LONG)
    job = Job.unscoped.create(kind="import", label=LONG, status="failed", error=LONG, payload={"import": 1})
    source = Source.objects.create(name=LONG[:60])
    record = Import.unscoped.create(id=1, kind=ImportKind.SALES, source=source, file_name=LONG, job=job)
    draft = make_draft(admin, name=LONG, offer=LONG)
    page = log_in("admin")
    page.set_viewport_size({"width": 360, "height": 800})
    for url in (f"/imports/{record.pk}/", f"/imports/{record.pk}/rows/", f"/jobs/{job.pk}/", "/jobs/",
                "/imports/", "/campaigns/", f"/campaigns/{draft.pk}/"):  # fmt: skip
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, url
        assert page.locator("img").count() == 0
