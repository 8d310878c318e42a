"""Ask the wire who is a camera: WS-Discovery, a question by UDP and whatever answers come.

No SOAP library here: `edge-agent discover` is to start in a blink. An answer is anybody's word:
it is read with a size limit, and its texts are made fit for a terminal.
"""

import selectors
import socket
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.envelope import LARGEST_ANSWER_BYTES
from edge_agent.onvif.interfaces import Interface
from edge_agent.onvif.matches import Found, merge, one_spelling, read_matches
from edge_agent.runtime.stop import Stop

# WS-Discovery 1.0 (April 2005), section 2.4.
GROUP = "239.255.255.250"
GROUP_IPV6 = "ff02::c"
PORT = 3702
# Answers came after 3 and after 390 ms from two real servers; a camera may wait 500 ms by choice
# (WS-Discovery APP_MAX_DELAY), one on a wireless bridge or asleep takes seconds.
LISTEN_S = 5.0
# UDP is lost now and then: three times, at these parts of the time to listen.
_PROBES_AT = (0.0, 0.1, 0.3)
# The gap between two datagrams, of all sockets together: no flood for the box's own streams.
GAP_S = 1 / 200
# What comes after the last question of a long list of hosts.
_LAST_WORD_S = 1.0
# A street has dozens of cameras; what floods us beyond this is none.
_MOST_ANSWERS = 2048
# One host that answered has said all it will; the second type's answer follows at once.
_AFTERTHOUGHT_S = 0.15
# How long a stop may go unnoticed.
_STOP_S = 0.5

_PROBE = """<?xml version="1.0" encoding="UTF-8"?>\
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" \
xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header>\
<a:Action s:mustUnderstand="1">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>\
<a:MessageID>{id}</a:MessageID>\
<a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous\
</a:Address></a:ReplyTo>\
<a:To s:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>\
<s:Body><d:Probe xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">\
<d:Types xmlns:n="{namespace}">n:{name}</d:Types></d:Probe></s:Body></s:Envelope>"""
# Two questions, because two types in one mean "both". The second is the younger name.
_TYPES = (
    ("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter"),
    ("http://www.onvif.org/ver10/device/wsdl", "Device"),
)


class UnsentError(EdgeAgentError):
    """No question could be sent on any card."""


@dataclass(frozen=True, slots=True)
class _Question:
    """One datagram: when, to whom, from which of our addresses, for devices of which type."""

    at_s: float
    host: str
    source: Interface | None
    type: tuple[str, str]


@dataclass(slots=True)
class _Ears:
    """The sockets that ask and listen, one for each of our addresses; heard by one selector."""

    port: int
    stack: ExitStack
    selector: selectors.BaseSelector
    wires: dict[Interface | str, socket.socket] = field(default_factory=dict)
    failures: list[OSError] = field(default_factory=list)
    # The ids of our questions, and the hosts that were asked by themselves.
    asked: set[str] = field(default_factory=set)
    hosts: set[IPv4Address | IPv6Address] = field(default_factory=set)
    # Whether anything could be sent at all.
    has_asked: bool = False

    def ask(self, question: _Question) -> None:
        """Send; a card that cannot is no reason for the others to be silent."""
        try:
            wire = self._wire(question)
            message_id = f"urn:uuid:{uuid.uuid4()}"
            self.asked.add(one_spelling(message_id))
            if question.source is None:
                self.hosts.add(ip_address(question.host))
            wire.sendto(probe(message_id, *question.type), _numeric(question.host, self.port))
            self.has_asked = True
        except OSError as error:
            self.failures.append(error)

    def hear(self, seconds: float) -> Iterator[Found]:
        """Wait that long for something, and return what answered our questions.

        Who was asked by itself answers itself: anybody else may only know our port.
        """
        for key, _ in self.selector.select(max(0.0, seconds)):
            if not isinstance(key.fileobj, socket.socket):
                continue
            content, host = _receive(key.fileobj)
            is_call = key.data is not None
            if content and (is_call or ip_address(host) in self.hosts):
                yield from read_matches(content, host, asked=self.asked)

    def _wire(self, question: _Question) -> socket.socket:
        is_ipv6 = ":" in question.host
        key = question.source or ("IPv6" if is_ipv6 else "IPv4")
        if key in self.wires:
            return self.wires[key]
        family = socket.AF_INET6 if is_ipv6 else socket.AF_INET
        wire = self.stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
        wire.settimeout(0)
        if question.source:
            _bind(wire, question.source)
        self.selector.register(wire, selectors.EVENT_READ, question.source)
        self.wires[key] = wire
        return wire


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patience:
    """How long to listen, and what ends it sooner."""

    listen_s: float
    first_is_enough: bool = False
    stop: Stop | None = None
    tell: Callable[[int, int], None] = lambda _done, _of: None


