"""A web server that never comes to the end: a byte, and another byte a moment later, for ever."""

from __future__ import annotations

import socketserver
import ssl
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from tests.fakes.authority import Pair

# What it says at once, by what it drips after that.
HEADERS = b"HTTP/1.1 200 OK\r\nServer: "
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n"
_PAUSE_S = 0.05


class _Drip(socketserver.BaseRequestHandler):
    server: DrippingServer

    def handle(self) -> None:
        try:
            self.request.recv(4096)
            self.server.was_asked.set()
            self.request.sendall(self.server.says)
            while not self.server.is_over.wait(_PAUSE_S):
                self.request.sendall(b"x")
        except OSError:
            """The other side had enough, which is what tests are about."""


class DrippingServer(socketserver.ThreadingTCPServer):
    """Listens on loopback; over TLS where it has a pair."""

    daemon_threads = True

    def __init__(self, says: bytes, pair: Pair | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Drip)
        self.says = says
        self.was_asked = threading.Event()
        self.is_over = threading.Event()
        if pair:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pair.certificate, pair.key)
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, name="drip")  # noqa: TID251 (a peer)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
