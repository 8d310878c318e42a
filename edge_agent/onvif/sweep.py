"""Ask every address of a subnet, where multicast does not reach: gently, and many at a time.

A knock on the usual ports tells who is there at all; only who opens is asked for ONVIF. Dead
addresses cost the knock's patience, not that of a conversation.
"""

import errno
import ipaddress
import selectors
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.discovery import GAP_S
from edge_agent.onvif.interfaces import Interface

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# HTTP's own; Hikvision's second; the usual other; TP-Link's; what cheap recorders take.
PORTS = (80, 8000, 8080, 2020, 8899)
# A /22. More is a slip of the pen, or a network of somebody else.
MOST_ADDRESSES = 1024
# With --force. Beyond that it would take days.
_MOST_FORCED = 65536
# So many knocks at a time: small switches and the kernel's table of neighbours have a limit.
_IN_FLIGHT = 64
# Before the first repetition of a lost SYN (1 s), long after any answer within a town.
_KNOCK_S = 0.7


def list_hosts(networks: Iterable[Network], *, is_forced: bool) -> tuple[str, ...]:
    """Return the addresses of all these subnets, each once, without network and broadcast.

    Raise EdgeAgentError if there are more than a /22 has, with force more than a /16.
    """
    networks = tuple(networks)
    count = sum(network.num_addresses for network in _collapsed(networks))
    if count > (_MOST_FORCED if is_forced else MOST_ADDRESSES):
        forced = f", or insist with --force (up to {_MOST_FORCED})"
        raise EdgeAgentError(
            f"{count} addresses are too many to ask one by one",
            hint=f"name smaller subnets: a /22 has {MOST_ADDRESSES}"
            f"{forced if count <= _MOST_FORCED else ''}",
        )
    return tuple(str(host) for network in _collapsed(networks) for host in network.hosts())


def own_subnet(interfaces: Iterable[Interface]) -> str:
    """Return the subnet around this box to sweep first; an example where it has none."""
    for card in interfaces:
        own = ipaddress.ip_interface(f"{card.address}/{card.prefix}")
        if own.version == 4 and not (own.is_loopback or own.is_link_local):  # noqa: PLR2004 (IPv4)
            # Of a larger one only the part that may be asked without force.
            prefix = card.prefix if own.network.num_addresses <= MOST_ADDRESSES else 24
            return str(ipaddress.ip_network(f"{card.address}/{prefix}", strict=False))
    return "192.168.1.0/24"


def open_ports(
    hosts: Sequence[str],
    ports: Sequence[int],
    *,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> dict[str, tuple[int, ...]]:
    """Return the hosts where something listens on one of these TCP ports, with the open ones.

    At most 64 connections at a time and 200 new ones a second; all are closed again.
    """
    # Port by port, so that no host has two knocks at a time.
    places = [(host, port) for port in ports for host in hosts]
    opened: dict[str, tuple[int, ...]] = {}
    with selectors.DefaultSelector() as selector:
        knocks = _Knocks(selector)
        try:
            for host, port in knocks.answers(places, tell):
                opened[host] = (*opened.get(host, ()), port)
        finally:
            knocks.give_up()
    # In the order of the ports, not of the answers.
    return {host: tuple(sorted(its, key=ports.index)) for host, its in opened.items()}


@dataclass(slots=True)
class _Knocks:
    """Connections that are being made, each with the moment when it is given up."""

    selector: selectors.BaseSelector
    pending: dict[socket.socket, tuple[tuple[str, int], float]] = field(default_factory=dict)

    def answers(
        self, places: Sequence[tuple[str, int]], tell: Callable[[int, int], None]
    ) -> Iterator[tuple[str, int]]:
        """Knock at each place and yield those that open."""
        waiting = iter(places)
        next_mono = time.monotonic()
        begun, is_all_begun = 0, not places
        while self.pending or not is_all_begun:
            now = time.monotonic()
            if not is_all_begun and now >= next_mono and len(self.pending) < _IN_FLIGHT:
                place = next(waiting, None)
                is_all_begun = place is None
                if place:
                    self._begin(place, now)
                    begun += 1
                    next_mono = now + GAP_S
            # While all are under way or begun there is no next one to wake up for.
            is_next = not is_all_begun and len(self.pending) < _IN_FLIGHT
            yield from self._hear([next_mono] if is_next else [])
            tell(begun - len(self.pending), len(places))

    def give_up(self) -> None:
        """Close what is still open."""
        for wire in list(self.pending):
            self._end(wire)

    def _begin(self, place: tuple[str, int], now: float) -> None:
        family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        wire = socket.socket(family, socket.SOCK_STREAM)
        wire.settimeout(0)
        # What fails at once has no route, or is a broadcast address: nobody is there.
        if wire.connect_ex(place) not in {0, errno.EINPROGRESS}:
            wire.close()
            return
        self.pending[wire] = (place, now + _KNOCK_S)
        self.selector.register(wire, selectors.EVENT_WRITE)

    def _hear(self, until_mono: Sequence[float]) -> Iterator[tuple[str, int]]:
        """Yield who opens until the first of those moments, and the first end of somebody's time."""
        moments = [*until_mono, *(end for _, end in self.pending.values())]
        left = min(moments, default=0.0) - time.monotonic()
        for key, _ in self.selector.select(max(0.0, left)):
            wire = key.fileobj
            if isinstance(wire, socket.socket):
                place, _ = self.pending[wire]
                is_open = wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
                self._end(wire)
                if is_open:
                    yield place
        now = time.monotonic()
        for wire in [wire for wire, (_, end) in self.pending.items() if end <= now]:
            self._end(wire)

    def _end(self, wire: socket.socket) -> None:
        del self.pending[wire]
        self.selector.unregister(wire)
        wire.close()


def _collapsed(networks: Iterable[Network]) -> list[Network]:
    """Return the same addresses as subnets that do not overlap."""
    ipv4 = [each for each in networks if isinstance(each, ipaddress.IPv4Network)]
    ipv6 = [each for each in networks if isinstance(each, ipaddress.IPv6Network)]
    return [*ipaddress.collapse_addresses(ipv4), *ipaddress.collapse_addresses(ipv6)]
