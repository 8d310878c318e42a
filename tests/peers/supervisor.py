"""Who listens where systemd would: a real notify socket."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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
