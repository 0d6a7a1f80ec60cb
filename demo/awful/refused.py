"""Files that must be refused whole, and the words that say why."""

import gzip
import io
import zipfile
from dataclasses import dataclass

from demo.awful.same import PLAIN, TEXT
from demo.awful.table import Line, as_text, cells
from demo.workbook import workbook


@dataclass(frozen=True)
class Refused:
    content: bytes
    words: str


def _archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


REFUSED = {
    "empty.csv": Refused(b"", "The file is empty."),
    "zero_bytes.csv": Refused(TEXT.replace("R007", "R\0").encode(), "zero bytes"),
    "invalid_utf8.csv": Refused(PLAIN + b"\xff\xfe\xff\n", "neither UTF-8"),
    "open_quotation_mark.csv": Refused(TEXT.replace(",茶,", ',"茶,', 1).encode(), "cannot be taken apart"),
    "hundred_thousand_columns.csv": Refused(
        ",".join(f"c{n}" for n in range(100_000)).encode() + b"\n", "500 at most"
    ),
    "without_header.csv": Refused(PLAIN.split(b"\r\n", 1)[1], "holds values, not column names"),
    "unclear_days.csv": Refused(
        as_text(cells([Line()], moment="{:%d/%m/%Y %H:%M:%S}".format)).encode(), "day or the month"
    ),
    "unclear_decimals.csv": Refused(
        as_text(cells([Line()], amount="{:.3f}".format)).replace("20.000", '"20,000"').encode(), "two ways"
    ),
    "two_files.zip": Refused(_archive(a=PLAIN, b=PLAIN), "holds 2 files"),
    "archive_in_archive.zip": Refused(_archive(a=gzip.compress(PLAIN, mtime=0)), "another archive"),
    "bomb.csv.gz": Refused(gzip.compress(PLAIN + b"\n" * (80 << 20), mtime=0), "unpacks to far more"),
    "cut_off.csv.gz": Refused(gzip.compress(PLAIN, mtime=0)[:-40], "damaged"),
    "cut_off.xlsx": Refused(workbook([["门店编码"]])[:-200], "damaged"),
    "letter.pdf": Refused(b"%PDF-1.7\n", "This file is PDF"),
}
