"""Which encoding a text is in, and an even sample of it, in one pass over the file."""

import codecs
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from django.utils.translation import gettext as _

from organization.jobs import JobError

Opener = Callable[[], BinaryIO]
PIECE, MOST_PIECES = 64 << 10, 128
BLOCK = 16 * PIECE
START = 1 << 20


@dataclass
class _Pieces:
    """Every n-th piece of a stream, n doubling as it grows: all of a file up to 8 MB, 8 MB of a longer."""

    kept: list[tuple[int, bytes]] = field(default_factory=list)
    stride: int = 1
    count: int = 0

    def add(self, block: bytes) -> None:
        for start in range(0, len(block), PIECE):
            if self.count % self.stride == 0:
                self.kept.append((self.count, block[start : start + PIECE]))
            self.count += 1
            if len(self.kept) > MOST_PIECES:
                self.stride *= 2
                self.kept = [piece for piece in self.kept if piece[0] % self.stride == 0]

    def runs(self) -> list[bytes]:
        """Neighbours joined."""
        runs: list[bytes] = []
        last = -2
        for place, piece in self.kept:
            if place == last + 1:
                runs[-1] += piece
            else:
                runs.append(piece)
            last = place
        return runs


@dataclass
class Survey:
    """A text seen once from end to end."""

    encoding: str
    size: int
    start: str  # its first megabyte
    sample: list[str]  # whole lines from all over the file; the first line of the file is not cut off


def survey(open_: Opener) -> Survey:
    """Find the encoding of a text, or refuse it with a sentence."""
    with open_() as file:
        start = file.read(PIECE)
    places: dict[str, int] = {}
    for encoding in _candidates(start):
        found = _pass(open_, encoding)
        if isinstance(found, Survey):
            return found
        places[encoding] = found
    raise _unknown(places)


def _candidates(start: bytes) -> list[str]:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ["utf-16"]
    if b"\0" in start:
        even, odd = start[0::2].count(0), start[1::2].count(0)
        # Digits, commas and line ends leave every other byte of UTF-16 zero.
        if odd > 8 * even and odd * 16 > len(start):
            return ["utf-16-le"]
        if even > 8 * odd and even * 16 > len(start):
            return ["utf-16-be"]
        raise _zeros()
    return ["utf-8", "gb18030"]


def _zeros() -> JobError:
    return JobError(_("This file is not text: it holds zero bytes. Save it as CSV in UTF-8 or GB18030."))


def _unknown(places: dict[str, int]) -> JobError:
    if "utf-8" not in places:
        byte = next(iter(places.values()))
        return JobError(
            _("The file begins as UTF-16, but byte %(n)s does not fit. Save it as UTF-8.") % {"n": byte}
        )
    return JobError(
        _(
            "The file is neither UTF-8 (byte %(utf8)s does not fit) nor GB18030 "
            "(byte %(gb)s does not fit). Save it as UTF-8."
        )
        % {"utf8": places["utf-8"], "gb": places["gb18030"]}
    )


def _pass(open_: Opener, encoding: str) -> Survey | int:
    """The survey, or the place of the first byte that is not of this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    pieces, start, done = _Pieces(), "", 0
    with open_() as file:
        while True:
            block = file.read(BLOCK)
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return done - held + error.start
            if "\0" in text:
                raise _zeros()
            if not block:
                break
            start += text[: START - len(start)]
            pieces.add(block)
            done += len(block)
    start = start.removeprefix("\ufeff")
    return Survey(encoding, done, start, _lines(pieces, encoding))


def _lines(pieces: _Pieces, encoding: str) -> list[str]:
    """Runs cut to whole lines."""
    if encoding == "utf-16":  # Only the first run has the mark that says which end comes first.
        first = pieces.kept[0][1][:2] if pieces.kept else b""
        encoding = "utf-16-be" if first == codecs.BOM_UTF16_BE else "utf-16-le"
    texts = []
    for number, run in enumerate(pieces.runs()):
        text = (
            run.decode(encoding, "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        )
        begin = text.find("\n") + 1 if number else 0
        end = text.rfind("\n") + 1 if pieces.stride > 1 else len(text)
        texts.append(text[begin:end])
    return texts


class Utf8(io.RawIOBase):
    """A text stream as UTF-8, whatever it was; remembers how it ended, and whether a line did."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file, self._rest, self.tail, self.has_lines = file, b"", b"", False
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        block = self._rest or self._next(len(buffer))
        piece, self._rest = block[: len(buffer)], block[len(buffer) :]
        buffer[: len(piece)] = piece
        if piece:
            self.tail = (self.tail + piece[-64:])[-64:]
            self.has_lines = self.has_lines or b"\n" in piece or b"\r" in piece
        return len(piece)

    def _next(self, size: int) -> bytes:
        while block := self._file.read(size):
            text = block if self._decoder is None else self._decoder.decode(block).encode()
            if text:
                return text
        return b"" if self._decoder is None else self._decoder.decode(b"", final=True).encode()

    def close(self) -> None:
        self._file.close()
        super().close()
