"""A connection to a web server of which every wait has an end, and ends on Stop.

http.client bounds each read and not the answer: a server that sends a byte every few seconds, of its
headers too, would be read for days.
"""

import io
import select
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPS_PORT, HTTPConnection
from typing import Any

from edge_agent.runtime.stop import Stop
from edge_agent.wire.dial import connect, deadline, shake_hands, told_to_stop, wait


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server may take."""

    # For each step: connecting, encrypting, taking the question, and a silence within the answer.
    step_s: float
    # For the whole answer, headers and all, from the question on.
    answer_s: float


class WebLine(HTTPConnection):
    """One question over plain HTTP, or over TLS where there is a context.

    Raises what http.client does, and LinkLostError when told to stop. Redirects are answers, and the
    environment's proxies are not asked. Name look-ups only cannot be interrupted.
    """

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext | None, patience: Patience, stop: Stop
    ) -> None:
        super().__init__(host, port)
        self._context = context
        self._patience = patience
        self._stop = stop
        if context:
            # http.client leaves the usual port out of the header.
            self.default_port = HTTPS_PORT

    def connect(self) -> None:
        """Connect, and encrypt."""
        step_s = self._patience.step_s
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            raise socket.gaierror(socket.EAI_NONAME, "no name of a host") from error
        connection = connect(found, step_s, self._stop)
        try:
            if self._context:
                connection = self._context.wrap_socket(
                    connection, server_hostname=self.host, do_handshake_on_connect=False
                )
                shake_hands(connection, step_s, self._stop)
        except BaseException:
            connection.close()
            raise
        self.sock = _Line(connection, self._patience, self._stop)


class _Line:
    """What http.client asks of a socket."""

    def __init__(self, connection: socket.socket, patience: Patience, stop: Stop) -> None:
        self._connection = connection
        self._patience = patience
        self._stop = stop

    def sendall(self, content: bytes) -> None:
        # A question is smaller than the kernel's buffer: this waits for nobody.
        self._connection.settimeout(self._patience.step_s)
        self._connection.sendall(content)
        self._connection.settimeout(0)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Answer(self._connection, self._patience, self._stop))

    def close(self) -> None:
        # The connection is closed when its last reader is.
        self._connection.close()


class _Answer(io.RawIOBase):
    """Reads until the server has nothing more to say, or no more time."""

    def __init__(self, connection: socket.socket, patience: Patience, stop: Stop) -> None:
        self._connection = connection
        # Keeps the connection open although http.client closes its socket first.
        self._kept = connection.makefile("rb", buffering=0)
        self._step_s = patience.step_s
        self._left_s = deadline(patience.answer_s)
        self._stop = stop

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left_s = _sooner(deadline(self._step_s), self._left_s)
        while True:
            # Both also where something comes all the time, and no wait is long enough to ask.
            if self._stop.is_told:
                raise told_to_stop()
            if self._left_s() <= 0:
                raise TimeoutError("the answer takes too long")
            try:
                return self._connection.recv_into(buffer)
            except (ssl.SSLWantReadError, BlockingIOError):
                wait(self._connection, select.POLLIN, left_s, self._stop)
            except ssl.SSLWantWriteError:
                wait(self._connection, select.POLLOUT, left_s, self._stop)

    def close(self) -> None:
        self._kept.close()
        super().close()


def _sooner(one: Callable[[], float], other: Callable[[], float]) -> Callable[[], float]:
    return lambda: min(one(), other())
