"""Where the page listens, and by which names a browser may ask for it.

A page on the internet can make a browser ask a server on the loopback under a name of its own (DNS
rebinding) and read the answer. So the name in a request must be one that we know, or a number.
"""

import ipaddress
from urllib.parse import urlsplit

from edge_agent.center.web.options import WebOptions
from edge_agent.errors import EdgeAgentError

_IPV6 = 6
# RFC 6177: a house gets this much at least, with 2^64 addresses of its own.
_HOUSE_BITS = 64
_EXAMPLE = 'write listen = "127.0.0.1:8480"'


def read_listen(options: WebOptions) -> tuple[str, int]:
    """Return host and port. Raises EdgeAgentError where they are none, or are not safe."""
    try:
        parts = urlsplit(f"//{options.listen}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not _is_number(host) or port is None:
        raise EdgeAgentError(
            f"the page cannot listen at {options.listen}: that is no address with a port",
            hint=_EXAMPLE,
        )
    if not ipaddress.ip_address(host).is_loopback and not options.insecure:
        raise EdgeAgentError(
            f"the page would speak plain HTTP to the network at {options.listen}",
            hint="listen on 127.0.0.1 and put a server with TLS before it, or say insecure = true",
        )
    return host, port


def is_known(host_header: str, options: WebOptions) -> bool:
    """Tell whether a browser that asks for this host means us."""
    try:
        host = urlsplit(f"//{host_header}").hostname or ""
    except ValueError:
        return False
    known = {"localhost", urlsplit(options.url).hostname}
    return _is_number(host) or host in known


def is_ours(origin: str, host_header: str, options: WebOptions) -> bool:
    """Tell whether a change comes from a page of ours, by the browser's Origin header."""
    return urlsplit(origin).netloc in {host_header, urlsplit(options.url).netloc} - {""}


def whereabouts(address: str) -> str:
    """Return what somebody who asks from there cannot change at will: of IPv6 the house's network."""
    try:
        asker = ipaddress.ip_address(address)
    except ValueError:
        return address
    if asker.version == _IPV6:
        return str(ipaddress.ip_network((asker, _HOUSE_BITS), strict=False))
    return address


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
