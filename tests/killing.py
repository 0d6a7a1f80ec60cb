"""Real processes, held at a gate inside a transaction and killed there."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from organization.jobs import job_run

GATE = 4_712
SET_UP = "import sys, django\ndjango.setup()\n"
JOB_RUN = SET_UP + "from organization.jobs import job_run\njob_run(int(sys.argv[1]))"


@contextmanager
def held(lock: int) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [lock])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])


def waiting_for(lock: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [lock],
        )
        return int(cursor.fetchone()[0])


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def somebody_waits_for_a_table() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def gate(table: str, when: str) -> Iterator[None]:
    """Whoever updates a row of the table so that `when` holds waits here, before it is committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_advisory_xact_lock({GATE}); RETURN NEW; END $$;
                CREATE TRIGGER gate BEFORE UPDATE ON {table} FOR EACH ROW
                WHEN ({when}) EXECUTE FUNCTION wait_at_gate()"""
        )
        try:
            with held(GATE):
                yield
        finally:
            cursor.execute("DROP FUNCTION wait_at_gate() CASCADE")


def another_process(script: str, argument: int) -> "subprocess.Popen[bytes]":
    """A Python process with the settings and the database of this test."""
    name = str(connection.settings_dict["NAME"])
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "HUIYAN_DB": name}
    return subprocess.Popen([sys.executable, "-c", script, str(argument)], env=environment)


def kill_at_gate(table: str, when: str, argument: int, *, script: str = JOB_RUN) -> None:
    with gate(table, when), another_process(script, argument) as process:
        until(lambda: process.poll() is not None or waiting_for(GATE) > 0)
        assert process.poll() is None
        process.kill()
        process.wait()


def run_in_thread(job_id: int | None) -> threading.Thread:
    assert job_id is not None

    def work() -> None:
        job_run(job_id)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread
