"""A bad line between a box and its broker: a TCP proxy that drops, swallows, delays and counts."""

from __future__ import annotations

import heapq
import random
import selectors
import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import count
from typing import TYPE_CHECKING, Self

from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

_SLICE_S = 0.02
_CHUNK = 65_536
# Linux, linux/tcp.h: where tcpi_segs_out and tcpi_segs_in stand in struct tcp_info.
_SEGMENTS_AT, _TCP_INFO_BYTES = 136, 144


class Line(Enum):
    """How the line is now."""

    UP = auto()
    # Connections break at once, and new ones too.
    DOWN = auto()
    # Half open: everything is taken and nothing arrives, in both directions.
    SWALLOWS = auto()


@dataclass(slots=True)
class Counts:
    """What went over the line, in payload bytes of TCP, and its segments with their headers."""

    connections: int = 0
    up_bytes: int = 0
    down_bytes: int = 0
    segments: int = 0


@dataclass(eq=False, slots=True)
class _Pair:
    box: socket.socket
    broker: socket.socket
    is_swallowed: bool = False

    def other(self, one: socket.socket) -> socket.socket:
        return self.broker if one is self.box else self.box


class FlakyLine:
    """Listens on a port of its own and passes on to the broker's, as well as `set` allows."""

    def __init__(self, broker_port: int, *, delay_s: float = 0.0) -> None:
        self.counts = Counts()
        self._broker_port = broker_port
        self._delay_s = delay_s
        self._line = Line.UP
        self._plan: Iterator[tuple[float, Line]] | None = None
        self._change_mono = 0.0
        self._pairs: dict[socket.socket, _Pair] = {}
        self._order = count()
        self._late: list[tuple[float, int, socket.socket, bytes]] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0)
        self.port = int(self._server.getsockname()[1])
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._server, selectors.EVENT_READ)
        self._stop = Stop()
        self._worker = Worker("flaky line", self._run, on_failure=self._stop.tell)

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.tell()
        assert self._worker.join(5)
        self._server.close()
        assert self._worker.failure is None, self._worker.failure

    def set(self, line: Line) -> None:
        """Be so from now on; a plan ends."""
        self._plan, self._line = None, line

    def flap(self, source: random.Random, up_s: float = 0.4, down_s: float = 0.4) -> None:
        """Go up and down for about so long each, until told otherwise."""

        def plan() -> Iterator[tuple[float, Line]]:
            while True:
                yield source.uniform(0.1, 2 * up_s), Line.UP
                yield source.uniform(0.1, 2 * down_s), source.choice([Line.DOWN, Line.DOWN, Line.SWALLOWS])  # fmt: skip

        self._change_mono = 0.0
        self._plan = plan()

    def look(self) -> Counts:
        """Return what has gone over the line by now, open connections included."""
        alive = sum(_segments(pair.box) for pair in set(self._pairs.values()))
        return replace(self.counts, segments=self.counts.segments + alive)

    def _run(self) -> None:
        while not self._stop.is_told:
            self._follow_plan()
            for key, _ in self._selector.select(_SLICE_S if not self._late else 0.001):
                if key.fileobj is self._server:
                    self._accept()
                else:
                    self._pass_on(key.fileobj)  # type: ignore[arg-type]  # a socket, we put it there
            self._send_late()
        for pair in set(self._pairs.values()):
            self._break(pair)
        self._selector.close()

    def _follow_plan(self) -> None:
        plan = self._plan
        if plan and time.monotonic() >= self._change_mono:
            seconds, self._line = next(plan)
            self._change_mono = time.monotonic() + seconds
        if self._line is Line.DOWN:
            for pair in set(self._pairs.values()):
                self._break(pair)
        elif self._line is Line.SWALLOWS:
            # What was lost is missed for ever: TCP would see a hole, so this pair never heals.
            for pair in self._pairs.values():
                pair.is_swallowed = True

    def _accept(self) -> None:
        box, _ = self._server.accept()
        if self._line is Line.DOWN:
            _reset(box)
            return
        broker = socket.socket()
        try:
            broker.connect(("127.0.0.1", self._broker_port))
        except OSError:
            broker.close()
            _reset(box)
            return
        self.counts.connections += 1
        pair = _Pair(box, broker, self._line is Line.SWALLOWS)
        for one in (box, broker):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs[one] = pair
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, source: socket.socket) -> None:
        pair = self._pairs.get(source)
        if pair is None:
            return
        try:
            data = source.recv(_CHUNK)
        except OSError:
            data = b""
        if not data:
            if pair.is_swallowed and source is pair.broker:
                # The other end never hears that the broker has gone.
                self._selector.unregister(source)
                return
            self._break(pair)
        elif not pair.is_swallowed:
            self._count(source is pair.box, len(data))
            heapq.heappush(
                self._late,
                (time.monotonic() + self._delay_s, next(self._order), pair.other(source), data),
            )

    def _count(self, is_up: bool, size: int) -> None:  # noqa: FBT001 (the one fact it is about)
        if is_up:
            self.counts.up_bytes += size
        else:
            self.counts.down_bytes += size

    def _send_late(self) -> None:
        while self._late and self._late[0][0] <= time.monotonic():
            _, _, target, data = heapq.heappop(self._late)
            pair = self._pairs.get(target)
            if pair is None:
                continue
            try:
                target.settimeout(5)
                target.sendall(data)
            except OSError:
                self._break(pair)

    def _break(self, pair: _Pair) -> None:
        self.counts.segments += _segments(pair.box)
        for one in (pair.box, pair.broker):
            self._pairs.pop(one, None)
            with suppress(KeyError, ValueError):
                self._selector.unregister(one)
            if self._line is Line.DOWN:
                _reset(one)
            else:
                one.close()


def _segments(connection: socket.socket) -> int:
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except OSError:
        return 0
    return sum(struct.unpack_from("=II", told, _SEGMENTS_AT))


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
