"""One HTTP question to a camera with one deadline for all of it.

A timeout per read is no deadline: a camera that sends a byte a second holds it open for ever.
No redirects, no proxies, no cookies, and nothing is taken from the environment: the camera is in
the next rack, and what it says about other places is not followed.
"""

import errno
import http.client
import os
import re
import select
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import default_port, place
from edge_agent.onvif.envelope import LARGEST_REPLY_BYTES
from edge_agent.runtime.stop import Stop

# Healthy cameras answered within 0.4 s; ten seconds is a camera that does not.
DEADLINE_S = 10.0
# How long a stop may go unnoticed in the middle of a wait.
_STOP_S = 0.5

_FIND_THE_CABLE = "check power, cable and address, and that this box is in the camera's subnet"
_FIND_THE_PORT = (
    "look up its ONVIF or HTTP port (often 80, 8000, 8080 or 2020), see that ONVIF is switched on, "
    "and give the address as HOST:PORT"
)
_FIND_THE_DOOR = (
    "somebody is there: give it as https://HOST:PORT, or give the web page's port; if it is just "
    "starting, try again in a minute"
)
_LEAVE_TLS = "give its address with http:// instead of https://, or another port"
# Before and after our question; http.client's RemoteDisconnected is the first, too.
_HANGING_UP = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)


class StoppedError(EdgeAgentError):
    """We were told to stop while we waited for the camera."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, of any status; "" and () are what it did not say."""

    status: int
    content: bytes
    content_type: str
    # The camera's Date header as it stands.
    date: str
    # Each WWW-Authenticate header as it stands.
    challenges: tuple[str, ...] = ()
    # Where it would send us; never followed.
    location: str = ""


@dataclass(frozen=True, slots=True)
class _Limits:
    """When to give up: after how long, after how much, or when told to stop."""

    deadline_s: float
    largest_bytes: int
    stop: Stop | None
    # The moment itself, where the time began to run before this question.
    ends_mono: float | None = None


class _Patient:
    """A connection whose every wait ends at the same moment; http.client reads by recv_into."""

    ends_mono = 0.0
    stop: Stop | None = None

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Receive within what is left of the time."""
        receive = super().recv_into  # type: ignore[misc]  # the socket's, which comes next
        while True:
            self.settimeout(_patience(self.ends_mono, self.stop))  # type: ignore[attr-defined]  # as above
            try:
                return int(receive(*args, **kwargs))
            except TimeoutError:
                continue


class _Wire(_Patient, socket.socket):
    """Over TCP."""


class _TlsWire(_Patient, ssl.SSLSocket):
    """Over TLS."""


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    deadline_s: float = DEADLINE_S,
    ends_mono: float | None = None,
    stop: Stop | None = None,
) -> Reply:
    """Send the body and return the reply, whatever its status.

    Questions that share one deadline name its end, too: `ends_mono`, seconds of time.monotonic().
    Raise EdgeAgentError if there is no whole reply within the deadline, no HTTP, or no end to it;
    StoppedError soon after `stop` is told.
    """
    limits = _Limits(deadline_s, LARGEST_REPLY_BYTES, stop, ends_mono)
    return _exchange("POST", url, body, headers, limits)


def get(
    url: str,
    headers: Mapping[str, str],
    *,
    largest_bytes: int,
    deadline_s: float = DEADLINE_S,
    ends_mono: float | None = None,
) -> Reply:
    """Ask for what is at a URL, as `post` does."""
    limits = _Limits(deadline_s, largest_bytes, None, ends_mono)
    return _exchange("GET", url, None, headers, limits)


def _exchange(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], limits: _Limits
) -> Reply:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or default_port(parts.scheme)
    ends_mono = limits.ends_mono or time.monotonic() + limits.deadline_s
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        with _connect((host, port, parts.scheme), ends_mono, limits.stop) as wire:
            return _ask(wire, place(host, port), (method, path, body), headers, limits)
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        raise _plain(error, url, (host, port), limits.deadline_s) from error


def _plain(error: Exception, url: str, at: tuple[str, int], deadline_s: float) -> EdgeAgentError:
    """Return what the system says about a question as a technician would say it."""
    host, port = at
    reason = getattr(error, "strerror", None) or error
    what, hint = f"cannot talk to {place(*at)}: {reason}", _FIND_THE_CABLE
    if isinstance(error, ConnectionRefusedError):
        what, hint = f"{host} refuses connections on port {port}", _FIND_THE_PORT
    elif isinstance(error, TimeoutError):
        what = f"no answer from {place(*at)} within {deadline_s:.3g} s"
    elif isinstance(error, socket.gaierror):
        what, hint = f"no host is called '{host}'", "check the name, or give the IP address"
    elif isinstance(error, UnicodeError):
        # A host label of 64 letters, or a path that is not ASCII: cameras may claim anything.
        what, hint = f"'{url}' is not a usable address", "check it, or give HOST:PORT"
    elif isinstance(error, _HANGING_UP):
        what = f"{place(*at)} takes the connection and hangs up ({type(error).__name__})"
        hint = _FIND_THE_DOOR if url.startswith("http:") else _LEAVE_TLS
    elif isinstance(error, http.client.HTTPException):
        what = f"{place(*at)} answers, but not with HTTP ({type(error).__name__})"
        hint = f"is it the RTSP port? {_FIND_THE_PORT}"
    elif isinstance(error, ssl.SSLError):
        what = f"{place(*at)} does not speak TLS with us ({error.reason or 'it hung up'})"
        hint = _LEAVE_TLS
    return EdgeAgentError(what, hint=hint)


def _connect(place: tuple[str, int, str], ends_mono: float, stop: Stop | None) -> _Wire | _TlsWire:
    host, port, scheme = place
    # The first address is the one: a name with several is no camera on a pole.
    family, kind, protocol, _, there = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    wire = _Wire(family, kind, protocol)
    wire.ends_mono, wire.stop = ends_mono, stop
    try:
        _reach(wire, there)
        return _secured(wire) if scheme == "https" else wire
    except BaseException:
        wire.close()
        raise


def _reach(wire: _Wire, there: Any) -> None:
    """Connect, and look up now and then whether we still want to."""
    wire.settimeout(0)
    trouble = wire.connect_ex(there)
    if trouble == errno.EINPROGRESS:
        arrival = select.poll()
        arrival.register(wire, select.POLLOUT)
        while not arrival.poll(1000 * _patience(wire.ends_mono, wire.stop)):
            pass
        trouble = wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if trouble:
        raise OSError(trouble, os.strerror(trouble))


def _secured(wire: _Wire) -> _TlsWire:
    """Begin TLS. Cameras sign for themselves, with keys and versions of ten years ago.

    So this keeps out who only listens, and nobody else. Who stands in between can read a password
    that a command sends by HTTP Basic; the daemon sends digests only.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _TlsWire
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    ends_mono, stop = wire.ends_mono, wire.stop
    secured = context.wrap_socket(wire, do_handshake_on_connect=False)
    assert isinstance(secured, _TlsWire)  # noqa: S101 (for mypy)
    secured.ends_mono, secured.stop = ends_mono, stop
    try:
        _shake_hands(secured)
    except BaseException:
        secured.close()
        raise
    return secured


