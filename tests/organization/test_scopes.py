"""Nothing that belongs to somebody can be read without saying for whom."""

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from config import scopes
from members.models import Member
from organization.models import AuditEvent, Job, Region, Staff, Store
from organization.querysets import ClosedManager, ScopeError
from organization.services import audit
from tests.conftest import make_member

# What everybody who works for the company may know of it.
COMPANY_WIDE = {
    "organization.Company",
    "organization.Region",
    "organization.Source",
    "organization.Staff",
    "sales.Brand",
    "sales.Product",
    "sales.ProductBarcode",
    "sales.ReceiptsChange",
    "segmentation.GroupName",
    "segmentation.NightlyRun",
    "segmentation.NightlyStage",
    "segmentation.RfmSettings",
    "segmentation.NightlyShard",
    "segmentation.ClusterModelRow",
    "segmentation.ScoreCheck",
    "campaigns.CampaignResult",
}
OURS = [model for model in apps.get_models() if model.__module__.split(".")[0] in scopes.APPS]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_it_is_closed_unless_it_is_for_the_whole_company(model: type[models.Model]) -> None:
    is_open = not isinstance(getattr(model, "objects", None), ClosedManager)
    assert is_open is (model._meta.label in COMPANY_WIDE)


def test_it_gives_no_row_before_it_knows_for_whom(store: Store) -> None:
    for ask in (Store.objects.all, Store.objects.first, Job.objects.count):
        with pytest.raises(ScopeError):
            ask()
    assert not Store.objects.none()


def test_it_closes_stores_to_who_has_none(marketer: Staff, store: Store, other_store: Store) -> None:
    assert list(Store.objects.visible_to(marketer)) == [store]
    marketer.regions.clear()
    assert not Store.objects.visible_to(marketer)


def test_it_opens_a_region_with_all_below_it(marketer: Staff, store: Store, other_store: Store) -> None:
    marketer.regions.set([Region.objects.get(parent=None)])
    assert set(Store.objects.visible_to(marketer)) == {store, other_store}


def test_it_closes_everything_to_who_has_left(marketer: Staff, store: Store) -> None:
    marketer.is_active = False
    assert not Store.objects.visible_to(marketer)


def test_it_closes_what_is_for_admins(admin: Staff, marketer: Staff) -> None:
    """Imports, rows set aside, the audit trail: their pages ask for the role too, and a new one may not."""
    audit(actor=admin, code="night.asked")
    assert AuditEvent.objects.visible_to(admin).exists()
    assert not AuditEvent.objects.visible_to(marketer).exists()
    admin.is_active = False
    assert not AuditEvent.objects.visible_to(admin).exists()


def test_it_closes_everything_to_an_admin_who_has_left(admin: Staff, store: Store) -> None:
    make_member(store)
    Job.unscoped.create(kind="import", label="x")
    closed = (Store, Member, Job)
    assert all(model.objects.visible_to(admin).exists() for model in closed)
    admin.is_active = False
    assert not any(model.objects.visible_to(admin).exists() for model in closed)


def test_it_lets_no_page_read_past_the_scope() -> None:
    assert scopes.main(Path(settings.BASE_DIR)) == []


@pytest.mark.parametrize(
    "line",
    [
        "Store.unscoped.all()",
        "Store._default_manager.all()",
        "connection.cursor()",
        "get_object_or_404(Store, pk=1)",
    ],
)
def test_it_finds_a_page_that_does(tmp_path: Path, line: str) -> None:
    page = tmp_path / "dashboards/views.py"
    page.parent.mkdir()
    page.write_text(f"def view():\n    return {line}\n")
    assert len(scopes.main(tmp_path)) == 1
    page.write_text(f"def view():\n    # unscoped: it is a test\n    return {line}\n")
    assert scopes.main(tmp_path) == []
