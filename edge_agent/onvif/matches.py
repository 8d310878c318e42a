"""What a camera says of itself when asked who it is, and which answers are the same camera."""

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_address
from itertools import islice
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address, read_address
from edge_agent.onvif.envelope import LARGEST_ANSWER_BYTES, first_text, shown
from edge_agent.onvif.quirks import mend

_SCOPE_ROOT = "onvif://www.onvif.org/"
# A camera has a handful of each; beyond that somebody plays with us.
_MOST_SCOPES = 64
_MOST_XADDRS = 16
# Each is worth a try of some seconds.
_MOST_ADDRESSES = 4
# Each of these may be asked for seconds, and one datagram has room for hundreds: a recorder answers
# for itself, not for its channels; a host with more devices than this plays with us.
_MOST_MATCHES = 8
_MOST_ROWS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One camera that answered. All texts are its own words, fit for a terminal."""

    # The WS-Addressing EndpointReference: the camera's name for itself, for life.
    endpoint: str
    # Who sent the answers, IPv4 first: these are reachable, whatever the XAddrs say.
    hosts: tuple[str, ...]
    xaddrs: tuple[str, ...]
    name: str
    hardware: str
    scopes: tuple[str, ...]
    maker: str = ""
    # As the camera spells it; "" where it does not say.
    mac: str = ""

    @property
    def address(self) -> Address:
        """Where to ask it more, at best."""
        return self.addresses[0]

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where to ask it more: the hosts that answered, with the port and path of an XAddr."""
        places = [place for host in self.hosts for place in self._places_at(host)]
        return tuple(dict.fromkeys(places))[:_MOST_ADDRESSES]

    def _places_at(self, host: str) -> list[Address]:
        spoken = [there for there in map(_read_xaddr, self.xaddrs) if there]
        # Of several those on the host that answered; of others the port is still worth a try.
        own = [there for there in spoken if _bare(there.host) == _bare(host)]
        places = [replace(there, host=host) for there in own or spoken]
        return sorted(places, key=lambda there: there.scheme != "http") or [Address(host)]


def read_matches(content: bytes, host: str, *, asked: Container[str] | None = None) -> list[Found]:
    """Return the cameras in one UDP answer from that host; none if it is anything else.

    `asked` are the ids (`one_spelling`) of the questions that it may answer; None for one that is
    read later. ipycam 1.3.0 sends its ProbeMatch without the list around it that WS-Discovery
    prescribes.
    """
    try:
        root = mend(content, largest_bytes=LARGEST_ANSWER_BYTES).root
    except EdgeAgentError:
        return []
    # WS-Discovery 1.0, section 5.3: MUST be there. lumeohq/onvif-rs asks for it too, letter by
    # letter, and no camera is known that fails by it.
    if asked is not None and one_spelling(first_text(root, ".//{*}RelatesTo")) not in asked:
        return []
    matches = islice(root.iterfind(".//{*}ProbeMatch"), _MOST_MATCHES)
    return [_read_match(match, host) for match in matches]


def merge(answers: Iterable[Found]) -> tuple[Found, ...]:
    """Return one for each endpoint, in order of first answer, with all its XAddrs and scopes.

    Of one host no more than a few.
    """
    cameras: dict[str, Found] = {}
    rows: Counter[str] = Counter()
    for answer in answers:
        key = answer.endpoint or "|".join(answer.hosts + answer.xaddrs)
        known = cameras.get(key)
        if known is None:
            rows[answer.hosts[0]] += 1
            if rows[answer.hosts[0]] > _MOST_ROWS:
                continue
        cameras[key] = _joined(known, answer) if known else answer
    return tuple(cameras.values())


def _joined(first: Found, second: Found) -> Found:
    return Found(
        endpoint=first.endpoint,
        hosts=_ipv4_first(first.hosts + second.hosts),
        xaddrs=tuple(dict.fromkeys(first.xaddrs + second.xaddrs))[:_MOST_XADDRS],
        name=first.name or second.name,
        maker=first.maker or second.maker,
        hardware=first.hardware or second.hardware,
        mac=first.mac or second.mac,
        scopes=tuple(dict.fromkeys(first.scopes + second.scopes))[:_MOST_SCOPES],
    )


def _ipv4_first(hosts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(dict.fromkeys(hosts), key=lambda host: ":" in host))


def _read_match(match: Element, host: str) -> Found:
    scopes = _split_scopes(first_text(match, "{*}Scopes"))
    xaddrs = first_text(match, "{*}XAddrs").split()[:_MOST_XADDRS]
    name, hardware = _scope(scopes, "name/"), _scope(scopes, "hardware/")
    return Found(
        endpoint=one_spelling(first_text(match, "{*}EndpointReference/{*}Address")),
        hosts=(host,),
        xaddrs=tuple(xaddr for xaddr in xaddrs if _read_xaddr(xaddr)),
        name=name,
        maker=_scope(scopes, "manufacturer/") or _maker_in(name, hardware),
        hardware=hardware,
        mac=_scope(scopes, "mac/"),
        scopes=tuple(scopes),
    )


def _maker_in(name: str, hardware: str) -> str:
    """Return ACME where a camera calls itself `ACME DC-100` and its hardware `DC-100`."""
    return name.removesuffix(hardware).strip() if hardware and name.endswith(hardware) else ""


def _read_xaddr(xaddr: str) -> Address | None:
    if not xaddr.lower().startswith(("http://", "https://")):
        return None
    try:
        return read_address(xaddr)
    except EdgeAgentError:
        return None


def _bare(host: str) -> str:
    """Return a host in one spelling; fe80::1%eth0 is the camera's fe80::1."""
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        return host


def one_spelling(text: str) -> str:
    """Return an endpoint or message id in one spelling: `uuid:X`, `urn:uuid:X`, `X` were all met."""
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
