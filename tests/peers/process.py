"""Servers as processes of ours: started, waited for, ended by their own pid.

`setpriv --pdeathsig` ends a server even when the test run is killed with -9: the kernel sends the
signal when the *thread* that started the server ends, so start servers from the test's own thread.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

import pytest

from tools import debian

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Loopback servers are up in 0.1 s here; a Pi under load may need twenty times as long.
_PATIENCE_S = 15.0
_POLL_S = 0.02
# ip_local_port_range begins at 32768; servers that people run are mostly below 20000.
_OURS = (20_000, 32_768)
# Two test workers must not guess alike, whatever seed their tests set.
_GUESS = random.SystemRandom()


def absent(what: str) -> NoReturn:
    """Skip the test, or fail it where `make test` has promised that nothing is missing."""
    reason = f"{what}; `make test` installs it"
    if os.environ.get("EDGE_AGENT_TEST_STRICT") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def required_program(name: str) -> Path:
    return debian.program(name) or absent(f"{name} is not on this machine")


def free_port() -> int:
    """Return a port that nobody has: below those that Linux gives away on its own (ip(7)).

    One of those could be gone, to another test's connection, before our server takes it.
    """
    while True:
        port = _GUESS.randrange(*_OURS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Server(ABC):
    """The life of one server: the same start, stop, kill and freeze for each program.

    The one base class of the house: a server is asked for its life in a hundred places, and seven
    one-line relays in each kind of server would be the alternative. A kind of server says what to
    run (`_command`) and when it is up (`_is_up`). `within` are words to put before the command:
    another network namespace, for example.
    """

    # How long one may take to get up.
    patience_s = _PATIENCE_S

    def __init__(self, log_path: Path, within: Sequence[str] = ()) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.within = tuple(within)
        self.log_path = log_path
        log_path.parent.mkdir(parents=True, exist_ok=True)

    @property
    def pid(self) -> int:
        return self._running().pid

    def start(self) -> Self:
        assert self._process is None, "this server runs already"
        # What the last run said, that it was up for example, is not said of this one.
        self.log_path.write_bytes(b"")
        self._process = spawn(self._command(), self.log_path, self.within)
        wait_until(self._is_up, self._process, self.log_path, self.patience_s)
        return self

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop the process without ending it: connections stay open, nothing is answered."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abstractmethod
    def _command(self) -> Sequence[str | Path]:
        """Return what to run."""

    @abstractmethod
    def _is_up(self) -> bool:
        """Tell whether it serves by now."""

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "this server does not run"
        return self._process

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            end(self._process, how)
            self._process = None


def spawn(
    command: Sequence[str | Path], log_path: Path | None = None, within: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    """Start a program whose life ends with ours at the latest; its words go to `log_path`.

    What `within` says comes first: a change of user makes the kernel forget the promise.
    """
    with log_path.open("ab") if log_path else nullcontext() as log:
        return subprocess.Popen(  # noqa: S603 (programs named in this repository, no shell)
            [*within, "/usr/bin/setpriv", "--pdeathsig", "KILL", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT if log else None,
            env=debian.environment(),
            # Ctrl-C is for us alone: we end our servers, in our order.
            start_new_session=True,
        )


def wait_until(
    ready: Callable[[], bool],
    process: subprocess.Popen[bytes],
    log_path: Path,
    patience_s: float = _PATIENCE_S,
) -> None:
    """Return when `ready()` is true; raise with the server's last words when it ends first."""
    deadline = time.monotonic() + patience_s
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


def listens(pid: int, *ports: int) -> bool:
    """Say whether somebody listens on all of these TCP ports of the process's own network."""
    try:
        tables = [Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
    except OSError:
        # It has ended.
        return False
    lines = [line.split() for table in tables for line in table.splitlines()[1:]]
    # proc(5), /proc/net/tcp: local address, remote address, state; 0A is LISTEN.
    heard = {int(words[1].rpartition(":")[2], 16) for words in lines if words[3] == "0A"}
    return heard >= set(ports)


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
