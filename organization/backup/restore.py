"""Put a backup back. Everything is checked first; until the end, what was there can be put back."""

import os
import shutil
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from organization import crypto
from organization.backup import postgres
from organization.backup.archive import DUMP, UPLOADS, BackupError, Manifest, first_difference, parts, verify
from organization.backup.create import KEY_CHECK, table_counts

ASIDE = "before_restore"
# Tables that hold rows before anybody has used the system.
NOT_USED_YET = {"django_migrations", "django_content_type", "auth_permission", "django_session"}


def backup_check(path: Path) -> Manifest:
    """Read the whole archive; BackupError if it is damaged, newer than this program, or of another key."""
    manifest = verify(path)
    known = MigrationLoader(None).disk_migrations or {}
    newer = [
        f"{app}.{name}"
        for app, names in manifest.migrations.items()
        for name in names
        if (app, name) not in known
    ]
    if newer:
        raise BackupError(
            f"The archive is of a newer version of Huiyan ({manifest.version}, {newer[-1]}): "
            "restore it with that one. Nothing was changed."
        )
    if not _opens(manifest.key_check):
        raise BackupError(
            "FIELD_KEY is not the key of this backup: names and phones could not be read. "
            "Set the key it was made with. Nothing was changed."
        )
    return manifest


def database_is_used() -> bool:
    return any(rows for table, rows in table_counts().items() if table not in NOT_USED_YET)


def backup_restore(path: Path, manifest: Manifest) -> None:
    """Replace everything in the database by a checked archive, then bring its tables up to date."""
    _refuse_company()
    _execute(f'ALTER SCHEMA public RENAME TO "{ASIDE}"', "CREATE SCHEMA public")
    try:
        _load(path)
        _compare(manifest)
        _move_uploads(manifest)
    except BaseException:
        _execute("DROP SCHEMA public CASCADE", f'ALTER SCHEMA "{ASIDE}" RENAME TO public')
        raise
    _execute(f'DROP SCHEMA "{ASIDE}" CASCADE')
    _drop_other_uploads(manifest)
    connection.close()
    call_command("migrate", verbosity=0)


def _refuse_company() -> None:
    """Nobody else may be at work; a restore that was killed is undone first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        (others,) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [ASIDE])
        (interrupted,) = cursor.fetchone()
    if others:
        raise BackupError(
            f"{others} other connections use this database: stop web, worker and beat first. "
            "Nothing was changed."
        )
    if interrupted:
        _execute("DROP SCHEMA IF EXISTS public CASCADE", f'ALTER SCHEMA "{ASIDE}" RENAME TO public')


def _load(path: Path) -> None:
    folder = Path(settings.MEDIA_ROOT)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner = folder.stat()
    for name, _size, content in parts(path):
        if name == DUMP:
            postgres.load(content)
        elif name.startswith(UPLOADS):
            target = folder / name.removeprefix(UPLOADS)
            draft = target.with_name(f"{target.name}.part")
            with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
                shutil.copyfileobj(content, file, 1 << 20)
            if os.geteuid() == 0:  # Web and worker are not root, and have to read what root puts back.
                os.chown(draft, owner.st_uid, owner.st_gid)
            draft.replace(target)


def _compare(manifest: Manifest) -> None:
    wrong = first_difference(table_counts(), manifest.tables)
    if wrong:
        raise BackupError(f"{wrong} does not hold the rows the manifest says; what was here is back.")


def _move_uploads(manifest: Manifest) -> None:
    """The database names uploads by their whole path, which may be another here."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE organization_import SET path = %s || substr(path, length(%s) + 1) "
            "WHERE starts_with(path, %s)",
            [str(settings.MEDIA_ROOT), manifest.upload_dir, f"{manifest.upload_dir}/"],
        )


def _drop_other_uploads(manifest: Manifest) -> None:
    """Files of what was replaced: nothing names them any more."""
    kept = {name.removeprefix(UPLOADS) for name in manifest.parts}
    for path in Path(settings.MEDIA_ROOT).iterdir():
        if path.is_file() and path.name not in kept:
            path.unlink()


def _opens(sealed: str) -> bool:
    try:
        return crypto.decrypt(bytes.fromhex(sealed)) == KEY_CHECK
    except (crypto.WrongKey, ValueError):
        return False


def _execute(*statements: str) -> None:
    """All of them or none."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
