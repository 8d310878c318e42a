"""Our own daemon as its users run it: a process with a configuration folder."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from tests.peers import process

# Camera files in the words of docs/reference/configuration.md.
_CAMERA = """\
[stream]
url = "{url}"
{more}
[[zones]]
name = "street"
outline = [[0.0, 0.2], [1.0, 0.2], [1.0, 1.0], [0.0, 1.0]]
[[rules]]
kind = "intrusion"
zone = "street"
labels = ["person"]
severity = "high"
patience_s = 0.4
"""
_KEPT = re.compile(r"alert (\S+) revision (\d+) kept")


class Agent:
    """`edge-agent run` on a folder of its own; killed at the end of the test at the latest."""

    def __init__(self, folder: Path, broker_url: str, *, more: str = "") -> None:
        self.folder = folder
        self.log_path = folder / "agent.log"
        # Words before the command, for a world of its own (unshare and the like).
        self.prefix: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "cameras.d").mkdir(parents=True)
        (folder / "agent.toml").write_text(
            f'site = "test"\nbox = "box"\nstate_dir = "{folder}/state"\n{more}\n'
            f'[broker]\nurl = "{broker_url}"\ninsecure = true\n'
        )

    def add_camera(self, name: str, url: str, *, more: str = "") -> Self:
        text = _CAMERA.format(url=url, more=more)
        (self.folder / "cameras.d" / f"{name}.toml").write_text(text)
        return self

    def start(self) -> Self:
        assert self._process is None or self._process.poll() is not None, "it runs already"
        self._process = process.spawn(self.prefix + self._command("run"), log_path=self.log_path)
        return self

    def kill(self) -> None:
        process.end(self._running(), signal.SIGKILL)

    def stop(self, within_s: float = 5.0, *, how: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to end and return the exit code; fail if it takes longer than promised."""
        self.tell(how)
        return self.exit_code(within_s)

    def tell(self, what: signal.Signals) -> None:
        self._running().send_signal(what)

    def exit_code(self, within_s: float = 10.0) -> int:
        return self._running().wait(within_s)

    def words(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def kept(self) -> set[tuple[str, int]]:
        """Return id and revision of every alert that it said is safe."""
        return {(name, int(revision)) for name, revision in _KEPT.findall(self.words())}

    def status(self) -> dict[str, Any] | None:
        """Return what `edge-agent status --json` prints; None while nobody answers."""
        answer = self.ask("status", "--json")
        return json.loads(answer.stdout) if answer.stdout.startswith("{") else None

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 (our own command line)
            self._command(*words), capture_output=True, text=True, timeout=60, check=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "edge_agent", *words, "--config", str(self.folder)]

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was never started"
        return self._process
