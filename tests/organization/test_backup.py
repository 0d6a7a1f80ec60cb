"""A backup put back is the same, table by table; one that does not fit changes nothing."""

import hashlib
import io
import json
import os
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from config import embedded
from members.models import IdentityKind, MemberIdentity
from organization import crypto
from organization.backup import archive, create, restore
from organization.models import Import, Staff, Store
from tests.conftest import make_member
from tests.organization.importing import queue
from tests.segmentation.builders import a_product, a_receipt

pytestmark = pytest.mark.django_db(transaction=True)
Edit = Callable[[dict[str, bytes]], None]


@pytest.fixture
def company(admin: Staff, store: Store) -> Import:
    member = make_member(store)
    MemberIdentity.unscoped.create(member=member, kind=IdentityKind.PHONE, value="13800138000")
    a_receipt(store, date(2026, 3, 2), member, lines=[(a_product(), 2)])
    return queue("stores", "code,licence_number,name\n1,991,门店\n", by=admin)


@pytest.fixture
def saved(company: Import, tmp_path: Path) -> Path:
    path = tmp_path / "company.tar"
    call_command("backup", path, stdout=io.StringIO())
    return path


def digests(database: Any) -> dict[str, tuple[int, str]]:
    """Rows and a digest of every table."""
    with database.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")
            found[table] = cursor.fetchone()
    return found


@pytest.fixture
def empty_database() -> Iterator[str]:
    name = f"{connection.settings_dict['NAME']}_restored"
    embedded.create_database(name)
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name}")


def test_it_puts_everything_back_into_an_empty_database(
    saved: Path, company: Import, empty_database: str, tmp_path: Path
) -> None:
    before = digests(connection)
    uploads = tmp_path / "elsewhere"
    environment = os.environ | {"HUIYAN_DB": empty_database, "UPLOAD_DIR": str(uploads)}
    command = [sys.executable, "manage.py", "restore", str(saved)]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"all {len(before)} tables hold the {sum(n for n, _ in before.values())} rows" in done.stdout
    with psycopg2.connect(embedded.database_url(empty_database)) as other:
        after = digests(other)
        with other.cursor() as cursor:
            cursor.execute("SELECT path FROM organization_import WHERE id = %s", [company.pk])
            (path,) = cursor.fetchone() or ("",)
    other.close()
    # Uploads lie elsewhere now; all the rest is the same.
    changed = {table for table in before if before[table] != after.get(table)}
    assert after.keys() == before.keys()
    assert changed == {"organization_import"}
    assert Path(path).read_bytes() == Path(company.path).read_bytes()
    assert Path(path).parent == uploads
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600


def test_it_replaces_what_is_there_when_the_name_is_typed(saved: Path, company: Import) -> None:
    before = digests(connection)
    Store.unscoped.update(name="something else")
    stray = Path(settings.MEDIA_ROOT) / "stray.upload"
    stray.touch()
    Path(company.path).unlink()
    call_command("restore", saved, replace=True, yes=name(), stdout=io.StringIO())
    assert digests(connection) == before
    assert Path(company.path).exists() and not stray.exists()


def test_it_holds_no_open_session(company: Import, admin: Staff, client: Client, tmp_path: Path) -> None:
    """Whoever reads the key of one is logged in as its owner."""
    client.force_login(admin)
    assert client.get("/account/").status_code == 200
    path, manifest = create.backup_create(tmp_path)
    assert manifest.tables["django_session"] == manifest.tables["usersessions_usersession"] == 0
    call_command("restore", path, replace=True, yes=name(), stdout=io.StringIO())
    assert client.get("/account/")["Location"] == "/login/?next=/account/"


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can give files away.")
def test_what_root_puts_back_belongs_to_who_works_with_it(saved: Path, company: Import) -> None:
    os.chown(settings.MEDIA_ROOT, 10_001, 10_001)
    call_command("restore", saved, replace=True, yes=name(), stdout=io.StringIO())
    assert (Path(company.path).stat().st_uid, Path(company.path).stat().st_gid) == (10_001, 10_001)


def name() -> str:
    return str(connection.settings_dict["NAME"])


