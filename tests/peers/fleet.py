"""Ten thousand boxes in one process: sockets, TLS and the bytes of ours, but no spool and no camera.

All on one thread and one epoll, as fast as Python goes; who measures with it says which side was the
limit. The clock is the monotonic one.
"""

from __future__ import annotations

import errno
import heapq
import resource
import selectors
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Self

from edge_agent.mqtt.status import Statuses
from edge_agent.mqtt.topics import Topics
from edge_agent.runtime.clock import SystemClock
from tests.peers import wire

# As edge_agent/mqtt: TCP, TLS and the broker's answer have five seconds each.
PATIENCE_S = 15.0
_SITE = "kota"
_CHUNK = 65_536


@dataclass(eq=False, slots=True)
class Peer:
    """One connection: a box, or the center."""

    name: str
    hello: bytes
    statuses: Statuses
    connection: socket.socket | None = None
    is_shaken: bool = False
    is_online: bool = False
    began_mono: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    to_send: bytearray = field(default_factory=bytearray)
    packet_id: int = 1
    events: int = 0


@dataclass(slots=True)
class Record:
    """What happened, by the monotonic clock."""

    # Connections begun, by tenths of a second; and when each box was let in.
    tries: Counter[int] = field(default_factory=Counter)
    online_mono: list[float] = field(default_factory=list)
    lost: int = 0
    refused: int = 0
    timed_out: int = 0
    acknowledged: int = 0
    delays_s: list[float] = field(default_factory=list)


