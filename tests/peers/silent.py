"""Servers with bad manners: one accepts and says nothing, one hangs up at once."""

from __future__ import annotations

import socket
import socketserver
import threading
from typing import Self


class SilentServer:
    """Accept connections and never send a byte.

    The kernel completes the handshake for a listening socket whether anybody calls accept() or
    not, so no thread is needed: up to `backlog` clients are connected and wait for ever.
    """

    def __init__(self, backlog: int = 16) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.port = int(self._socket.getsockname()[1])

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _HangUp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        """Say nothing: the connection is closed when this returns."""


class HangUpServer:
    """Accept connections and close each at once."""

    def __init__(self) -> None:
        self._server = socketserver.TCPServer(("127.0.0.1", 0), _HangUp)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(  # noqa: TID251 (a peer beside the agent, joined in close)
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="hang-up"
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
