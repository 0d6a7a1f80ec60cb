import os
import socket
from pathlib import Path

import pytest

from config import embedded, serve


def test_it_takes_the_next_port_when_one_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert serve.free_port(port) > port


@pytest.mark.parametrize(
    "content",
    ["", "no number", "999999999", str(os.getpid())],
    ids=["empty", "text", "gone", "stranger"],
)
def test_it_is_not_fooled_by_a_stale_pid(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "LOCAL", tmp_path)
    (tmp_path / "supervisord.pid").write_text(content)
    assert serve.running_at() is None


@pytest.mark.parametrize(
    ("pid", "stays"), [(os.getpid(), False), (999_999_999, True)], ids=["stranger", "gone"]
)
def test_it_clears_the_pid_a_stranger_has_by_now(
    pid: int, stays: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "DATA", tmp_path)
    pid_file = tmp_path / "postmaster.pid"
    pid_file.write_text(f"{pid}\n/somewhere\n")
    embedded._clear_stale_pid()
    assert pid_file.exists() is stays


def test_it_starts_nothing_that_runs_already() -> None:
    assert embedded.start() is False
