"""Our own center as its operators run it: a process with a configuration folder."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Self

from tests.peers import process

if TYPE_CHECKING:
    from pathlib import Path


class ReferenceCenter:
    """`edge-agent center run` on a folder of its own; killed at the end of the test at the latest."""

    def __init__(self, folder: Path, broker_url: str, database: str, *, more: str = "") -> None:
        self.folder = folder
        self.log_path = folder / "center.log"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "boxes").touch()
        (folder / "center.toml").write_text(
            f'database = "{database}"\n[broker]\nurl = "{broker_url}"\ninsecure = true\n{more}\n'
            # Several centers on one machine: each takes a port that is free.
            + ("" if "[web]" in more else '[web]\nlisten = "127.0.0.1:0"\n')
        )

    def start(self) -> Self:
        assert self._process is None or self._process.poll() is not None, "it runs already"
        self._process = process.spawn(self._command("run"), log_path=self.log_path)
        return self

    def kill(self) -> None:
        process.end(self._running(), signal.SIGKILL)

    def stop(self, within_s: float = 5.0) -> int:
        """Tell it to end and return the exit code; fail if it takes longer than promised."""
        self._running().send_signal(signal.SIGTERM)
        return self._running().wait(within_s)

    @property
    def pid(self) -> int:
        return self._running().pid

    def words(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 (our own command line)
            self._command(*words), capture_output=True, text=True, timeout=60, check=False
        )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def _command(self, *words: str) -> list[str]:
        return [
            *(sys.executable, "-m", "edge_agent", "center", *words),
            *("--config", str(self.folder)),
        ]

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was never started"
        return self._process
