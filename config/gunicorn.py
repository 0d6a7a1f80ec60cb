"""How gunicorn serves: `gunicorn -c config/gunicorn.py config.wsgi`."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

bind = os.environ.get("BIND", "0.0.0.0:8000")
workers = int(os.environ.get("WEB_WORKERS", "3"))
# Threads: a slow upload then takes one of them, and not the worker, which would be killed after 30 s.
worker_class, threads = "gthread", 4
# What is being answered when it is asked to stop may end.
graceful_timeout = 30
control_socket_disable = True
# Else a header of a browser could say, through a proxy on this machine, what address was asked for.
forwarder_headers = ""
loglevel = "warning"
# No access log: addresses hold tokens and words; the application writes a line of its own.
accesslog = None

# Each process counts into files here, and /metrics adds them up.
_metrics = Path(os.environ.get("HUIYAN_LOCAL_DIR", tempfile.gettempdir())) / "huiyan-metrics"
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)
shutil.rmtree(_metrics, ignore_errors=True)
_metrics.mkdir(parents=True)


def on_starting(server: Any) -> None:
    """What escapes Django, as a fault within a download, is told as quietly as the rest."""
    from config.quiet import PlacesOnly
    from organization.redaction import SecretPaths

    for handler in server.log.error_log.handlers:
        handler.addFilter(PlacesOnly())
        handler.addFilter(SecretPaths())


def child_exit(_server: Any, worker: Any) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
