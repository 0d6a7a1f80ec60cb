"""What PostgreSQL alone needs for the same rows: text COPY into empty tables of the same definition."""

import time
from pathlib import Path

from django.db import connection, transaction

# In the order in which they are to be written: by natural key, as sorted inserts are the fastest.
ROWS = {
    "sales_receipt": "TABLE sales_receipt ORDER BY store_id, number, source_id",
    "sales_receiptline": "TABLE sales_receiptline ORDER BY receipt_id, line_number",
}


def keep_rows(folder: Path) -> None:
    """The finished rows of an import as files."""
    with connection.cursor() as cursor:
        for table, query in ROWS.items():
            with (folder / table).open("wb") as file:
                cursor.copy_expert(f"COPY ({query}) TO STDOUT", file)


def copy_rows(folder: Path) -> float:
    """Seconds to copy the kept rows into new tables and to commit them."""
    with connection.cursor() as cursor:
        for table in ROWS:
            cursor.execute(f"DROP TABLE IF EXISTS bare_{table}")
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        begin = time.perf_counter()
        with transaction.atomic():
            for table in ROWS:
                with (folder / table).open("rb") as file:
                    cursor.copy_expert(f"COPY bare_{table} FROM STDIN", file)
        took = time.perf_counter() - begin
        cursor.execute(f"DROP TABLE {', '.join(f'bare_{table}' for table in ROWS)}")
    return took
