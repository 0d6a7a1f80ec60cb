"""Make a backup: the database as of one moment, and the uploads it names."""

import os
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from organization import crypto
from organization.backup import postgres
from organization.backup.archive import DUMP, FORMAT, UPLOADS, BackupError, Manifest, Writer
from organization.models import Import

KEY_CHECK = "huiyan backup"


def backup_create(target: Path) -> tuple[Path, Manifest]:
    """Write an archive to a file, or into a folder under the time; whole or not at all, mode 0600."""
    now = timezone.now()
    path = target / f"huiyan-{now:%Y%m%dT%H%M%SZ}.tar" if target.is_dir() else target
    if not path.parent.is_dir():
        raise BackupError(f"There is no folder {path.parent}.")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".huiyan-backup-") as folder:
        draft = Path(folder) / "archive.tar"
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                manifest = _fill(Writer(tar), Path(folder))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    return path, manifest


def version() -> str:
    project = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def table_counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall()]
        counts = {}
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            counts[table] = cursor.fetchone()[0]
    return counts


def _fill(writer: Writer, folder: Path) -> Manifest:
    with _snapshot() as snapshot:
        manifest = _described()
        uploads = sorted(path for path in Import.unscoped.values_list("path", flat=True) if path)
        postgres.dump(folder / DUMP, snapshot)
    writer.add(DUMP, folder / DUMP)
    (folder / DUMP).unlink()
    for path in map(Path, uploads):
        try:
            writer.add(UPLOADS + path.name, path)
        except FileNotFoundError:
            manifest.missing_uploads.append(path.name)
    writer.finish(manifest)
    return manifest


def _described() -> Manifest:
    return Manifest(
        format=FORMAT,
        version=version(),
        made_at=timezone.now().isoformat(),
        database=str(connection.settings_dict["NAME"]),
        migrations=_applied(),
        tables=table_counts() | dict.fromkeys(postgres.LEFT_OUT, 0),
        upload_dir=str(settings.MEDIA_ROOT),
        key_check=crypto.encrypt(KEY_CHECK).hex(),
    )


def _applied() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, array_agg(name ORDER BY name) FROM django_migrations GROUP BY app")
        rows: list[Any] = cursor.fetchall()
    return dict(rows)


@contextmanager
def _snapshot() -> Iterator[str]:
    """The name of a view of the database that pg_dump can share, as long as the body runs."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0]