def _shake_hands(wire: _TlsWire) -> None:
    while True:
        wire.settimeout(_patience(wire.ends_mono, wire.stop))
        try:
            return wire.do_handshake()
        except TimeoutError:
            continue


def _ask(
    wire: _Wire | _TlsWire,
    where: str,
    request: tuple[str, str, bytes | None],
    headers: Mapping[str, str],
    limits: _Limits,
) -> Reply:
    # The scope of fe80::1%eth0 is ours alone (RFC 6874 section 1).
    connection = http.client.HTTPConnection(re.sub(r"%[^]]*", "", where))
    connection.sock = wire
    try:
        wire.settimeout(_left(wire.ends_mono))
        method, path, body = request
        connection.request(method, path, body, {**headers, "Connection": "close"})
        with connection.getresponse() as response:
            return _read(response, where, limits.largest_bytes)
    except TimeoutError as error:
        # GStreamer's RTSP server takes a POST for the begin of a tunnel, and waits.
        raise EdgeAgentError(
            f"{where} takes the connection, but there is no answer over HTTP",
            hint=f"is it the RTSP port, or a camera that hangs? {_FIND_THE_PORT}",
        ) from error
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse, where: str, largest_bytes: int) -> Reply:
    content = response.read(largest_bytes + 1)
    if len(content) > largest_bytes:
        raise EdgeAgentError(
            f"{where} sends more than {largest_bytes // 1024} KB",
            hint="make sure that this address is a camera",
        )
    # A length that is not kept means a reply cut short; read(n) does not say so by itself.
    if response.length:
        raise http.client.IncompleteRead(content, response.length)
    return Reply(
        status=response.status,
        content=content,
        content_type=response.getheader("Content-Type", ""),
        date=response.getheader("Date", ""),
        challenges=tuple(response.headers.get_all("WWW-Authenticate", ())),
        location=response.getheader("Location", ""),
    )


def _patience(ends_mono: float, stop: Stop | None) -> float:
    """Return how long to wait now; raise where there is no more time, or no more reason."""
    if stop is None:
        return _left(ends_mono)
    if stop.is_told:
        raise StoppedError("told to stop", hint="nothing: the agent is ending")
    return min(_left(ends_mono), _STOP_S)


def _left(ends_mono: float) -> float:
    left = ends_mono - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
