"""What a camera says of itself when asked who it is, and which answers are the same camera."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address, host_of, reachable_service, read_address
from edge_agent.onvif.envelope import LARGEST_ANSWER_BYTES, first_text, parse, shown

_SCOPE_ROOT = "onvif://www.onvif.org/"
# A camera has a handful of each; beyond that somebody plays with us.
_MOST_SCOPES = 64
_MOST_XADDRS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One camera that answered. All texts are its own words, fit for a terminal."""

    # The WS-Addressing EndpointReference: the camera's name for itself, for life.
    endpoint: str
    # Who sent the answer: this host is reachable, whatever the XAddrs say.
    host: str
    xaddrs: tuple[str, ...]
    name: str
    hardware: str
    scopes: tuple[str, ...]

    @property
    def address(self) -> Address:
        """Where to ask it more: the host that answered, with the port and path of an XAddr."""
        spoken = [xaddr for xaddr in self.xaddrs if xaddr.lower().startswith("http://")]
        # Of several the one on the host that answered; of others the port is still worth a try.
        spoken.sort(key=lambda xaddr: host_of(xaddr) != self.host)
        if not spoken:
            return Address(self.host)
        there = read_address(spoken[0])
        return Address(self.host, there.port, there.path)


def read_matches(content: bytes, host: str) -> list[Found]:
    """Return the cameras in one UDP answer from that host; none if it is anything else.

    ipycam 1.3.0 sends its ProbeMatch without the list around it that WS-Discovery prescribes.
    """
    try:
        root = parse(content.strip(b" \t\r\n\0"), largest_bytes=LARGEST_ANSWER_BYTES)
    except EdgeAgentError:
        return []
    return [_read_match(match, host) for match in root.iterfind(".//{*}ProbeMatch")]


def merge(answers: Iterable[Found]) -> tuple[Found, ...]:
    """Return one for each endpoint, in order of first answer, with all its XAddrs and scopes."""
    cameras: dict[str, Found] = {}
    for answer in answers:
        key = answer.endpoint or "|".join((answer.host, *answer.xaddrs))
        known = cameras.get(key)
        cameras[key] = _joined(known, answer) if known else answer
    return tuple(cameras.values())


def _joined(first: Found, second: Found) -> Found:
    return Found(
        endpoint=first.endpoint,
        host=first.host,
        xaddrs=tuple(dict.fromkeys(first.xaddrs + second.xaddrs)),
        name=first.name or second.name,
        hardware=first.hardware or second.hardware,
        scopes=tuple(dict.fromkeys(first.scopes + second.scopes)),
    )


def _read_match(match: Element, host: str) -> Found:
    scopes = _split_scopes(first_text(match, "{*}Scopes"))
    xaddrs = first_text(match, "{*}XAddrs").split()[:_MOST_XADDRS]
    return Found(
        endpoint=_endpoint(first_text(match, "{*}EndpointReference/{*}Address")),
        host=host,
        xaddrs=tuple(xaddr for xaddr in xaddrs if reachable_service(xaddr, Address(host))),
        name=_scope(scopes, "name/"),
        hardware=_scope(scopes, "hardware/"),
        scopes=tuple(scopes),
    )


def _endpoint(text: str) -> str:
    """Return the endpoint in one spelling: `uuid:X`, `urn:uuid:X` and `X` were all met."""
    bare = text.lower().removeprefix("urn:").removeprefix("uuid:")
    return f"urn:uuid:{bare}" if bare else ""


def _split_scopes(text: str) -> list[str]:
    """Return the scopes; a word without a scheme belongs to the one before.

    ipycam 1.3.0 does not percent-encode the space in `.../name/Gate Cam`.
    """
    scopes: list[str] = []
    for word in text.split():
        if scopes and "://" not in word:
            scopes[-1] += f" {word}"
        elif len(scopes) < _MOST_SCOPES:
            scopes.append(word)
    return scopes


def _scope(scopes: Iterable[str], kind: str) -> str:
    """Return the last part of the first scope of that kind (ONVIF Core, "Scope attributes")."""
    for scope in scopes:
        if scope.lower().startswith(_SCOPE_ROOT + kind):
            return shown(unquote(scope[len(_SCOPE_ROOT) + len(kind) :]))
    return ""