def ask_everybody(
    interfaces: Iterable[Interface],
    *,
    hosts: Sequence[str] = (),
    listen_s: float = LISTEN_S,
    port: int = PORT,
    stop: Stop | None = None,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> tuple[Found, ...]:
    """Return the cameras that answer a multicast on these interfaces, one each.

    `hosts` are addresses to ask one by one as well, at the pace of the house; `tell` hears how many
    of all questions are asked. Raise EdgeAgentError if nothing can be sent at all.
    """
    questions = [*_calls(interfaces, listen_s), *_knocks(hosts)]
    return _ask(questions, port, _Patience(listen_s=listen_s, stop=stop, tell=tell))


def ask_host(
    host: str, *, listen_s: float = 1.5, port: int = PORT, stop: Stop | None = None
) -> tuple[Found, ...]:
    """Return the cameras that answer a question sent to one host; done soon after the first.

    Raise EdgeAgentError if there is no such host or nothing can be sent to it.
    """
    there = _resolve(host)
    questions = [
        _Question(at * listen_s, there, None, kind) for at in _PROBES_AT for kind in _TYPES
    ]
    patience = _Patience(listen_s=listen_s, first_is_enough=True, stop=stop)
    return _ask(questions, port, patience)


def probe(message_id: str, namespace: str, name: str) -> bytes:
    """Return one question of WS-Discovery for devices of that type."""
    return _PROBE.format(id=message_id, namespace=namespace, name=name).encode()


def _calls(interfaces: Iterable[Interface], listen_s: float) -> list[_Question]:
    return [
        _Question(at * listen_s, _group(card), card, kind)
        for card in interfaces
        for at in _PROBES_AT
        for kind in _TYPES
    ]


def _group(card: Interface) -> str:
    return f"{GROUP_IPV6}%{card.name}" if card.is_ipv6 else GROUP


def _knocks(hosts: Sequence[str]) -> list[_Question]:
    places = [(host, kind) for kind in _TYPES for host in hosts]
    return [_Question(i * GAP_S, host, None, kind) for i, (host, kind) in enumerate(places)]


def _ask(questions: Sequence[_Question], port: int, patience: _Patience) -> tuple[Found, ...]:
    found: list[Found] = []
    began = last = time.monotonic()
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        ears = _Ears(port, stack, selector)
        for number, question in enumerate(sorted(questions, key=lambda each: each.at_s), start=1):
            found += _listen(ears, max(began + question.at_s, last + GAP_S), patience)
            if found and patience.first_is_enough:
                found += _listen(ears, time.monotonic() + _AFTERTHOUGHT_S, patience)
                return merge(found)
            last = time.monotonic()
            ears.ask(question)
            patience.tell(number, len(questions))
        _refuse_silence(ears)
        # Multicasts have had their time from the first on, a long list needs its own.
        ends = max(began + patience.listen_s, last + min(_LAST_WORD_S, patience.listen_s))
        found += _listen(ears, ends, patience, is_enough=patience.first_is_enough)
    return merge(found)


def _listen(
    ears: _Ears, ends: float, patience: _Patience, *, is_enough: bool = False
) -> list[Found]:
    """Return what answers until that moment of the monotonic clock, or a little after the first."""
    found: list[Found] = []
    while len(found) < _MOST_ANSWERS and not (patience.stop and patience.stop.is_told):
        left = ends - time.monotonic()
        has_begun = bool(found)
        found += ears.hear(min(left, _STOP_S))
        if left <= 0:
            break
        if is_enough and found and not has_begun:
            ends = min(ends, time.monotonic() + _AFTERTHOUGHT_S)
    return found


def _refuse_silence(ears: _Ears) -> None:
    if ears.failures and not ears.has_asked:
        raise UnsentError(
            f"cannot ask the network: {ears.failures[0].strerror}",
            hint="check that a network interface is up (ip address) and the firewall allows UDP 3702",
        ) from ears.failures[0]


def _bind(wire: socket.socket, source: Interface) -> None:
    """Let questions leave by that card, and answers come to that address."""
    if not source.is_ipv6:
        own = socket.inet_aton(source.address)
        wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
        wire.bind((source.address, 0))
        return
    scope = socket.if_nametoindex(source.name)
    wire.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, scope)
    wire.bind((source.address, 0, 0, scope))


def _numeric(host: str, port: int) -> tuple[Any, ...]:
    """Return what sendto() wants; of fe80::1%eth0 that is more than two parts."""
    flags = socket.AI_NUMERICHOST
    return socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=flags)[0][4]


def _receive(wire: socket.socket) -> tuple[bytes, str]:
    """Return one datagram and who sent it; nothing from nobody where there is none."""
    try:
        content, (host, _, *rest) = wire.recvfrom(LARGEST_ANSWER_BYTES)
    except OSError:
        # A port that nobody listens on comes back as a refusal here: no camera, no news.
        return b"", ""
    if rest and rest[1]:
        # fe80::1 is another host on each card (RFC 4007 section 11).
        with suppress(OSError):
            host = f"{host}%{socket.if_indextoname(rest[1])}"
    return content, host


def _resolve(host: str) -> str:
    """Return the host's IPv4 address, or IPv6 where it has no other."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (socket.gaierror, UnicodeError) as error:
        raise EdgeAgentError(
            f"no host is called '{host}'", hint="check the name, or give the IP address"
        ) from error
    found.sort(key=lambda each: each[0] != socket.AF_INET)
    there = found[0][4]
    scope = there[3] if len(there) > 3 else 0  # noqa: PLR2004 (the fourth of an IPv6 address)
    if ip_address(there[0]).is_link_local and len(there) > 2 and not scope:  # noqa: PLR2004 (IPv6)
        raise EdgeAgentError(
            f"'{host}' may be on any network card",
            hint=f"name the card:  {host}%eth0  (`edge-agent discover` and `ip address` show it)",
        )
    return f"{there[0]}%{socket.if_indextoname(scope)}" if scope else str(there[0])
