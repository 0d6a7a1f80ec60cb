"""The database side of a merge: compare, keep old versions, copy, link returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from numpy.typing import NDArray

from organization.imports.copying import Copier, copy_in, decimals
from organization.models import Import
from sales.imports.columns import PAYERS
from sales.imports.distinct import Texts
from sales.imports.group import Receipts
from sales.imports.parse import NOT_SENT, NUMBER_BYTES, period, to_bytes
from sales.models import Receipt, ReceiptHistory, ReceiptLine, ReceiptLineHistory

KEY = np.dtype([("store", ">u4"), ("number", f"S{NUMBER_BYTES}"), ("period", ">u4")])
FOUND = {
    "store": pa.int64(),
    "number": pa.string(),
    "id": pa.int64(),
    "content": pa.int64(),
    "day": pa.date32(),
    "by": pa.int64(),
    "epoch": pa.int64(),
}
NAMED = {"store": pa.int64(), "number": pa.string()}
LAST_YEAR = 2_999  # an epoch above is a day


@dataclass
class Existing:
    """Per receipt of the file: is it there already, its id (0 if not), content, day, import and epoch."""

    found: NDArray[np.bool_]
    ids: NDArray[np.int64]
    content: NDArray[np.int64]
    days: NDArray[np.int32]
    by: NDArray[np.int64]
    epochs: NDArray[np.int64]  # of receipts that are not there: the one they get


def existing_query(source: int, head: NDArray[np.void]) -> str:
    """Look between the lowest and highest number of each store: few index ranges, no join."""
    starts = np.flatnonzero(np.r_[True, np.diff(head["store"]) != 0])
    ends = np.r_[starts[1:], len(head)] - 1
    with connection.cursor() as cursor:
        ranges = b",".join(
            cursor.mogrify(
                "(%s,%s,%s)", (int(head["store"][a]), head["number"][a].decode(), head["number"][b].decode())
            )
            for a, b in zip(starts, ends, strict=True)
        ).decode()
    return f"""SELECT r.store_id, r.number, r.id, r.content, r.business_day, r.imported_by_id, r.epoch
        FROM (VALUES {ranges}) AS v (store, low, high)
        JOIN sales_receipt r ON r.store_id = v.store AND r.source_id = {source}
         AND r.number >= v.low COLLATE "C" AND r.number <= v.high COLLATE "C"
    """


def find_existing(there: pa.Table, head: NDArray[np.void], numbering: str) -> Existing:
    """Which receipts of the file are among those found."""
    count = len(head)
    existing = Existing(
        np.zeros(count, bool),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.int32),
        np.zeros(count, np.int64),
        head["period"].astype(np.int64),
    )
    if not there.num_rows:
        return existing
    there = there.sort_by("epoch")  # Of several the last is meant.
    periods = _stored_periods(there, numbering)
    theirs = receipt_keys(there["store"].to_numpy(), to_bytes(there["number"].combine_chunks()), periods)
    ours = receipt_keys(head["store"], head["number"], head["period"])
    place = np.searchsorted(ours, theirs)
    hit = (place < count) & (ours[np.minimum(place, count - 1)] == theirs)
    place = place[hit]
    existing.found[place] = True
    existing.ids[place] = there["id"].to_numpy()[hit]
    existing.content[place] = there["content"].to_numpy()[hit]
    existing.days[place] = there["day"].cast(pa.int32()).to_numpy()[hit]
    existing.by[place] = there["by"].to_numpy()[hit]
    existing.epochs[place] = there["epoch"].to_numpy()[hit]
    return existing


def _stored_periods(there: pa.Table, numbering: str) -> NDArray[np.int64]:
    """The period that each stored receipt's number is of, be it stored while numbers never came back."""
    epochs = there["epoch"].to_numpy()
    is_day = epochs > LAST_YEAR
    known = (epochs > 0) & (is_day if numbering == "daily" else ~is_day)
    derived = period(there["day"].cast(pa.int32()).to_numpy(), numbering)
    return derived if numbering == "never" else np.where(known, epochs, derived)


