"""Who a customer is stands in no table and no log in clear."""

import logging

import pytest
from django.db import connection

from organization.jobs import job_run
from organization.models import Import, ImportKind, Job, Store
from tests.organization.importing import queue
from tests.sales.importing import line, make_products

PHONE, CARD, WECHAT, NAME = "19987654321", "CARD987654", "wx_marked_987", "欧阳标记"
MARKS = (PHONE, CARD, WECHAT, NAME)


def run(kind: str, content: object) -> Import:
    record = queue(kind, content)  # type: ignore[arg-type]
    assert record.job_id is not None
    job_run(record.job_id)
    record.refresh_from_db()
    return record


def rows_that_show(mark: str) -> list[str]:
    """Tables in which a row holds the mark as text or as bytes."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s OR t::text LIKE %s',
                [f"%{mark}%", f"%{mark.encode().hex()}%"],
            )
            if cursor.fetchone()[0]:
                found.append(table)
        return found


@pytest.mark.django_db(transaction=True)
def test_it_keeps_who_somebody_is_out_of_tables_and_logs(
    store: Store, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    make_products()
    header = "card_no,mobile,wechat_id,nickName,license_code,sex\n"
    good, bad = (f"{CARD},{PHONE},{WECHAT},{NAME},0001,{sex}\n" for sex in ("1", "9"))
    with caplog.at_level(logging.DEBUG):
        members = run(ImportKind.MEMBERS, header + good + bad + f"{PHONE},{NAME}\n" + f"x,{PHONE}x,,,0001,\n")
        assert (members.added, members.quarantined) == (1, 3)
        sales = run(ImportKind.SALES, [
            line("R1", mobilephone=PHONE, consumersid=CARD),
            line("R2", mobilephone=PHONE, receipt_amount="1.00"),
            line("R3", mobilephone="1998765432x"),
            line("R4", consumersid=CARD + "9"),
        ])  # fmt: skip
        assert (sales.added, sales.quarantined) == (2, 2)
        run(ImportKind.MEMBERS, good)  # No header: refused with a sentence.
    assert set(Job.unscoped.values_list("status", flat=True)) == {"done", "failed"}
    output = capfd.readouterr()
    for mark in MARKS:
        assert rows_that_show(mark) == []
        assert mark not in caplog.text + output.out + output.err


@pytest.mark.django_db
def test_it_would_see_a_phone_in_clear(store: Store) -> None:
    Job.unscoped.create(kind="import", label=f"Call {PHONE}")
    assert rows_that_show(PHONE) == ["organization_job"]
    assert rows_that_show(store.name) == ["organization_store"]
