"""Servers as processes of ours: started, waited for, ended by their own pid.

`setpriv --pdeathsig` ends a server even when the test run is killed with -9: the kernel sends the
signal when the *thread* that started the server ends, so start servers from the test's own thread.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from tools import debian

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Loopback servers are up in 0.1 s here; a Pi under load may need twenty times as long.
_PATIENCE_S = 15.0
_POLL_S = 0.02


def absent(what: str) -> NoReturn:
    """Skip the test, or fail it where `make test` has promised that nothing is missing."""
    reason = f"{what}; `make test` installs it"
    if os.environ.get("EDGE_AGENT_TEST_STRICT") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def required_program(name: str) -> Path:
    return debian.program(name) or absent(f"{name} is not on this machine")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def spawn(command: Sequence[str | Path], log_path: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a program whose life ends with ours at the latest; its words go to `log_path`."""
    with log_path.open("ab") if log_path else nullcontext() as log:
        return subprocess.Popen(  # noqa: S603 (programs named in this repository, no shell)
            ["/usr/bin/setpriv", "--pdeathsig", "KILL", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT if log else None,
            env=debian.environment(),
            # Ctrl-C is for us alone: we end our servers, in our order.
            start_new_session=True,
        )


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log_path: Path) -> None:
    """Return when `ready()` is true; raise with the server's last words when it ends first."""
    deadline = time.monotonic() + _PATIENCE_S
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            end(process, signal.SIGKILL)
            words = log_path.read_text(errors="replace")[-2000:]
            msg = f"{process.args!r} did not get ready (exit {process.returncode}):\n{words}"
            raise RuntimeError(msg)
        time.sleep(_POLL_S)  # noqa: TID251 (another process's readiness has no clock of ours)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """End one process of ours; one that ignores the polite signal for five seconds is killed."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGCONT)
    process.send_signal(how)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
