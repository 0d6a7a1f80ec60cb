"""A workbook from standard input to CSV on standard output, in a process that may be lost.

Run as a script, without Django: limits are set before the first byte is read, so that a workbook
made to exhaust memory or time ends this process and nothing else. The first line of the output is
JSON: the sheet and the row its header stands in, or what is wrong.
"""

import csv
import io
import json
import resource
import sys
from datetime import datetime, time, timedelta
from typing import Any


def limit(memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def as_text(value: Any) -> str:
    """A cell as a person sees it in the sheet; numbers in the 15 digits a spreadsheet keeps."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else _decimal(value)
    if isinstance(value, datetime):
        rounded = value + timedelta(milliseconds=500)
        return rounded.replace(microsecond=0).isoformat(sep=" ")
    if isinstance(value, timedelta):
        return str(timedelta(seconds=round(value.total_seconds())))
    if isinstance(value, time):
        return value.replace(microsecond=0).isoformat()
    return str(value)


def _decimal(value: float) -> str:
    text = f"{value:.15g}"
    return f"{float(text):.15f}".rstrip("0") if "e-" in text else text


def main(memory: int, seconds: int) -> None:
    limit(memory, seconds)
    from python_calamine import CalamineError, PasswordError, SheetVisibleEnum, load_workbook

    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace", newline="")
    try:
        workbook = load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        for about in workbook.sheets_metadata:
            sheet = workbook.get_sheet_by_name(about.name)
            if sheet.start is not None and about.visible == SheetVisibleEnum.Visible:
                _write(sheet, out)
                return
        out.write(json.dumps({"error": "empty"}) + "\n")
    except PasswordError:
        out.write(json.dumps({"error": "password"}) + "\n")
    except (CalamineError, ValueError, OSError):
        out.write(json.dumps({"error": "damaged"}) + "\n")
    finally:
        out.flush()


def _write(sheet: Any, out: io.TextIOWrapper) -> None:
    rows = sheet.iter_rows()
    skipped = -1
    first: list[str] = []
    while not any(first):  # iter_rows begins at the sheet's first row; empty ones are above the header.
        first, skipped = [as_text(cell) for cell in next(rows)], skipped + 1
    out.write(json.dumps({"sheet": sheet.name, "first_row": skipped + 1}) + "\n")
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(first)
    writer.writerows([as_text(cell) for cell in row] for row in rows)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
