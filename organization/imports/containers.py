"""What a file is wrapped in: nothing, gzip, or a zip archive with one file.

Nothing is ever unpacked to the disk: content is streamed, and what must be read from any place
(XLSX, Parquet) is held in memory up to a limit. Names in an archive are shown, never used as paths.
"""

import gzip
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Protocol, cast

from django.utils.translation import gettext as _

from organization.jobs import JobError

BLOCK = 1 << 20
MOST_UNPACKED = 8 << 30
# Below this size a ratio proves nothing: a short file of equal rows packs very well.
RATIO_FROM, MOST_RATIO = 64 << 20, 250
MOST_IN_MEMORY = 128 << 20
LONGEST_DIRECTORY = 1 << 20

ZIP, GZIP, PARQUET = b"PK\x03\x04", b"\x1f\x8b", b"PAR1"
REFUSED = {
    b"%PDF": "PDF",
    b"\xd0\xcf\x11\xe0": "XLS",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7-Zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"PK\x05\x06": "ZIP",
}
CLUTTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


class Source(Protocol):
    """A stored file that importers read as often as they like, from any place."""

    def open(self) -> BinaryIO: ...

    @property
    def size(self) -> int: ...


@dataclass(frozen=True)
class PlainFile:
    path: Path

    def open(self) -> BinaryIO:
        return self.path.open("rb")

    @property
    def size(self) -> int:
        return self.path.stat().st_size


@dataclass(frozen=True)
class Content:
    """The table inside a file, whatever it is wrapped in."""

    source: Source
    kind: str = "text"  # text, xlsx, parquet
    wrapper: str = ""  # gzip, zip
    member: str = ""  # its name in the archive, for people

    def open(self) -> BinaryIO:
        """Its bytes from the first to the last."""
        return _opened(self.source, self.wrapper)

    def whole(self) -> BinaryIO:
        """Its bytes from any place."""
        return self.source.open() if not self.wrapper else _in_memory(self.source, self.wrapper)


def look_into(source: Source) -> Content:
    """Say what a file holds, or refuse it with a sentence."""
    if source.size == 0:
        raise JobError(_("The file is empty."))
    with source.open() as file:
        start = file.read(8)
    wrapper = "gzip" if start.startswith(GZIP) else ""
    member = ""
    if start.startswith(ZIP):
        with source.open() as file:
            member = "" if _is_workbook(file) else _only_member(file)
        wrapper = "zip" if member else ""
    if not wrapper:
        return Content(source, _kind(start))
    return _wrapped(source, wrapper, member)


def _wrapped(source: Source, wrapper: str, member: str) -> Content:
    with _opened(source, wrapper) as file:
        start = file.read(8)
    if not start:
        raise JobError(_("The file inside the archive is empty."))
    is_archive = start.startswith(GZIP)
    if start.startswith(ZIP):
        with _in_memory(source, wrapper) as file:
            is_archive = not _is_workbook(file)
    if is_archive:
        raise JobError(_("The archive holds another archive. Unpack it and send the file inside."))
    return Content(source, _kind(start), wrapper, member)


def _kind(start: bytes) -> str:
    for magic, kind in REFUSED.items():
        if start.startswith(magic):
            raise JobError(_("This file is %(kind)s. Save it as CSV or XLSX and send that.") % {"kind": kind})
    if start.startswith(ZIP):
        return "xlsx"
    return "parquet" if start.startswith(PARQUET) else "text"


def _damaged() -> JobError:
    return JobError(_("The archive is damaged or was cut off. Pack the file again and send that."))


def _directory(file: BinaryIO) -> zipfile.ZipFile:
    """An archive whose list of files is short enough to be read."""
    file.seek(0, io.SEEK_END)
    file.seek(max(0, file.tell() - 66_000))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise _damaged()
    (size,) = struct.unpack_from("<I", tail, at + 12)
    if size > LONGEST_DIRECTORY:
        raise JobError(_("The archive holds too many files. Send one file at a time."))
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, struct.error, ValueError, OSError, NotImplementedError):
        raise _damaged() from None


def _is_workbook(file: BinaryIO) -> bool:
    names = set(_directory(file).namelist())
    return "xl/workbook.xml" in names or ("[Content_Types].xml" in names and "xl/workbook.bin" in names)


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [
        info
        for info in archive.infolist()
        if not info.is_dir() and not info.filename.startswith(CLUTTER) and not _name(info).startswith(CLUTTER)
    ]


def _name(info: zipfile.ZipInfo) -> str:
    last = info.filename.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:100] or "?"


def _only_member(file: BinaryIO) -> str:
    members = _members(_directory(file))
    if len(members) != 1:
        raise JobError(
            _("The archive holds %(n)s files; it must hold exactly one. Send each file by itself.")
            % {"n": len(members)}
        )
    if members[0].flag_bits & 1:
        raise JobError(_("The archive is locked with a password. Send it without one."))
    if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise JobError(_("The archive is packed in a rare way. Pack it as an ordinary ZIP or gzip file."))
    return _name(members[0])


def _opened(source: Source, wrapper: str) -> BinaryIO:
    file = source.open()
    if not wrapper:
        return file
    unpacked: IO[bytes]
    try:
        if wrapper == "gzip":
            unpacked = cast(IO[bytes], gzip.GzipFile(fileobj=file))
        else:
            archive = _directory(file)
            unpacked = archive.open(_members(archive)[0])
    except (zipfile.BadZipFile, struct.error, RuntimeError, NotImplementedError):
        file.close()
        raise _damaged() from None
    return io.BufferedReader(_Bounded(unpacked, file, source.size), BLOCK)


def _in_memory(source: Source, wrapper: str) -> BinaryIO:
    with _opened(source, wrapper) as file:
        content = file.read(MOST_IN_MEMORY + 1)
    if len(content) > MOST_IN_MEMORY:
        raise JobError(_("The file inside the archive is too large to be read from it. Send it unpacked."))
    return io.BytesIO(content)


class _Bounded(io.RawIOBase):
    """Unpacks no more than an honest file of this size would hold."""

    def __init__(self, unpacked: IO[bytes], packed: BinaryIO, size: int) -> None:
        self._unpacked, self._packed, self._size, self._done = unpacked, packed, size, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            block = self._unpacked.read(len(buffer))
        except (zlib.error, EOFError, zipfile.BadZipFile, gzip.BadGzipFile, struct.error):
            raise _damaged() from None
        self._done += len(block)
        if self._done > MOST_UNPACKED or (self._done > RATIO_FROM and self._done > MOST_RATIO * self._size):
            raise JobError(_("The archive unpacks to far more than a file of its size may hold."))
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._unpacked.close()
        self._packed.close()
        super().close()
