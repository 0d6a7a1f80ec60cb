"""XLSX: read by a child process with limits of its own, and streamed back as CSV."""

import io
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from organization.imports.containers import BLOCK, MOST_IN_MEMORY, MOST_RATIO, RATIO_FROM, Content
from organization.jobs import JobError

CHILD = Path(__file__).with_name("spreadsheet_child.py")
# A sheet of 1,048,576 rows and 12 columns takes 1.1 GB and half a minute.
MEMORY, CPU_SECONDS = 1536 << 20, 180


def about(content: Content) -> tuple[str, int]:
    """Name of the first sheet with data, and the row its header stands in."""
    with _Child(content) as child:
        return child.sheet, child.first_row


def open_csv(content: Content) -> BinaryIO:
    """The sheet as CSV in UTF-8."""
    return io.BufferedReader(_Child(content), BLOCK)


class _Child(io.RawIOBase):
    def __init__(self, content: Content) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(CHILD), str(MEMORY), str(CPU_SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},  # What reads a stranger's file is not told our keys.
        )
        try:
            self._send(content)
            answer = self._answer()
        except BaseException:
            self._stop()
            raise
        self.sheet, self.first_row = answer["sheet"], answer["first_row"]

    def _send(self, content: Content) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        sent = self._written = 0
        with content.open() as file:
            while block := file.read(BLOCK):
                sent += len(block)
                self._most = max(RATIO_FROM, MOST_RATIO * sent)
                if sent > MOST_IN_MEMORY:
                    raise _too_large()
                with suppress(BrokenPipeError):  # The child is gone; its answer will be missing.
                    pipe.write(block)
        with suppress(BrokenPipeError):
            pipe.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline(10_000)
        if not line:
            raise _too_large()
        answer: dict[str, Any] = json.loads(line)
        sentences = {
            "empty": _("The workbook holds no sheet with data."),
            "password": _("The workbook is locked with a password. Send it without one."),
            "damaged": _("The workbook cannot be read. Open it, save it again as XLSX or CSV and send that."),
        }
        if "error" in answer:
            raise JobError(sentences[answer["error"]])
        return answer

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        assert self._process.stdout is not None
        block = self._process.stdout.read(len(buffer))
        self._written += len(block)
        # One text of a workbook can stand in every cell.
        if self._written > self._most or (not block and self._process.wait()):
            raise _too_large()
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        if not self.closed:
            self._stop()
        super().close()

    def _stop(self) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait()


def _too_large() -> JobError:
    return JobError(
        _("The workbook needs more memory or time than is allowed. Save the sheet as CSV and send that.")
    )
