"""A tap between one contender and the RTSP server: it forwards bytes and notes when each frame left.

So we know when the contender was sent the first frame with somebody in it, and how many frames it
was sent at all, without asking the contender.
"""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

_CHUNK = 65536
# RTSP over TCP (RFC 2326, section 10.12): "$", channel, length, then an RTP packet.
_DOLLAR = 0x24
_HEAD = 4
# RTP (RFC 3550, section 5.1): the marker bit closes a picture (RFC 6184, section 5.1).
_MARKER = 0x80
_VIDEO_CHANNEL = 0
_LISTENING_S = 0.5


class Tap:
    """Listens on a loopback port of its own; `frames_sent` belongs to the newest connection."""

    def __init__(self, server_port: int) -> None:
        self.frames_sent: list[float] = []
        self.connections = 0
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_LISTENING_S)
        self._is_closed = False
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._listen, name="tap")]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """The address that a contender is given."""
        return f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/main"

    def close(self) -> None:
        """Hang up on both sides."""
        self._is_closed = True
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for connection in (*self._open, self._listener):
            connection.close()

    def _listen(self) -> None:
        while not self._is_closed:
            with suppress(TimeoutError):
                self._join(self._listener.accept()[0])

    def _join(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self._server_port))
        for connection in (client, server):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections += 1
        self.frames_sent = []
        self._open += [client, server]
        for run in (self._forward_questions, self._forward_frames):
            thread = threading.Thread(target=run, args=(client, server), name=run.__name__)
            self._threads.append(thread)
            thread.start()

    def _forward_questions(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while chunk := client.recv(_CHUNK):
                server.sendall(chunk)
            server.shutdown(socket.SHUT_RDWR)

    def _forward_frames(self, client: socket.socket, server: socket.socket) -> None:
        sent, packets = self.frames_sent, _VideoPackets()
        with suppress(OSError):
            while chunk := server.recv(_CHUNK):
                client.sendall(chunk)
                now = time.time()
                sent += [now for packet in packets.feed(chunk) if packet[1] & _MARKER]
            client.shutdown(socket.SHUT_RDWR)


class _VideoPackets:
    """Finds RTP packets of the first track between RTSP's replies."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield each RTP packet that is now whole."""
        data = self._rest + chunk
        while data:
            is_packet = data[0] == _DOLLAR
            size = _packet_size(data) if is_packet else _reply_size(data)
            if size is None or size > len(data):
                break
            if is_packet and data[1] == _VIDEO_CHANNEL:
                yield data[_HEAD:size]
            data = data[size:]
        self._rest = data


def _packet_size(data: bytes) -> int | None:
    return _HEAD + int.from_bytes(data[2:_HEAD], "big") if len(data) >= _HEAD else None


def _reply_size(data: bytes) -> int | None:
    """Return the length of an RTSP reply with its body; None while its head is not whole.

    A search for the next "$" would not do: GStreamer's session names may hold one.
    """
    head, end, _ = data.partition(b"\r\n\r\n")
    if not end:
        return None
    length = re.search(rb"\r\ncontent-length:\s*(\d+)", head, re.IGNORECASE)
    return len(head) + len(end) + (int(length.group(1)) if length else 0)
