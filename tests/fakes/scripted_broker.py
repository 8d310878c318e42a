"""A broker that answers as a test tells it to: limits, refusals, silence, an older protocol.

It speaks just enough MQTT for one client at a time and checks that the client keeps the rules.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from edge_agent.runtime.worker import Worker

_MOMENT_S = 0.05
CONNECT, CONNACK, PUBLISH, PUBACK, DISCONNECT = 1, 2, 3, 4, 14
SUBSCRIBE, SUBACK = 8, 9


@dataclass(slots=True)
class Script:
    """What the broker says. Codes are MQTT 5's, or a 3.1.1 return code for `connack`."""

    connack: list[int] = field(default_factory=lambda: [0])
    receive_maximum: int = 0
    maximum_packet: int = 0
    # Of the words in a topic or payload: the code of its acknowledgement; None: never.
    puback: dict[bytes, int | None] = field(default_factory=dict)
    # Words that make the broker hang up with this DISCONNECT code.
    hang_up: dict[bytes, int] = field(default_factory=dict)
    only_3: bool = False
    # What each SUBSCRIBE is answered for each of its topics.
    suback: tuple[int, ...] = ()
    # Of a login in MQTT 5: hangs up without a word, as RabbitMQ 3.10 does.
    chokes_on_5: bool = False
    # Acknowledge nothing before this many messages have come.
    hold: int = 0
    # Acknowledge only when the client has nothing more to say for a moment.
    is_patient: bool = False


class ScriptedBroker:
    """Listens on a loopback port until left."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.1)
        self._is_over = threading.Event()
        self._worker = Worker("scripted broker", self._serve, on_failure=lambda: None)
        self.port = int(self._server.getsockname()[1])
        self.versions: list[int] = []
        # Every PUBLISH as it came: its topic and payload.
        self.published: list[tuple[str, bytes]] = []
        self.most_under_way = 0

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        assert self._worker.join(5)
        self._server.close()
        assert self._worker.failure is None, self._worker.failure

    @property
    def connections(self) -> int:
        return len(self.versions)

    def _serve(self) -> None:
        while not self._is_over.is_set():
            try:
                client, _ = self._server.accept()
            except TimeoutError:
                continue
            with client:
                client.settimeout(0.1)
                self._talk(client)
                self._hear_out(client)

    def _talk(self, client: socket.socket) -> None:
        unanswered: list[bytes] = []
        received = 0
        while (packet := self._packet(client)) is not None:
            kind, body = packet
            if kind == CONNECT and not self._welcome(client, body):
                return
            if kind == SUBSCRIBE and self._script.suback:
                self._grant(client, body[:2])
            if kind == PUBLISH:
                received += 1
                unanswered.append(body)
                self.most_under_way = max(self.most_under_way, len(unanswered))
                if self._hangs_up(client, body):
                    return
            if self._script.is_patient and select.select([client], [], [], _MOMENT_S)[0]:
                continue
            if received >= self._script.hold:
                unanswered = [body for body in unanswered if not self._acknowledge(client, body)]

    def _hear_out(self, client: socket.socket) -> None:
        """End without a reset, over which Linux forgets what the other side has not read yet."""
        with suppress(OSError):
            client.shutdown(socket.SHUT_WR)
        while self._read(client, 1):
            pass

    def _welcome(self, client: socket.socket, body: bytes) -> bool:
        version = body[6]
        self.versions.append(version)
        if self._script.only_3 and version != 4:
            client.sendall(bytes([CONNACK << 4, 2, 0, 1]))
            return False
        if self._script.chokes_on_5 and version != 4:
            return False
        code = self._script.connack[min(len(self.versions), len(self._script.connack)) - 1]
        if version == 4:
            client.sendall(bytes([CONNACK << 4, 2, 0, code]))
            return code == 0
        limits = b""
        if self._script.receive_maximum:
            limits += b"\x21" + struct.pack("!H", self._script.receive_maximum)
        if self._script.maximum_packet:
            limits += b"\x27" + struct.pack("!I", self._script.maximum_packet)
        client.sendall(bytes([CONNACK << 4, 3 + len(limits), 0, code, len(limits)]) + limits)
        return code == 0

    def _grant(self, client: socket.socket, packet_id: bytes) -> None:
        properties = b"\0" if self.versions[-1] == 5 else b""
        answer = packet_id + properties + bytes(self._script.suback)
        client.sendall(bytes([SUBACK << 4, len(answer)]) + answer)

    def _hangs_up(self, client: socket.socket, body: bytes) -> bool:
        for words, code in self._script.hang_up.items():
            if words in body:
                client.sendall(bytes([DISCONNECT << 4, 2, code, 0]))
                return True
        topic, _, payload = self._parts(body)
        self.published.append((topic, payload))
        return False

    def _acknowledge(self, client: socket.socket, body: bytes) -> bool:
        _, packet_id, _ = self._parts(body)
        code = next((code for words, code in self._script.puback.items() if words in body), 0)
        if code is None:
            return False
        reason = bytes([code, 0]) if self.versions[-1] == 5 else b""
        client.sendall(bytes([PUBACK << 4, 2 + len(reason)]) + packet_id + reason)
        return True

    def _parts(self, body: bytes) -> tuple[str, bytes, bytes]:
        length = struct.unpack("!H", body[:2])[0]
        topic, rest = body[2 : 2 + length].decode(), body[2 + length :]
        packet_id, rest = rest[:2], rest[2:]
        properties = rest[0] + 1 if self.versions[-1] == 5 else 0
        return topic, packet_id, rest[properties:]

    def _packet(self, client: socket.socket) -> tuple[int, bytes] | None:
        head = self._read(client, 1)
        if not head:
            return None
        length = shift = 0
        while True:
            digit = self._read(client, 1)
            if not digit:
                return None
            byte = digit[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                body = self._read(client, length)
                return (head[0] >> 4, body) if len(body) == length else None

    def _read(self, client: socket.socket, count: int) -> bytes:
        data = b""
        while len(data) < count and not self._is_over.is_set():
            try:
                part = client.recv(count - len(data))
            except TimeoutError:
                continue
            except ConnectionResetError:
                return b""
            if not part:
                return b""
            data += part
        return data if len(data) == count else b""
