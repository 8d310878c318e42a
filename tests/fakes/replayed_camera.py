"""A camera that can only repeat what another one said: replays tests/recorded byte by byte."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker

RECORDED = Path(__file__).resolve().parents[1] / "recorded"
# Stands in recordings where the camera named its own port; five bytes, as all ports here have.
_PORT = b"@PORT"
_OPERATION = re.compile(rb"Body[^>]*>\s*<(?:[\w-]+:)?(\w+)")
# Answers whatever is not answered by name.
ANYTHING = "*"


def recorded(folder: str, name: str) -> bytes:
    return (RECORDED / folder / name).read_bytes()


class ReplayedCamera:
    """Answers each operation with its bytes, then hangs up; `stays` keeps the connection."""

    def __init__(self, replies: Mapping[str, bytes], *, stays: bool = False) -> None:
        self._replies = replies
        self._stays = stays
        self._stop = Stop()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.02)
        self._worker = Worker("replayed camera", self._serve, on_failure=self._stop.tell)
        # Each request as it came, and the operation it asked for.
        self.requests: list[bytes] = []
        self.operations: list[str] = []

    @classmethod
    def of(cls, folder: str) -> Self:
        """Return the camera of a folder: GetX.http answers GetX."""
        files = sorted((RECORDED / folder).glob("*.http"))
        return cls({file.stem: file.read_bytes() for file in files})

    @property
    def port(self) -> int:
        return int(self._server.getsockname()[1])

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.tell()
        assert self._worker.join(5), "the replayed camera does not end"
        self._server.close()
        assert self._worker.failure is None or kind is not None, self._worker.failure

    def _serve(self) -> None:
        while not self._stop.is_told:
            try:
                wire, _ = self._server.accept()
            except TimeoutError:
                continue
            with wire:
                wire.settimeout(5)
                self._answer(wire)

    def _answer(self, wire: socket.socket) -> None:
        request = _read_request(wire)
        asked = _OPERATION.search(request)
        operation = asked[1].decode() if asked else request.split(b" ", 1)[0].decode()
        self.requests.append(request)
        self.operations.append(operation)
        reply = self._replies.get(operation, self._replies.get(ANYTHING, b""))
        try:
            wire.sendall(reply.replace(_PORT, str(self.port).encode()))
            while self._stays and not self._stop.is_told and wire.recv(1024):
                pass
        except OSError:
            # We hung up first, as we should.
            return


def _read_request(wire: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        more = wire.recv(65536)
        if not more:
            return request
        request += more
    head, _, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    while length and len(body) < int(length[1]):
        body += wire.recv(65536)
    return head + b"\r\n\r\n" + body
