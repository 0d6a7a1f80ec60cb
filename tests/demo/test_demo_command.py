"""`manage.py demo` on a small chain, with a real worker, and what it prints."""

from contextlib import nullcontext
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from pytest_django import Settings

from campaigns.models import Campaign
from campaigns.selectors import reading
from demo.accounts import ACCOUNTS
from demo.management.commands import demo as command
from organization.models import Import, Job, Staff

ANCHOR = date(2026, 3, 1)  # the 28 days of the campaigns span a month's end and the Spring Festival


def run_demo() -> str:
    out = StringIO()
    call_command("demo", stores=4, members=2_000, months=8, anchor=ANCHOR, stdout=out)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_it_takes_a_chain_through_the_whole_loop(
    worker: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LOCAL_DIR = tmp_path
    monkeypatch.setattr(command, "worker", nullcontext)  # The fixture's worker does the work.
    with time_machine.travel(f"{ANCHOR}T09:00+08:00"):
        printed = run_demo()
        again = run_demo()
    assert not Job.unscoped.exclude(status=Job.Status.DONE).exists()
    assert all(record.read and not record.updated for record in Import.unscoped.all())
    assert "Segments as of 2026-02-28" in printed and "Clusters:" in printed
    assert all(account.username in printed for account in ACCOUNTS)
    assert again.endswith(printed[printed.index("\n4 stores") :])
    assert "there already" in again and Campaign.unscoped.count() == 2
    admin = Staff.objects.get(username="admin")
    found = {c.name: reading(campaign=c, staff=admin).arms.effect for c in Campaign.unscoped.all()}
    assert len(found) == 2 and all(effect is not None for effect in found.values())
