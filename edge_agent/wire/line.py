"""The socket that paho gets: one whose end is told by the broker's last words."""

import socket
import ssl


class Line:
    """A socket whose broken end is told by reading only: there the broker's last words stand.

    When sending fails paho hangs up at once, and the DISCONNECT that says why is never read.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        # What TLS said when it broke. In TLS 1.3 a refused certificate shows only here.
        self.tls_failure: ssl.SSLError | None = None
        self.close = connection.close
        self.fileno = connection.fileno
        self.setblocking = connection.setblocking

    def recv(self, size: int) -> bytes:
        """Read what there is, and remember how TLS broke."""
        try:
            return self._connection.recv(size)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as failure:
            self.tls_failure = failure
            raise

    def send(self, buffer: bytes | bytearray) -> int:
        """Write what fits; a broken end takes all, and is told by reading."""
        try:
            return self._connection.send(buffer)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError:
            return len(buffer)

    def pending(self) -> int:
        """Return how many bytes TLS has decrypted already; they show in no poll."""
        return self._connection.pending() if isinstance(self._connection, ssl.SSLSocket) else 0
