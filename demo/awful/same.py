"""The same table written in every way: whichever comes, the same receipts are stored."""

import gzip
import io
import json
import zipfile
from datetime import datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from demo.awful.table import HEADER, as_csv, as_text, cells, lines
from demo.workbook import Cell, workbook

FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
GERMAN = str.maketrans({",": ".", ".": ","})
FIRST_SERIAL = datetime(1899, 12, 30)

PLAIN = as_csv(lines())
TEXT = PLAIN.decode()


def _german(amount: Decimal) -> str:
    return f"{amount:,.2f}".translate(GERMAN)


def _parentheses(amount: Decimal) -> str:
    return f"({-amount:,.2f})" if amount < 0 else f"{amount:,.2f}"


def _minus_behind(amount: Decimal) -> str:
    return f"{abs(amount):.2f}{'-' if amount < 0 else ''}"


def _wide(amount: Decimal) -> str:
    return f"￥{amount:.2f}".translate(FULL_WIDTH)


def _chinese(moment: datetime) -> str:
    half = "上午" if moment.hour < 12 else "下午"
    return f"{moment.year}年{moment.month}月{moment.day}日 {half}{moment:%I:%M:%S}"


def _american(moment: datetime) -> str:
    return f"{moment.month}/{moment.day}/{moment.year} {moment:%I:%M:%S %p}"


def _serial(moment: datetime) -> str:
    return f"{(moment - FIRST_SERIAL) / timedelta(days=1):.9f}"


def _sheet() -> list[list[Cell]]:
    """Typed cells: moments are dates of the spreadsheet, barcodes and phones numbers."""
    found: list[list[Cell]] = [list(HEADER)]
    for row in lines():
        found.append(
            [
                row.store,
                row.number,
                row.moment,
                int(row.phone) if row.phone else None,
                int(row.line),
                int(row.barcode),
                row.name,
                row.quantity,
                float(row.amount),
                0,
                None,
            ]
        )
    return found


def _parquet() -> bytes:
    names, *rows = _sheet()
    columns: dict[str, list[object]] = {str(name): [row[at] for row in rows] for at, name in enumerate(names)}
    columns[HEADER[8]] = [row.amount for row in lines()]
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="zstd")
    return out.getvalue()


def _json_lines() -> bytes:
    names, *rows = cells(lines())
    objects = [dict(zip(names, row, strict=True)) for row in rows]
    return b"\n".join(json.dumps(each, ensure_ascii=n % 2 == 0).encode() for n, each in enumerate(objects))


def _zipped(content: bytes, name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._" + name, b"clutter")
        archive.writestr(name, content)
    return out.getvalue()


def _written(**how: object) -> bytes:
    return as_text(cells(lines(), **how)).encode()  # type: ignore[arg-type]


SAME = {
    "utf8_with_mark.csv": TEXT.encode("utf-8-sig"),
    "utf16.csv": TEXT.encode("utf-16"),
    "utf16_without_mark.csv": TEXT.encode("utf-16-be"),
    "gb18030.csv": TEXT.encode("gb18030"),
    "mac_line_ends.csv": TEXT.replace("\r\n", "\r").encode(),
    "no_last_line_end.csv": TEXT.rstrip().encode(),
    "tabs.tsv": as_text(cells(lines()), "\t").encode("utf-16"),
    "bars.txt": as_text(cells(lines()), "|").encode("gb18030"),
    "single_quotes.csv": as_text(cells(lines()), quote="'").encode(),
    "padded_cells.csv": as_text([[f"  {cell} " for cell in row] for row in cells(lines())]).encode(),
    "semicolons_decimal_commas.csv": as_text(cells(lines(), amount=_german), ";").encode(),
    "spaces_between_thousands.csv": _written(amount=lambda a: f"{a:,.2f}".replace(",", "\u00a0")),
    "apostrophes_between_thousands.csv": _written(amount=lambda a: f"{a:,.2f}".replace(",", "'")),
    "negatives_in_parentheses.csv": _written(amount=_parentheses),
    "minus_behind.csv": _written(amount=_minus_behind, quantity=lambda q: f"{abs(q)}{'-' if q < 0 else ''}"),
    "currency_signs.csv": _written(amount=lambda a: f"{'-' if a < 0 else ''}¥{abs(a):,.2f}"),
    "full_width.csv": _written(amount=_wide, quantity=lambda q: str(q).translate(FULL_WIDTH)),
    "moments_of_14_digits.csv": _written(moment="{:%Y%m%d%H%M%S}".format),
    "day_first_with_points.csv": _written(moment="{:%d.%m.%Y %H:%M:%S}".format),
    "day_first_with_slashes.csv": _written(moment="{:%d/%m/%Y %H:%M:%S}".format),
    "month_first_12_hours.csv": _written(moment=_american),
    "chinese_dates_12_hours.csv": _written(moment=_chinese).decode().encode("gb18030"),
    "serial_numbers_of_excel.csv": _written(moment=_serial),
    "workbook.xlsx": workbook([], [[], [], *_sheet()]),
    "table.parquet": _parquet(),
    "objects.jsonl": _json_lines(),
    "packed.csv.gz": gzip.compress(PLAIN, mtime=0),
    "packed.zip": _zipped(TEXT.encode("gb18030"), "导出.csv"),
    "packed_workbook.zip": _zipped(workbook(_sheet()), "sales.xlsx"),
}
