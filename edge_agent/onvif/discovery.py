"""Ask the wire who is a camera: WS-Discovery, a question by UDP and whatever answers come.

No SOAP library here: `edge-agent discover` is to start in a blink. An answer is anybody's word:
it is read with a size limit, and its texts are made fit for a terminal.
"""

import selectors
import socket
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.envelope import LARGEST_ANSWER_BYTES
from edge_agent.onvif.interfaces import Interface
from edge_agent.onvif.matches import Found, merge, read_matches

# WS-Discovery 1.0 (April 2005), section 2.4.
GROUP = "239.255.255.250"
PORT = 3702
# Answers came after 3 and after 390 ms from two real servers; a camera may wait 500 ms by choice
# (WS-Discovery APP_MAX_DELAY), and UDP is lost now and then.
LISTEN_S = 3.0
_PROBES_AT_S = (0.0, 0.4, 1.0)
# A street has dozens of cameras; what floods us beyond this is none.
_MOST_ANSWERS = 2048
# One host that answered has said all it will; the second type's answer follows at once.
_AFTERTHOUGHT_S = 0.15

_PROBE = """<?xml version="1.0" encoding="UTF-8"?>\
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" \
xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header>\
<a:Action s:mustUnderstand="1">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>\
<a:MessageID>urn:uuid:{id}</a:MessageID>\
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


@dataclass(frozen=True, slots=True)
class Question:
    """Where to ask, from which of our own addresses ("" leaves it to the routes)."""

    host: str
    port: int = PORT
    source: str = ""


@dataclass(frozen=True, slots=True)
class _Ear:
    """A socket that waits for answers to its question."""

    wire: socket.socket
    question: Question


def ask_everybody(
    interfaces: Iterable[Interface], *, listen_s: float = LISTEN_S, port: int = PORT
) -> tuple[Found, ...]:
    """Return the cameras that answer a multicast on these interfaces, one each.

    Raise EdgeAgentError if no interface can send at all.
    """
    questions = [Question(GROUP, port, interface.address) for interface in interfaces]
    return _ask(questions, listen_s, first_is_enough=False)


def ask_host(host: str, *, listen_s: float = 1.5, port: int = PORT) -> tuple[Found, ...]:
    """Return the cameras that answer a question sent to one host; done soon after the first.

    Raise EdgeAgentError if the host has no IPv4 address or nothing can be sent to it.
    """
    return _ask([Question(_resolve(host), port)], listen_s, first_is_enough=True)


def probe(namespace: str, name: str) -> bytes:
    """Return one question of WS-Discovery for devices of that type, with an id of its own."""
    return _PROBE.format(id=uuid.uuid4(), namespace=namespace, name=name).encode()


def _ask(
    questions: Sequence[Question], listen_s: float, *, first_is_enough: bool
) -> tuple[Found, ...]:
    found: list[Found] = []
    began = time.monotonic()
    ends = began + listen_s
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        ears = [_listen(stack, selector, question) for question in questions]
        for at_s in (*_PROBES_AT_S, listen_s):
            found += _hear(selector, min(began + at_s, ends))
            if time.monotonic() >= ends:
                break
            if found and first_is_enough:
                found += _hear(selector, min(time.monotonic() + _AFTERTHOUGHT_S, ends))
                break
            _send(ears)
    return merge(found)


def _listen(stack: ExitStack, selector: selectors.BaseSelector, question: Question) -> _Ear:
    wire = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    wire.settimeout(0)
    if question.source:
        own = socket.inet_aton(question.source)
        wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
    wire.bind((question.source, 0))
    ear = _Ear(wire, question)
    selector.register(wire, selectors.EVENT_READ, ear)
    return ear


def _send(ears: Sequence[_Ear]) -> None:
    """Ask on each socket; one interface that cannot is no reason for the others to be silent."""
    failures = []
    for ear in ears:
        try:
            for namespace, name in _TYPES:
                ear.wire.sendto(probe(namespace, name), (ear.question.host, ear.question.port))
        except OSError as error:
            failures.append(error)
    if failures and len(failures) == len(ears):
        raise EdgeAgentError(
            f"cannot ask the network: {failures[0].strerror}",
            hint="check that a network interface is up (ip address) and the firewall allows UDP 3702",
        ) from failures[0]


def _hear(selector: selectors.BaseSelector, ends: float) -> list[Found]:
    """Return what answers until that moment of the monotonic clock."""
    found: list[Found] = []
    while (left := ends - time.monotonic()) > 0 and len(found) < _MOST_ANSWERS:
        for key, _ in selector.select(left):
            found += _receive(key.data.wire)
    return found


def _receive(wire: socket.socket) -> list[Found]:
    try:
        content, (host, *_) = wire.recvfrom(LARGEST_ANSWER_BYTES)
    except OSError:
        # A port that nobody listens on comes back as a refusal here: no camera, no news.
        return []
    return read_matches(content, host)


def _resolve(host: str) -> str:
    try:
        return str(socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0])
    except (socket.gaierror, UnicodeError) as error:
        raise EdgeAgentError(
            f"no IPv4 host is called '{host}'", hint="check the name, or give the IP address"
        ) from error