def receipt_keys(
    store: NDArray[np.generic], number: NDArray[np.bytes_], of: NDArray[np.generic]
) -> NDArray[np.bytes_]:
    """Store, number and period as one sortable byte string."""
    keys = np.zeros(len(store), KEY)
    keys["store"], keys["number"], keys["period"] = store, number, of
    return keys.view(f"S{KEY.itemsize}")


def move_to_history(record: Import, ids: NDArray[np.int64]) -> None:
    """Keep the versions that this import replaces, then make room for the new ones."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE changed")
        copy_in("changed", {"id": pa.array(ids)})
        cursor.execute("ANALYZE changed")
        for table, history, key in (
            (Receipt, ReceiptHistory, "id"),
            (ReceiptLine, ReceiptLineHistory, "receipt_id"),
        ):
            names = [
                str(f.column)
                for f in history._meta.concrete_fields
                if f.column not in ("id", "replaced_by_id")
            ]
            values = ", ".join("gone.id" if n == "receipt_id" and key == "id" else f"gone.{n}" for n in names)
            cursor.execute(
                f"""WITH gone AS (DELETE FROM {table._meta.db_table} t USING changed c
                                  WHERE t.{key} = c.id RETURNING t.*)
                    INSERT INTO {history._meta.db_table} ({", ".join(names)}, replaced_by_id)
                    SELECT {values}, %s FROM gone""",
                [record.pk],
            )


def write_receipts(
    record: Import,
    receipts: Receipts,
    existing: Existing,
    write: NDArray[np.bool_],
    texts: Mapping[str, Texts],
    copier: Copier,
) -> None:
    """Copy the receipts marked in `write`, in key order, and their lines; new ones have ids already."""
    if not write.any():
        return
    copier.copy_in("sales_receipt", _receipt_columns(record, receipts, existing, write, texts))
    copier.copy_in("sales_receiptline", _line_columns(receipts, existing.ids, write))


def returns_query(head: NDArray[np.void]) -> str:
    """The receipts that returns before this import name, in the same stores."""
    stores = ",".join(map(str, np.unique(head["store"]).tolist()))
    return f"""SELECT store_id, original_number FROM sales_receipt
                WHERE is_return AND store_id IN ({stores}) AND original_number <> ''"""


def originals(head: NDArray[np.void], earlier: pa.Table) -> dict[str, pa.Array]:
    """Receipts whose returns change: those that these return, and those of these that others return."""
    returns = head[head["returned"] & (head["original"] != b"")]
    numbers = to_bytes(earlier["number"].combine_chunks())
    theirs = receipt_keys(earlier["store"].to_numpy(), numbers, np.zeros(len(numbers)))
    named = np.isin(receipt_keys(head["store"], head["number"], np.zeros(len(head))), theirs)
    return {
        "store_id": pa.array(np.r_[returns["store"], head["store"][named]]),
        "number": _strings(np.r_[returns["original"], head["number"][named]]),
    }


def _receipt_columns(
    record: Import,
    receipts: Receipts,
    existing: Existing,
    write: NDArray[np.bool_],
    texts: Mapping[str, Texts],
) -> dict[str, pa.Array]:
    head = receipts.head[write]
    count = len(head)
    return {
        "id": pa.array(existing.ids[write]),
        "store_id": pa.array(head["store"]),
        "source_id": pa.array(np.full(count, record.source_id)),
        "number": _strings(head["number"]),
        "epoch": pa.array(existing.epochs[write]),
        "member_id": _member(head),
        "business_day": pa.array(head["day"], pa.date32()),
        "moment": _moments(head["moment"]),
        "minute": pa.array(head["minute"]),
        "till": _texts(texts["till"], head["till"]),
        "clerk": _texts(texts["clerk"], head["clerk"]),
        "channel": pa.array(head["channel"]),
        "tender": _texts(texts["tender"], head["tender"]),
        "is_return": pa.array(head["returned"]),
        "total": decimals(head["total"], scale=2),
        "original_number": _strings(head["original"]),
        "returned": decimals(np.zeros(count, np.int64), scale=2),
        "content": pa.array(receipts.content[write]),
        "imported_by_id": pa.array(np.full(count, record.pk)),
    }


def _line_columns(
    receipts: Receipts, ids: NDArray[np.int64], write: NDArray[np.bool_]
) -> dict[str, pa.Array]:
    chosen = write[receipts.of]
    lines, of = receipts.lines[chosen], receipts.of[chosen]
    return {
        "receipt_id": pa.array(ids[of]),
        "line_number": pa.array(lines["line"]),
        "store_id": pa.array(lines["store"]),
        "member_id": _member(lines),
        "business_day": pa.array(lines["day"], pa.date32()),
        "product_id": pa.array(lines["product"]),
        "quantity": decimals(lines["quantity"], scale=3),
        "packs": pa.array(lines["packs"]),
        "is_carton": pa.array(lines["carton"]),
        "amount": decimals(lines["amount"], scale=2),
        "discount": decimals(lines["discount"], scale=2),
        **{payer: decimals(lines[payer], scale=2, missing=NOT_SENT) for payer in PAYERS},
        "buy_price": decimals(lines["buy"], scale=2, missing=-1),
    }


def _member(records: NDArray[np.void]) -> pa.Array:
    return pa.array(records["member"], mask=records["member"] == 0)


def _moments(seconds: NDArray[np.int64]) -> pa.Array:
    """As text: Arrow takes fifteen times as long to write a moment that has a zone."""
    texts = pa.array(seconds, pa.timestamp("s")).cast(pa.string())
    return pc.binary_join_element_wise(texts, "Z", "")


def _strings(values: NDArray[np.bytes_]) -> pa.Array:
    return pa.array(values, pa.binary()).cast(pa.string())


def _texts(texts: Texts, codes: NDArray[np.int32]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(texts.values)).cast(pa.string())


def link_returns(record: Import) -> list[date]:
    """Restate `returned` of every receipt whose returns changed, whichever of the two came first.

    Returns the business days of the restated receipts.
    """
    with connection.cursor() as cursor:
        # By statistics from before the import, all receipts were once compared with all returns: 288 s.
        cursor.execute("ANALYZE originals, sales_receipt (id, store_id, number, is_return, original_number)")
        return returns_restate(
            cursor,
            """SELECT store_id, %(source)s AS source_id, number FROM originals
                UNION
               SELECT h.store_id, h.source_id, h.original_number FROM sales_receipthistory h
                WHERE h.replaced_by_id = %(by)s AND h.is_return AND h.original_number <> ''""",
            {"source": record.source_id, "by": record.pk},
        )


def returns_restate(cursor: Any, numbers: str, params: Mapping[str, object] | None = None) -> list[date]:
    """Make `returned` anew where a query says: of all receipts of a store, source and number; their days."""
    cursor.execute(
        f"""
        WITH affected AS ({numbers}), original AS (
            -- A number that came back is returned from the time of its receipt to that of the next.
            SELECT o.id, o.store_id, o.source_id, o.number,
                   lag(o.moment) OVER again IS NULL AS is_first, o.moment AS since,
                   lead(o.moment) OVER again AS until
              FROM affected a JOIN sales_receipt o USING (store_id, source_id, number)
            WINDOW again AS (PARTITION BY o.store_id, o.source_id, o.number ORDER BY o.moment, o.id)
        ), sums AS (
            SELECT o.id, COALESCE(-SUM(r.total), 0) AS returned
              FROM original o
              LEFT JOIN sales_receipt r ON r.store_id = o.store_id AND r.source_id = o.source_id
                   -- In the collation of its index.
                   AND r.original_number = o.number COLLATE "default" AND r.is_return
                   AND (o.is_first OR r.moment >= o.since) AND (o.until IS NULL OR r.moment < o.until)
             GROUP BY 1
        )
        UPDATE sales_receipt o SET returned = sums.returned FROM sums
         WHERE o.id = sums.id AND o.returned <> sums.returned
        RETURNING o.business_day
        """,
        params,
    )
    return [day for (day,) in cursor.fetchall()]
