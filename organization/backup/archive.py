"""The file: a tar of database.dump, uploads/… and, last, manifest.json with its checksum.

The manifest names every other part with its length and SHA-256. Parts are streamed.
"""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

FORMAT = 1
DUMP, MANIFEST, CHECKSUM = "database.dump", "manifest.json", "manifest.json.sha256"
UPLOADS = "uploads/"
_PART = re.compile(r"database\.dump|uploads/[A-Za-z0-9][A-Za-z0-9._-]*")
_BLOCK = 1 << 20


class BackupError(Exception):
    """A sentence for who runs the command."""


@dataclass
class Manifest:
    format: int
    version: str  # of Huiyan
    made_at: str
    database: str
    migrations: dict[str, list[str]]  # those applied, by app
    tables: dict[str, int]  # rows
    upload_dir: str
    key_check: str  # a known text sealed with FIELD_KEY
    missing_uploads: list[str] = field(default_factory=list)
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)  # "bytes" and "sha256" by name


class Writer:
    """Adds parts; the manifest comes last, when all are known."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self.tar = tar
        self.parts: dict[str, dict[str, Any]] = {}

    def add(self, name: str, path: Path) -> None:
        """FileNotFoundError if the file is gone."""
        with path.open("rb") as file:
            info = _info(name, path.stat().st_size)
            hashed = _Hashed(file)
            self.tar.addfile(info, hashed)  # type: ignore[arg-type]
        self.parts[name] = {"bytes": info.size, "sha256": hashed.digest()}

    def finish(self, manifest: Manifest) -> None:
        manifest.parts = self.parts
        text = json.dumps(asdict(manifest), indent=1).encode()
        for name, content in ((MANIFEST, text), (CHECKSUM, hashlib.sha256(text).hexdigest().encode())):
            self.tar.addfile(_info(name, len(content)), io.BytesIO(content))


def verify(path: Path) -> Manifest:
    """Read all of an archive and compare every part with the manifest."""
    try:
        found, texts = _read(path)
    except (tarfile.TarError, EOFError):
        raise BackupError("This is no backup of Huiyan, or it was cut off. Nothing was changed.") from None
    manifest = _manifest(texts)
    wrong = first_difference(found, manifest.parts)
    if wrong:
        raise BackupError(
            f"The archive is damaged: {wrong} is not what the manifest says. Nothing was changed."
        )
    return manifest


def first_difference(found: dict[str, Any], expected: dict[str, Any]) -> str:
    """The first name whose value differs or that only one of the two has; "" where they are equal."""
    names = sorted(found.keys() | expected.keys())
    return next((name for name in names if found.get(name) != expected.get(name)), "")


def _read(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Lengths and hashes of the parts, and the texts at the end."""
    found, texts = {}, {}
    for name, size, file in parts(path):
        if name in (MANIFEST, CHECKSUM):
            texts[name] = file.read()
        else:
            hashed = _Hashed(file)
            while hashed.read(_BLOCK):
                pass
            found[name] = {"bytes": size, "sha256": hashed.digest()}
    return found, texts


def parts(path: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Name, length and content of each part, in the order of the file."""
    if not path.is_file():
        raise BackupError(f"There is no file {path}.")
    with tarfile.open(path, "r:") as tar:
        for member in tar:
            known = member.name in (MANIFEST, CHECKSUM) or _PART.fullmatch(member.name)
            file = tar.extractfile(member) if known and member.isreg() else None
            if file is None:
                raise BackupError("The archive holds something that no backup holds. Nothing was changed.")
            yield member.name, member.size, file


def _manifest(texts: dict[str, bytes]) -> Manifest:
    text = texts.get(MANIFEST, b"")
    if not text or hashlib.sha256(text).hexdigest().encode() != texts.get(CHECKSUM):
        raise BackupError(
            "The archive is damaged or cut off: its manifest is not whole. Nothing was changed."
        )
    values = json.loads(text)
    if values["format"] != FORMAT:
        raise BackupError("The archive is of a newer version of Huiyan: restore it with that one.")
    return Manifest(**values)


class _Hashed:
    """A file whose content is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        block = self._file.read(size)
        self._hash.update(block)
        return block

    def digest(self) -> str:
        return self._hash.hexdigest()


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info
