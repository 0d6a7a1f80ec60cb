"""One small table of sales, and ways to write its cells."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

STORES = ("0001", "0002")
PACK, DRINK = "6900000000011", "6900000000028"
HEADER = [
    "门店编码",
    "单号",
    "销售时间",
    "会员手机",
    "行号",
    "商品条码",
    "商品名称",
    "数量",
    "金额",
    "交易类型",
    "原单号",
]


@dataclass(frozen=True)
class Line:
    store: str = STORES[0]
    number: str = "R1"
    moment: datetime = datetime(2026, 3, 5, 10, 0)
    phone: str = ""
    line: int | str = 1
    barcode: str = PACK
    name: str = "云岭（软）"
    quantity: int = 1
    amount: Decimal = Decimal("20.00")
    kind: str = "0"
    original: str = ""


def lines() -> list[Line]:
    """Twenty receipts of two lines in two stores over twenty days; two of them returns."""
    found = []
    for n in range(20):
        head = Line(
            STORES[n % 2],
            f"R{n:03}",
            datetime(2026, 3, 1, 9, 15) + timedelta(days=n, hours=n % 12, seconds=7 * n),
            f"1990000{n % 4:04}" if n % 3 else "",
        )
        sign = -1 if n in (8, 15) else 1
        found.append(replace(head, quantity=sign * (1 + n % 3), amount=sign * (20 + n) * Decimal("61.25")))
        found.append(
            replace(head, line=2, barcode=DRINK, name="茶", quantity=sign, amount=sign * Decimal("4.50"))
        )
    return found


def cells(
    rows: Iterable[Line],
    *,
    moment: Callable[[datetime], str] = "{:%Y-%m-%d %H:%M:%S}".format,
    amount: Callable[[Decimal], str] = "{:.2f}".format,
    quantity: Callable[[int], str] = str,
) -> list[list[str]]:
    """Header and rows as texts."""
    table = [HEADER]
    for row in rows:
        table.append(
            [
                row.store,
                row.number,
                moment(row.moment),
                row.phone,
                str(row.line),
                row.barcode,
                row.name,
                quantity(row.quantity),
                amount(row.amount),
                row.kind,
                row.original,
            ]
        )
    return table


def as_text(table: Sequence[Sequence[str]], delimiter: str = ",", quote: str = '"', end: str = "\r\n") -> str:
    out = io.StringIO(newline="")
    csv.writer(
        out,
        delimiter=delimiter,
        quotechar=quote,
        quoting=csv.QUOTE_MINIMAL if quote == '"' else csv.QUOTE_ALL,
        lineterminator=end,
    ).writerows(table)
    return out.getvalue()


def as_csv(rows: Iterable[Line]) -> bytes:
    return as_text(cells(rows)).encode()