def test_it_is_one_private_file_of_known_parts(saved: Path, company: Import, tmp_path: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    with tarfile.open(saved) as tar:
        assert tar.getnames() == [
            "database.dump",
            f"uploads/{Path(company.path).name}",
            "manifest.json",
            "manifest.json.sha256",
        ]
    assert b"13800138000" not in saved.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"company.tar", "uploads"}


def test_it_lists_uploads_that_have_gone(company: Import, tmp_path: Path) -> None:
    Path(company.path).unlink()
    _path, manifest = create.backup_create(tmp_path)
    assert Path(company.path).name in manifest.missing_uploads


def test_it_leaves_nothing_of_a_backup_that_failed(
    company: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "organization.backup.postgres.environment", lambda: os.environ | {"PGHOST": "/nowhere"}
    )
    with pytest.raises(CommandError, match="PostgreSQL's program stopped"):
        call_command("backup", tmp_path)
    assert not list(tmp_path.glob("*huiyan*"))


def edited(path: Path, edit: Edit) -> Path:
    """A copy whose parts were changed, its manifest's checksum made to fit again."""
    with tarfile.open(path) as tar:
        parts = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    edit(parts)
    copy = path.with_name("edited.tar")
    with tarfile.open(copy, "w") as tar:
        for part, content in parts.items():
            info = tarfile.TarInfo(part)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return copy


def in_manifest(**values: Any) -> Edit:
    def edit(parts: dict[str, bytes]) -> None:
        text = json.dumps(json.loads(parts[archive.MANIFEST]) | values).encode()
        parts[archive.MANIFEST] = text
        parts[archive.CHECKSUM] = hashlib.sha256(text).hexdigest().encode()

    return edit


def flip(parts: dict[str, bytes]) -> None:
    parts[archive.DUMP] = parts[archive.DUMP][:-9] + b"x" + parts[archive.DUMP][-8:]


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (flip, "database.dump is not what the manifest says"),
        (lambda parts: parts.pop(archive.MANIFEST), "its manifest is not whole"),
        (lambda parts: parts.update({"../evil": b""}), "something that no backup holds"),
        (lambda parts: parts.update({"uploads/../../evil": b""}), "something that no backup holds"),
        (lambda parts: parts.pop(archive.DUMP), "database.dump is not what"),
        (in_manifest(format=2), "newer version"),
        (in_manifest(migrations={"sales": ["9999_later"]}), "newer version"),
        (in_manifest(key_check="01" + "00" * 40), "FIELD_KEY is not the key"),
        (in_manifest(tables={"sales_receipt": 7}), "what was here is back"),
    ],
    ids=["damaged", "no manifest", "stranger", "way out", "no dump", "format", "newer", "key", "counts"],
)
def test_it_refuses_what_does_not_fit_and_changes_nothing(saved: Path, edit: Edit, sentence: str) -> None:
    before = digests(connection)
    with pytest.raises(CommandError, match=sentence):
        call_command("restore", edited(saved, edit), replace=True, yes=name())
    assert digests(connection) == before


def test_it_refuses_an_archive_that_was_cut_off(saved: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tar"
    cut.write_bytes(saved.read_bytes()[:5_000])
    for path in (cut, tmp_path / "none.tar"):
        with pytest.raises(CommandError):
            call_command("restore", path, replace=True, yes=name())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({}, "is in use"), ({"replace": True}, "not"), ({"replace": True, "yes": "huiyan"}, "The name typed")],
)
def test_it_gives_up_nothing_unasked(saved: Path, options: dict[str, Any], sentence: str) -> None:
    before = digests(connection)
    with pytest.raises(CommandError, match=sentence):
        call_command("restore", saved, **options)
    assert digests(connection) == before


def test_it_waits_for_nobody_at_work(saved: Path) -> None:
    other = psycopg2.connect(embedded.database_url(name()))
    with pytest.raises(CommandError, match="1 other connections"):
        call_command("restore", saved, replace=True, yes=name())
    other.close()


def test_it_undoes_a_restore_that_was_killed(saved: Path) -> None:
    before = digests(connection)
    restore._execute(f'ALTER SCHEMA public RENAME TO "{restore.ASIDE}"', "CREATE SCHEMA public")
    restore._refuse_company()
    assert digests(connection) == before


def test_it_seals_the_key_s_check_with_the_key(saved: Path) -> None:
    assert crypto.decrypt(bytes.fromhex(archive.verify(saved).key_check)) == create.KEY_CHECK
