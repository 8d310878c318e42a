"""Who listens where systemd would: a real notify socket."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest


class Supervisor:
    """Listens where systemd would."""

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._line.bind(str(path))
        self._heard: list[str] = []

    def heard(self) -> list[str]:
        """Return every line so far."""
        while True:
            try:
                self._heard += self._line.recv(4096).decode().split("\n")
            except BlockingIOError:
                return self._heard

    def close(self) -> None:
        self._line.close()


@contextmanager
def supervised(
    folder: Path, monkeypatch: pytest.MonkeyPatch, watchdog_s: float
) -> Iterator[Supervisor]:
    """Have what starts within believe that systemd has started it, with a watchdog."""
    supervisor = Supervisor(folder / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(folder / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", str(round(watchdog_s * 1_000_000)))
    yield supervisor
    supervisor.close()
