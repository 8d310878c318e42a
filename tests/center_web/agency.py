"""An agency's end of a webhook: a real HTTP server that takes, fails, dawdles or does worse."""

from __future__ import annotations

import http.server
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from edge_agent.runtime.worker import Worker

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True)
class Received:
    headers: dict[str, str]
    body: bytes


class Agency:
    """Answers each POST with the next of its answers, and with the last one for ever.

    An answer is a status, or "trickle" (a byte a tenth of a second, without end), "flood" (a body
    without end), "hang" (nothing), "hang up".
    """

    def __init__(self, *answers: int | str, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self.headers: dict[str, str] = {}
        self.answers = list(answers or (204,))
        self.is_over = threading.Event()
        agency = self

        class Desk(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told = {name.lower(): value for name, value in self.headers.items()}
                agency.received.append(Received(told, body))
                more = len(agency.answers) > 1
                answer = agency.answers.pop(0) if more else agency.answers[0]
                with suppress(OSError):
                    agency._answer(self, answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Desk)
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}/hook"
        self._worker = Worker("agency", self._serve, on_failure=lambda: None)

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self._server.shutdown()
        self._server.server_close()
        assert self._worker.join(5)

    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.received]

    def _serve(self) -> None:
        self._server.serve_forever(0.05)

    def _answer(self, desk: http.server.BaseHTTPRequestHandler, answer: int | str) -> None:
        if isinstance(answer, int):
            desk.send_response(answer)
            for name, value in {"Content-Length": "0", **self.headers}.items():
                desk.send_header(name, value)
            desk.end_headers()
            return
        desk.close_connection = True
        if answer == "trickle":
            desk.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while not self.is_over.wait(0.1):
                desk.wfile.write(b"x")
        elif answer == "flood":
            desk.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
            while not self.is_over.is_set():
                desk.wfile.write(b"x" * 65_536)
        elif answer == "hang":
            self.is_over.wait(30)
