"""Where a camera answers, and what to make of the addresses it claims to have.

A camera knows its own address only from the inside: behind a router, after a move or with two
network cards it names hosts that nobody can reach. What answered us is right by definition.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit

from edge_agent.errors import EdgeAgentError

# ONVIF Core, "Device service": the one path that each device must have.
DEVICE_PATH = "/onvif/device_service"
HTTP_PORT = 80
HTTPS_PORT = 443
RTSP_PORT = 554

_LARGEST_PORT = 65535
_SCHEMES = ("http", "https")
_HOW_TO_WRITE = "write it as HOST or HOST:PORT, for example 192.168.1.64 or 192.168.1.64:8080"


@dataclass(frozen=True, slots=True)
class Address:
    """The place where a camera's device service answers over HTTP."""

    # IPv6 without brackets; a link-local one with its card: fe80::1%eth0.
    host: str
    port: int = HTTP_PORT
    path: str = DEVICE_PATH
    # http or https.
    scheme: str = "http"

    @property
    def url(self) -> str:
        """The device service's URL."""
        return f"{self.scheme}://{self.place}{self.path}"

    @property
    def place(self) -> str:
        """`host`, or `host:port` where the port is not the scheme's own."""
        return place(self.host, None if self.port == default_port(self.scheme) else self.port)


def default_port(scheme: str) -> int:
    """Return the port of http or https."""
    return HTTPS_PORT if scheme == "https" else HTTP_PORT


def place(host: str, port: int | None) -> str:
    """Return `host:port` as a URL writes it, IPv6 in brackets."""
    bracketed = f"[{host}]" if ":" in host else host
    return bracketed if port is None else f"{bracketed}:{port}"


def read_address(text: str) -> Address:
    """Return what a technician typed: HOST, HOST:PORT, V6, [V6]:PORT or a whole http(s) URL.

    Raise EdgeAgentError if it is none of these.
    """
    text = text.strip()
    if _is_subnet(text):
        raise EdgeAgentError(
            f"{text} is a subnet, not one camera",
            hint=f"edge-agent discover --subnet {text}",
        )
    _refuse_impossible_port(text)
    # Two colons and no brackets: an IPv6 address, which has no port here.
    bare = f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text
    parts = _split(text if "://" in text else f"http://{bare}")
    if parts is None or parts.scheme not in _SCHEMES or not parts.hostname or parts.port == 0:
        raise EdgeAgentError(f"'{text}' is not a camera's address", hint=_HOW_TO_WRITE)
    path = parts.path if parts.path not in {"", "/"} else DEVICE_PATH
    port = parts.port or default_port(parts.scheme)
    return Address(parts.hostname, port, path, parts.scheme)


def reachable_service(claimed: str, answered: Address) -> str:
    """Return the URL to use for a service whose XAddr is `claimed`, on the camera that answered.

    Another host than the one that answered is behind a router, stale or 0.0.0.0, and so is the
    port. The scheme is the one that answered: what claims https over http, or http over https,
    keeps the port that worked. Path and query are the camera's. Return "" for what is no URL.
    """
    parts = _split(claimed.strip())
    if parts is None or not parts.hostname:
        return ""
    keep_port = parts.scheme == answered.scheme and parts.hostname == answered.host.lower()
    port = parts.port or default_port(parts.scheme) if keep_port else answered.port
    there = Address(answered.host, port, scheme=answered.scheme)
    return urlunsplit((answered.scheme, there.place, parts.path or "/", parts.query, ""))


def reachable_stream(claimed: str, host: str) -> str:
    """Return the RTSP URL to use for a stream whose URI is `claimed`, on the host that answered.

    The port stays: RTSP has its own, also behind a router. User name and password go; they are
    kept apart. Return "" for what is no RTSP URL.
    """
    parts = _split(claimed.strip())
    if parts is None or parts.scheme not in {"rtsp", "rtsps"} or not parts.hostname:
        return ""
    port = None if parts.port in {None, RTSP_PORT} else parts.port
    # An @ in a query right behind the host would be read as the end of a user name.
    path = parts.path or ("/" if parts.query else "")
    return urlunsplit((parts.scheme, place(host, port), path, parts.query, ""))


def host_of(url: str) -> str:
    """Return the host in a URL, in small letters; "" if there is none."""
    parts = _split(url.strip())
    return (parts.hostname or "") if parts else ""


def port_of(url: str) -> int | None:
    """Return the port written in a URL."""
    parts = _split(url.strip())
    return parts.port if parts else None


def _refuse_impossible_port(text: str) -> None:
    """Raise EdgeAgentError for HOST:99999, which looks right and is no address."""
    host, _, port = (
        text.partition("://")[2 if "://" in text else 0].partition("/")[0].rpartition(":")
    )
    is_number = port.isascii() and port.isdecimal()
    if is_number and (":" not in host or host.endswith("]")) and not 0 < int(port) <= _LARGEST_PORT:
        raise EdgeAgentError(
            f"{port} cannot be a port: they go from 1 to {_LARGEST_PORT}", hint=_HOW_TO_WRITE
        )


def _is_subnet(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
