"""Files whose receipts are awful: what is to be counted, stored and set aside of each."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from demo.awful.table import DRINK, HEADER, STORES, Line, as_csv, as_text, cells, lines

ZERO, TWENTY = Decimal("0.00"), Decimal("20.00")


@dataclass(frozen=True)
class Case:
    """Files that come one after the other; `counts` of each, and all that is stored after the last."""

    files: tuple[bytes, ...]
    counts: tuple[dict[str, int], ...]
    stored: Decimal
    receipts: int
    zones: dict[str, str] = field(default_factory=dict)  # time zone per store, if not its own


def _case(content: bytes, stored: Decimal, receipts: int, **counts: int) -> Case:
    return Case((content,), (counts,), stored, receipts)


def _with_rows(*extra: list[str]) -> bytes:
    return as_text([*cells([Line(), Line(number="R2")]), *extra]).encode()


def _row(**change: str) -> list[str]:
    cell = dict(zip(HEADER, cells([Line(number="R9")])[1], strict=True)) | change
    return list(cell.values())


def _total() -> Decimal:
    return sum((line.amount for line in lines()), ZERO)


EVENING = datetime(2026, 3, 5, 23, 50)
SPLIT = lines()

RECEIPTS = {
    "total_rows.csv": _case(
        _with_rows(
            ["合计", *[""] * 6, "2", "40.00", "", ""],
            ["", "总计", *[""] * 6, "40.00", "", ""],
            [""] * len(HEADER),
            _row(交易类型="作废"),
            _row(交易类型="培训"),
        ),
        2 * TWENTY, 2, read=7, added=2, ignored=5,
    ),
    "rows_of_another_width.csv": _case(
        _with_rows(["0001", "R3"], [*_row(), "one more"]), 2 * TWENTY, 2, read=4, added=2, quarantined=2
    ),
    "cells_with_line_ends.csv": _case(
        _with_rows(_row(商品名称='茶\r\n"红", 大')), 3 * TWENTY, 3, read=3, added=3
    ),
    "receipts_over_two_files.csv": Case(
        (as_csv(SPLIT[:20]), as_csv(SPLIT[20:])),
        ({"read": 20, "added": 20}, {"read": 20, "added": 20}),
        _total(), 20,
    ),
    "lines_out_of_order.csv": _case(as_csv(SPLIT[::-1]), _total(), 20, read=40, added=40),
    "sent_again_after_a_failure.csv": Case(
        (as_csv(SPLIT[:10]), as_csv(SPLIT)),
        ({"read": 10, "added": 10}, {"read": 40, "added": 30, "unchanged": 10}),
        _total(), 20,
    ),
    "corrected_later.csv": Case(
        (as_csv([Line(), Line(number="R2")]), as_csv([Line(amount=Decimal("18.00"))])),
        ({"read": 2, "added": 2}, {"read": 1, "updated": 1}),
        Decimal("38.00"), 2,
    ),
    "equal_lines_without_number.csv": _case(
        as_csv([Line(line=""), Line(line="")]), 2 * TWENTY, 1, read=2, added=2
    ),
    "equal_lines_with_number.csv": _case(as_csv([Line(), Line()]), TWENTY, 1, read=2, added=1, unchanged=1),
    "returns.csv": _case(
        as_csv([Line(), Line(number="B1", kind="1", original="R1"), Line(number="B2", kind="1")]),
        -TWENTY, 3, read=3, added=3,
    ),
    "gift_and_zero_lines.csv": _case(
        as_csv([Line(), Line(line=2, amount=ZERO), Line(line=3, barcode=DRINK, quantity=0, amount=ZERO)]),
        TWENTY, 1, read=3, added=3,
    ),
    "negative_line_in_a_sale.csv": _case(
        as_csv([Line(quantity=2, amount=2 * TWENTY), Line(line=2, quantity=-1, amount=-TWENTY)]),
        TWENTY, 1, read=2, added=2,
    ),
    "paid_returns.csv": _case(as_csv([Line(), Line(number="R2", quantity=-1)]), TWENTY, 1,
                              read=2, added=1, quarantined=1),
    "back_dated.csv": _case(
        as_csv([Line(moment=datetime(2019, 3, 5, 10)), Line(number="R2", moment=datetime(1899, 12, 31))]),
        TWENTY, 1, read=2, added=1, quarantined=1,
    ),
    "future_dated.csv": _case(
        as_csv([Line(), Line(number="R2", moment=datetime(2226, 3, 5))]), TWENTY, 1,
        read=2, added=1, quarantined=1,
    ),
    "same_number_in_two_stores.csv": _case(
        as_csv([Line(), Line(store=STORES[1])]), 2 * TWENTY, 2, read=2, added=2
    ),
    "number_used_again.csv": _case(
        as_csv([Line(), Line(line=2, moment=Line.moment + timedelta(days=365))]), ZERO, 0,
        read=2, quarantined=2,
    ),
    "after_midnight.csv": _case(
        as_csv([Line(moment=EVENING), Line(number="R2", moment=EVENING + timedelta(hours=1))]),
        2 * TWENTY, 2, read=2, added=2,
    ),
    "hour_that_is_skipped.csv": replace(
        _case(as_csv([Line(moment=datetime(2026, 3, 8, 2, 30))]), TWENTY, 1, read=1, added=1),
        zones={STORES[0]: "America/New_York"},
    ),
    "unknown_store.csv": _case(
        as_csv([Line(), Line(store="9999", number="R2")]), TWENTY, 1, read=2, added=1, quarantined=1
    ),
    "masked_phones.csv": _case(
        as_csv([Line(), Line(number="R2", phone="199****0001")]), TWENTY, 1, read=2, added=1, quarantined=1
    ),
    "amounts_that_are_none.csv": _case(
        _with_rows(_row(金额="#N/A"), _row(单号="R8", 金额="2O.00"), _row(单号="R7", 数量="1包")),
        2 * TWENTY, 2, read=5, added=2, quarantined=3,
    ),
    "one_slip_of_the_hand.csv": _case(
        as_text(
            [
                *cells([Line(number=f"R{n}", amount=TWENTY + n) for n in range(40)]),
                _row(单号="X1", 金额="1,5"),
            ]
        ).encode(),
        40 * TWENTY + 780, 40, read=41, added=40, quarantined=1,
    ),
    "letters_in_a_wrong_place.csv": _case(
        _with_rows(_row(单号="号" * 14), _row(商品条码="1;2"), _row(行号="0")),
        2 * TWENTY, 2, read=5, added=2, quarantined=3,
    ),
}  # fmt: skip
