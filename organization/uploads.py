"""Uploads are sealed while they stream in: nothing plain lies on the disk, nothing long in memory."""

import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from organization.sealing import SealedFile, SealedWriter, reseal

# A finished upload that nobody has taken yet.
PART, KEPT = ".part", ".upload"


def new_path(ending: str) -> Path:
    return Path(settings.MEDIA_ROOT) / f"{uuid.uuid4()}{ending}"


class SealedUpload(UploadedFile):  # type: ignore[type-arg]
    """An uploaded file that lies sealed on the disk, and is gone unless somebody keeps it."""

    def __init__(self, path: Path, **about: Any) -> None:
        super().__init__(SealedFile(path).open(), **about)
        self._path = path

    def keep(self) -> Path:
        """Move the file to its final place."""
        path = new_path(KEPT)
        return self._path.replace(path)

    def close(self) -> None:
        super().close()
        self._path.unlink(missing_ok=True)


class SealingUploadHandler(FileUploadHandler):
    """Takes files of who may import; a form is read before any view can refuse it, whoever sent it."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if not getattr(getattr(self.request, "user", None), "can_import", False):
            raise StopUpload(connection_reset=True)
        self._writer = SealedWriter(new_path(PART))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._writer.write(raw_data)

    def file_complete(self, file_size: int) -> SealedUpload:
        self._writer.close()
        return SealedUpload(
            self._writer.path,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )

    def upload_interrupted(self) -> None:
        if hasattr(self, "_writer"):
            self._writer.discard()


def stored_files() -> list[Path]:
    """Every upload on the disk, with an import or without."""
    folder = Path(settings.MEDIA_ROOT)
    return sorted(path for ending in (KEPT, PART) for path in folder.glob(f"*{ending}"))


def uploads_reseal(write: bool) -> int:
    """Rotation of keys: how many files depended on an old one."""
    found = 0
    for path in stored_files():
        with suppress(FileNotFoundError):  # Taken or deleted meanwhile.
            found += reseal(path, write=write)
    return found
