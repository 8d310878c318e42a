"""A technician at a serial console: a real pseudo-terminal of 80x24 that can only go on."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROWS, COLUMNS = 24, 80
# A look at a stream takes its seconds, and the machine may be busy.
_PATIENCE_S = 60.0


class SerialConsole:
    """Runs one command of ours; `out` is all that came over the line so far."""

    def __init__(
        self,
        *words: str | Path,
        env: Mapping[str, str],
        cwd: Path,
        within: Sequence[str] = (),
    ) -> None:
        self._line, far_end = pty.openpty()
        size = struct.pack("HHHH", _ROWS, COLUMNS, 0, 0)
        fcntl.ioctl(far_end, termios.TIOCSWINSZ, size)
        self.out = ""
        self._read_up_to = 0
        self._process = subprocess.Popen(  # noqa: S603 (our own program)
            [*within, sys.executable, "-m", "edge_agent", *words],
            stdin=far_end,
            stdout=far_end,
            stderr=far_end,
            env={**os.environ, "TERM": "vt100", **env},
            cwd=cwd,
            start_new_session=True,
        )
        os.close(far_end)

    def types(self, after: str, answer: str) -> None:
        """Wait for that end of a question, and answer it."""
        self._waits_for(after)
        os.write(self._line, f"{answer}\n".encode())

    def _waits_for(self, after: str) -> None:
        until = time.monotonic() + _PATIENCE_S
        while after not in self.out[self._read_up_to :]:
            assert time.monotonic() < until, f"waited for {after!r} in:\n{self.out}"
            assert self._read() or self._process.poll() is None, f"it ended:\n{self.out}"
        self._read_up_to = self.out.index(after, self._read_up_to) + len(after)

    def sends(self, after: str, line: bytes) -> None:
        """Wait for that end of a question, and send these bytes as they are."""
        self._waits_for(after)
        os.write(self._line, line)

    def is_interrupted(self, after: str) -> None:
        """Wait for that end of a question, and until somebody listens; then type Ctrl-C.

        Between the question and the reading of the answer Python notes the signal and reads all the same.
        """
        self._waits_for(after)
        until = time.monotonic() + _PATIENCE_S
        while self._state() != "S":
            assert time.monotonic() < until, f"nobody listens:\n{self.out}"
            self._read()
        self._process.send_signal(signal.SIGINT)

    def _state(self) -> str:
        stat = Path("/proc", str(self._process.pid), "stat").read_text()
        return stat.rpartition(")")[2].split()[0]

    def ends(self) -> int:
        """Wait for its end and return its exit code."""
        until = time.monotonic() + _PATIENCE_S
        while self._process.poll() is None:
            assert time.monotonic() < until, f"it does not end:\n{self.out}"
            self._read()
        while self._read():
            pass
        return self._process.returncode

    def _read(self) -> bool:
        if not select.select([self._line], [], [], 0.1)[0]:
            return False
        try:
            said = os.read(self._line, 65536)
        except OSError:  # Linux says EIO where the far end is closed
            return False
        self.out += said.decode(errors="replace").replace("\r\n", "\n")
        return bool(said)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._line)
