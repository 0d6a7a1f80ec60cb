"""Web, worker and beat under one supervisor until Ctrl-C: `python -m config.serve`."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
LOCAL = Path(os.environ.get("HUIYAN_LOCAL_DIR", ROOT / ".local"))
ADDRESS = LOCAL / "address"


def running_at() -> str | None:
    """The address of a supervisor of this checkout that is alive."""
    pid_file = LOCAL / "supervisord.pid"
    try:
        process = psutil.Process(int(pid_file.read_text()))
        if any("supervisord" in word for word in process.cmdline()):
            return ADDRESS.read_text()
    except (OSError, ValueError, psutil.Error):
        pass
    return None


def stop() -> None:
    if running_at():
        process = psutil.Process(int((LOCAL / "supervisord.pid").read_text()))
        process.terminate()
        process.wait(timeout=60)


def prepare_database() -> None:
    """Make the database where the embedded one is used, and bring its tables up to date."""
    from django.conf import settings
    from django.core.management import call_command

    if not settings.DATABASE_URL:
        from config import embedded

        embedded.create_database(settings.DATABASES["default"]["NAME"])
    call_command("migrate", verbosity=0)


def first_page() -> str:
    """What follows the address: the set-up with its code while nobody has an account."""
    from django.conf import settings

    from organization.first_run import is_open

    return f"setup/?code={settings.SETUP_CODE}" if is_open() else ""


def free_port(wanted: int) -> int:
    """The wanted port or the next one that nobody listens on."""
    for port in range(wanted, wanted + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    sys.exit(f"No port from {wanted} to {wanted + 199} is free; set PORT.")


def main(*, demo: bool = False, path: str = "") -> int:
    """Serve until Ctrl-C; `path` is the page to open, told with the address."""
    address = running_at()
    if address:
        print(f"Already serving at {address}{path}")
        return 0
    LOCAL.mkdir(exist_ok=True, parents=True)
    port = free_port(int(os.environ.get("PORT", 8000)))
    ADDRESS.write_text(f"http://localhost:{port}/")
    environment = os.environ | {
        "HUIYAN_LOCAL_DIR": str(LOCAL),
        "PORT": str(port),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONWARNINGS": "ignore",
        "HUIYAN_DEMO": str(int(demo)),
    }
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    subprocess.run(collect, cwd=ROOT, env=environment, check=True)
    if path:
        print(f"\nOpen http://localhost:{port}/{path}\nto set the company up.\n", flush=True)
    print(f"Serving at http://localhost:{port}/ until Ctrl-C.", flush=True)
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(ROOT / "supervisord.conf")]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        return process.wait()  # Ctrl-C reached the supervisor too; let it stop its processes.


def serve_company() -> int:
    """The company of this database, whatever is in it; an empty one begins with the set-up."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    prepare_database()
    return main(path=first_page())


if __name__ == "__main__":
    if sys.argv[1:] == ["stop"]:
        stop()
    else:
        sys.exit(serve_company())
