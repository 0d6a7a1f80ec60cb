"""Databases of the benchmark's own: one that is empty before each import, one with receipts in it."""

import os
from datetime import date

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, ProgrammingError, connection
from django.db.models import Max

from benchmarks.chain import make_chain
from members.models import Member
from organization.crypto import keys_fit
from organization.models import Import, ImportKind, Source
from sales.models import Receipt

FACTS = ("sales_receipt", "sales_receiptline", "sales_receipthistory", "sales_receiptlinehistory")
MONTHS, DAYS_PER_MONTH = 18, 28
BEFORE = "before"
BARE = f"{settings.DATABASES['default']['NAME']}_bare"


def use(name: str) -> None:
    """Work in this database from now on, as do the processes that are started from here."""
    os.environ["HUIYAN_DB"] = name
    connection.close()
    connection.settings_dict["NAME"] = name


def run(statement: str, *values: int | date | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def prepare(name: str, members: int) -> None:
    """A database with the chain and without sales; the chain is made once."""
    open_database(name, members)
    clear()
    run("VACUUM ANALYZE")


def prepare_filled(name: str, members: int, receipts: int) -> None:
    """A database with the chain and so many receipts of the months before the file; kept as it is."""
    open_database(name, members)
    if Receipt.unscoped.filter(imported_by__file_name=BEFORE).count() == receipts:
        clear_imported()
        return
    clear()
    _fill(receipts)
    run("VACUUM ANALYZE")


def _copy_of_bare(name: str) -> None:
    """A database with all tables and no rows, unless there is one; quicker than all migrations each time."""
    if _is_ours(name):
        return
    if not _is_ours(BARE):
        run(f'CREATE DATABASE "{BARE}"')
        use(BARE)
        call_command("migrate", verbosity=0)
        use("postgres")
    run(f'CREATE DATABASE "{name}" TEMPLATE "{BARE}"')


def _is_ours(name: str) -> bool:
    """Whether it is there; one that an earlier checkout at this place sealed with its own keys is dropped."""
    use(name)
    try:
        if keys_fit():
            return True
    except (OperationalError, ProgrammingError) as error:
        # Not there, or its migrations were interrupted; anything else is no reason to drop it.
        if "does not exist" not in str(error):
            raise
    use("postgres")
    run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    return False


def open_database(name: str, members: int) -> None:
    _copy_of_bare(name)
    use(name)
    call_command("migrate", verbosity=0)
    if Member.unscoped.count() != members:
        tables = "organization_store, sales_product, sales_brand, members_member, organization_source"
        run(f"TRUNCATE {tables} CASCADE")
        make_chain(members)


def clear() -> None:
    run(f"TRUNCATE {', '.join(FACTS)}, organization_quarantinedrow")


def clear_imported() -> None:
    """Take back all that came after the receipts that were there before, and the room it took."""
    (before,) = Import.unscoped.filter(file_name=BEFORE).values_list("pk", flat=True)
    last = Receipt.unscoped.filter(imported_by=before).aggregate(last=Max("pk"))["last"]
    run("DELETE FROM sales_receipt WHERE id > %s", last)
    run("DELETE FROM sales_receiptline WHERE receipt_id > %s", last)
    run("TRUNCATE organization_quarantinedrow")
    run(f"VACUUM ANALYZE {', '.join(FACTS)}")


def _fill(receipts: int) -> None:
    """Month by month and in key order, as eighteen imports would have left them."""
    source = Source.objects.get_or_create(name="POS")[0]
    record = Import.unscoped.create(kind=ImportKind.SALES, source=source, file_name=BEFORE, path="")
    for month in range(MONTHS):
        first, end = receipts * month // MONTHS, receipts * (month + 1) // MONTHS
        run(_RECEIPTS, source.pk, record.pk, first, end, month)
    run(_LINES)


# Everything about a receipt follows from its number n, so that the receipts are the same each time.
_RECEIPTS = f"""
INSERT INTO sales_receipt (store_id, source_id, number, epoch, member_id, business_day, moment, minute,
                           till, clerk, channel, tender, is_return, total, original_number, returned,
                           content, imported_by_id)
SELECT store, %s, to_char(day, 'YYYYMMDD') || '01' || lpad((k %% 100000)::text, 5, '0'), 0,
       CASE WHEN h %% 10 < 6 THEN members[1 + h / 16 %% cardinality(members)] END, day,
       day + interval '2 hours', 600, '1', '', 1, 'cash', false, 20 * lines, '', 0, hashint8extended(n, 1), %s
  FROM (SELECT n, k, h, lines, members, stores[1 + n %% cardinality(stores)] AS store,
               date '2023-11-01' + (month * {DAYS_PER_MONTH} + k * {DAYS_PER_MONTH} / (1 + per))::int AS day
          FROM (SELECT n, (n - first) / cardinality(stores) AS k, (end_ - first) / cardinality(stores) AS per,
                       abs(hashint8(n)::bigint) AS h, stores, members, month,
                       1 + (n %% 10 < 5)::int + (n %% 5 < 1)::int AS lines
                  FROM (SELECT %s::bigint AS first, %s::bigint AS end_, %s::int AS month,
                               (SELECT array_agg(id ORDER BY id) FROM organization_store) AS stores,
                               (SELECT array_agg(id ORDER BY id) FROM members_member) AS members) AS given,
                       generate_series(first, end_ - 1) AS n) AS numbered) AS placed
 ORDER BY 1, 3
"""
_LINES = """
INSERT INTO sales_receiptline (receipt_id, line_number, store_id, member_id, business_day, product_id,
                               quantity, packs, is_carton, amount, discount, buy_price)
SELECT r.id, line, r.store_id, r.member_id, r.business_day,
       products[1 + (r.id * 31 + line) % cardinality(products)], 1, 1, false, 20, 0, null
  FROM (SELECT array_agg(id ORDER BY id) AS products FROM sales_product) AS given,
       sales_receipt r, generate_series(1, (r.total / 20)::int) AS line
 ORDER BY r.id, line
"""