def raise_limit() -> int:
    """Let this process, and servers that it starts from now on, open what the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Fleet:
    """So many boxes towards one port. Waits of boxes that lost the broker are the caller's."""

    def __init__(
        self, size: int, port: int, context: ssl.SSLContext | None, *, alert: bytes, head: str
    ) -> None:
        """Every box says this alert, again and again, and this head in its birth message."""
        self.record = Record()
        self._port = port
        self._context = context
        self._alert = alert
        self._selector = selectors.EpollSelector()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        # What a box does when its connection ended, or did not come about.
        self.on_lost: Callable[[Peer], None] = lambda _: None
        self.boxes = [_box(number, head) for number in range(size)]
        self.center = _center()
        self._trying: dict[Peer, None] = {}
        self._next = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for peer in (*self.boxes, self.center):
            self._drop(peer)
        self._selector.close()

    @property
    def online(self) -> int:
        return sum(box.is_online for box in self.boxes)

    def connect_center(self) -> None:
        self.dial(self.center)
        self.run_until(lambda: self.center.is_online, 10)
        self.center.to_send += wire.subscribe("city/v1/+/+/up/alert/#")
        self._watch(self.center)
        self.run_until(lambda: not self.center.to_send, 5)

    def connect_all(self, at_once: int, within_s: float) -> float:
        """Connect every box, so many at the same time; return how long it took."""
        waiting = [box for box in self.boxes if not box.is_online]
        began = time.monotonic()

        def is_done() -> bool:
            while waiting and len(self._trying) < at_once:
                self.dial(waiting.pop())
            return not waiting and not self._trying

        self.run_until(is_done, within_s)
        return time.monotonic() - began

    def publish(self, a_second: float, seconds: float) -> int:
        """Send alerts from one box after the other at that rate; return how many were sent."""
        began = time.monotonic()
        sent = 0

        def is_over() -> bool:
            nonlocal sent
            now = time.monotonic() - began
            due = int(min(now, seconds) * a_second)
            # A little at a time, so that answers are read meanwhile.
            for _ in range(min(due - sent, 200)):
                self._say_alert()
                sent += 1
            return now > seconds and sent >= due

        self.run_until(is_over, seconds + 30)
        return sent

    def dial(self, box: Peer) -> None:
        """Begin a connection."""
        self.record.tries[int(time.monotonic() * 10)] += 1
        connection = socket.socket()
        connection.settimeout(0)
        box.began_mono, box.is_shaken, box.is_online = time.monotonic(), False, False
        box.received.clear()
        box.to_send = bytearray(box.hello)
        number = connection.connect_ex(("127.0.0.1", self._port))
        if number not in {0, errno.EINPROGRESS}:
            connection.close()
            self.record.refused += 1
            self.on_lost(box)
            return
        box.connection = connection
        self._trying[box] = None
        box.events = selectors.EVENT_WRITE
        self._selector.register(connection, box.events, box)

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), do))

    def run_until(self, is_so: Callable[[], bool], within_s: float) -> bool:
        """Work until it holds; tell whether it came to that in time."""
        deadline = time.monotonic() + within_s
        looked = 0.0
        while time.monotonic() < deadline:
            if is_so():
                return True
            for key, events in self._selector.select(0.005):
                self._step(key.data, events)
                # A thousand handshakes at once take seconds: waits must not wait for them.
                self._fire_timers()
            self._fire_timers()
            if time.monotonic() - looked > 0.5:
                looked = time.monotonic()
                self._give_up_the_slow()
        return is_so()

    def _fire_timers(self) -> None:
        while self._timers and self._timers[0][0] <= time.monotonic():
            heapq.heappop(self._timers)[2]()

    def _say_alert(self) -> None:
        for _ in range(len(self.boxes)):
            box = self.boxes[self._next % len(self.boxes)]
            self._next += 1
            if box.is_online:
                break
        else:
            return
        box.packet_id = box.packet_id % 60_000 + 1
        payload = b'{"sent":"%020.6f",' % time.monotonic() + self._alert[28:]
        topic = Topics(_SITE, box.name).alert("gate")
        box.to_send += wire.publish(topic, payload, box.packet_id)
        self._send(box)

    def _step(self, peer: Peer, events: int) -> None:
        if peer.connection is None:
            return
        try:
            if not peer.is_shaken and not self._shake(peer):
                return
            if events & selectors.EVENT_READ:
                self._read(peer)
            if peer.to_send:
                self._send(peer)
        except (OSError, EOFError):
            self._lose(peer)

    def _shake(self, peer: Peer) -> bool:
        """Finish TCP and TLS; tell whether both are done."""
        connection = peer.connection
        assert connection
        if not isinstance(connection, ssl.SSLSocket):
            number = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if number:
                self.record.refused += 1
                raise OSError(number, "connect")
            if self._context is None:
                peer.is_shaken = True
                return True
            self._selector.unregister(connection)
            connection = self._context.wrap_socket(
                connection, server_hostname="127.0.0.1", do_handshake_on_connect=False
            )
            peer.connection = connection
            self._selector.register(connection, selectors.EVENT_WRITE, peer)
        assert isinstance(connection, ssl.SSLSocket)
        try:
            connection.do_handshake()
        except ssl.SSLWantReadError:
            self._selector.modify(connection, selectors.EVENT_READ, peer)
            return False
        except ssl.SSLWantWriteError:
            self._selector.modify(connection, selectors.EVENT_WRITE, peer)
            return False
        peer.is_shaken = True
        return True

    def _send(self, peer: Peer) -> None:
        assert peer.connection
        with suppress(BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            while peer.to_send:
                del peer.to_send[: peer.connection.send(peer.to_send)]
        self._watch(peer)

    def _watch(self, peer: Peer) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if peer.to_send else 0)
        if peer.connection and events != peer.events:
            peer.events = events
            self._selector.modify(peer.connection, events, peer)

    def _read(self, peer: Peer) -> None:
        assert peer.connection
        try:
            while data := peer.connection.recv(_CHUNK):
                peer.received += data
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        else:
            raise EOFError
        for kind, body in wire.packets(peer.received):
            self._take(peer, kind, body)

    def _take(self, peer: Peer, kind: int, body: bytes) -> None:
        if kind == wire.CONNACK:
            peer.is_online = body[1] == 0
            self._trying.pop(peer, None)
            if peer is not self.center:
                self.record.online_mono.append(time.monotonic())
                self._greet(peer)
        elif kind == wire.PUBACK:
            self.record.acknowledged += 1
        elif kind == wire.PUBLISH:
            _, packet_id, payload = wire.published(body)
            sent = float(payload[9:29])
            self.record.delays_s.append(time.monotonic() - sent)
            peer.to_send += wire.puback(packet_id)

    def _greet(self, box: Peer) -> None:
        birth = box.statuses.online(lambda _: True)
        box.to_send += wire.subscribe(Topics(_SITE, box.name).everything_down)
        box.to_send += wire.publish(
            birth.topic, birth.payload, 1, is_retained=True, content_type=birth.content_type
        )

    def _give_up_the_slow(self) -> None:
        oldest = time.monotonic() - PATIENCE_S
        for box in [box for box in self._trying if box.began_mono < oldest]:
            self.record.timed_out += 1
            self._lose(box)

    def _lose(self, peer: Peer) -> None:
        self.record.lost += peer.is_online
        self._drop(peer)
        self.on_lost(peer)

    def _drop(self, peer: Peer) -> None:
        self._trying.pop(peer, None)
        peer.is_online = False
        if peer.connection is not None:
            with suppress(KeyError, ValueError):
                self._selector.unregister(peer.connection)
            peer.connection.close()
            peer.connection = None


def _box(number: int, head: str) -> Peer:
    name = f"box-{number:05}"
    statuses = Statuses(Topics(_SITE, name), SystemClock(), lambda: head)
    statuses.session, statuses.cameras = int(SystemClock().wall()), {"gate": "streaming"}
    will = statuses.will()
    return Peer(name, wire.connect(name, will.topic, will.payload), statuses)


def _center() -> Peer:
    statuses = Statuses(Topics(_SITE, "center"), SystemClock(), str)
    return Peer("center", wire.connect("center"), statuses)
