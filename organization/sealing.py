"""Files at rest: a random key for each, sealed with the field key in its head; blocks of 1 MiB.

The nonce of a block is its number and whether it is the last one, so that blocks that were
swapped, left out or cut off are noticed, and any place can be read without what is before it.
"""

import io
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils.translation import gettext as _

from organization.crypto import WrongKey, is_current, seal, unseal
from organization.jobs import JobError

MAGIC = b"HUIYAN\x01\n"
KEY_BYTES, BLOCK, TAG = 32, 1 << 20, 16
SEALED_KEY = 5 + 12 + KEY_BYTES + TAG
HEAD = len(MAGIC) + SEALED_KEY


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class SealedWriter:
    """Seals while it is written to; nothing plain ever lies on the disk."""

    def __init__(self, path: Path) -> None:
        self.path, self._number, self._rest = path, 0, bytearray()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
        key = os.urandom(KEY_BYTES)
        self._cipher = AESGCM(key)
        self._file.write(MAGIC + seal(key))
        self._file.flush()

    def write(self, data: bytes) -> None:
        self._rest += data
        # A full block waits until more comes: it may be the last one.
        while len(self._rest) > BLOCK:
            self._write_block(bytes(self._rest[:BLOCK]), last=False)
            del self._rest[:BLOCK]

    def close(self) -> None:
        if not self._file.closed:
            self._write_block(bytes(self._rest), last=True)
            self._file.close()

    def discard(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _write_block(self, plain: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), plain, None))
        self._number += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        self.discard() if kind else self.close()


class _Broken(JobError):
    def __init__(self) -> None:
        super().__init__(
            _("The stored file was changed or cut off, or its key is missing; upload the file again.")
        )


class _SealedReader(io.RawIOBase):
    """The plain bytes of a sealed file, from any place."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        try:
            self._cipher = AESGCM(_key_of(self._file))
            self._begin()
        except BaseException:
            self._file.close()
            raise

    def _begin(self) -> None:
        body = os.fstat(self._file.fileno()).st_size - HEAD
        self._blocks = -(-body // (BLOCK + TAG))
        self.size = body - self._blocks * TAG
        self._place, self._at, self._plain = 0, -1, b""
        if self.size < 0 or not self._blocks:
            raise _Broken
        self._load(self._blocks - 1)  # Only the true last block opens as the last one.

    def _load(self, number: int) -> None:
        if number == self._at:
            return
        self._file.seek(HEAD + number * (BLOCK + TAG))
        text = self._file.read(BLOCK + TAG)
        try:
            nonce = _nonce(number, last=number == self._blocks - 1)
            self._plain = self._cipher.decrypt(nonce, text, None)
        except InvalidTag:
            raise _Broken from None
        self._at = number

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._place >= self.size:
            return 0
        number, start = divmod(self._place, BLOCK)
        self._load(number)
        piece = self._plain[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        return self._place

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()


def _key_of(file: io.FileIO) -> bytes:
    head = file.read(HEAD)
    if not head.startswith(MAGIC) or len(head) < HEAD:
        raise _Broken
    try:
        return unseal(head[len(MAGIC) :])
    except WrongKey:
        raise _Broken from None


@dataclass(frozen=True)
class SealedFile:
    """A file that importers read as often as they like."""

    path: Path

    def open(self) -> BinaryIO:
        return io.BufferedReader(_SealedReader(self.path), BLOCK)

    @property
    def size(self) -> int:
        reader = _SealedReader(self.path)
        try:
            return reader.size
        finally:
            reader.close()


def _seal_plain(path: Path) -> None:
    with path.open("rb") as plain, SealedWriter(path.with_name(f"{uuid.uuid4()}.part")) as sealed:
        while block := plain.read(BLOCK):
            sealed.write(block)
    sealed.path.replace(path)


def reseal(path: Path, *, write: bool) -> bool:
    """Whether a file's key was sealed with an old field key; `write` seals it with the current one.

    Only the key in the head is replaced, in place: it has the same length. A file from before files
    were sealed counts too, and is sealed.
    """
    with path.open("r+b", buffering=0) as file:
        head = file.read(HEAD)
        if not head.startswith(MAGIC):
            if write:
                _seal_plain(path)
            return True
        if is_current(head[len(MAGIC) :]):
            return False
        if write:
            file.seek(len(MAGIC))
            file.write(seal(unseal(head[len(MAGIC) :])))
        return True
