"""One HTTP POST to a camera with one deadline for all of it.

A timeout per read is no deadline: a camera that sends a byte a second holds it open for ever.
No redirects, no proxies, no cookies, and nothing is taken from the environment: the camera is in
the next rack, and what it says about other places is not followed.
"""

import http.client
import socket
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import HTTP_PORT, place
from edge_agent.onvif.envelope import LARGEST_REPLY_BYTES

# Healthy cameras answered within 0.4 s; five seconds is a camera that does not.
DEADLINE_S = 5.0

_FIND_THE_CABLE = "check power, cable and address, and that this box is in the camera's subnet"
_FIND_THE_PORT = (
    "look up its ONVIF or HTTP port (often 80, 8000, 8080 or 2020), see that ONVIF is switched on, "
    "and give the address as HOST:PORT"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, of any status."""

    status: int
    content: bytes
    content_type: str
    # The camera's Date header as it stands; "" where there is none.
    date: str


class _Wire(socket.socket):
    """A connection whose every wait ends at the same moment."""

    ends_mono = 0.0

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Receive within what is left of the time; http.client reads through here only."""
        self.settimeout(_left(self.ends_mono))
        return super().recv_into(*args, **kwargs)


def post(
    url: str, body: bytes, headers: dict[str, str], *, deadline_s: float = DEADLINE_S
) -> Reply:
    """Send the body and return the reply, whatever its status.

    Raise EdgeAgentError if there is no whole reply within the deadline, no HTTP, or no end to it.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or HTTP_PORT
    ends_mono = time.monotonic() + deadline_s
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        with _connect(host, port, ends_mono) as wire:
            return _ask(wire, host, port, path, body, headers)
    except ConnectionRefusedError as error:
        raise EdgeAgentError(
            f"{host} refuses connections on port {port}", hint=_FIND_THE_PORT
        ) from error
    except TimeoutError as error:
        raise EdgeAgentError(
            f"no answer from {place(host, port)} within {deadline_s:g} s", hint=_FIND_THE_CABLE
        ) from error
    except socket.gaierror as error:
        raise EdgeAgentError(
            f"no host is called '{host}'", hint="check the name, or give the IP address"
        ) from error
    except UnicodeError as error:
        # A host label of 64 letters, or a path that is not ASCII: cameras may claim anything.
        raise EdgeAgentError(
            f"'{url}' is not a usable address", hint="check it, or give HOST:PORT"
        ) from error
    except http.client.HTTPException as error:
        raise EdgeAgentError(
            f"{place(host, port)} answers, but not with HTTP ({type(error).__name__})",
            hint=f"is it the RTSP port? {_FIND_THE_PORT}",
        ) from error
    except OSError as error:
        raise EdgeAgentError(
            f"cannot talk to {place(host, port)}: {error.strerror or error}", hint=_FIND_THE_CABLE
        ) from error


def _connect(host: str, port: int, ends_mono: float) -> _Wire:
    # The first address is the one: a name with several is no camera on a pole.
    family, kind, protocol, _, there = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    wire = _Wire(family, kind, protocol)
    wire.ends_mono = ends_mono
    try:
        wire.settimeout(_left(ends_mono))
        wire.connect(there)
    except BaseException:
        wire.close()
        raise
    return wire


def _ask(
    wire: _Wire, host: str, port: int, path: str, body: bytes, headers: dict[str, str]
) -> Reply:
    connection = http.client.HTTPConnection(host, port)
    connection.sock = wire
    try:
        wire.settimeout(_left(wire.ends_mono))
        connection.request("POST", path, body, {**headers, "Connection": "close"})
        with connection.getresponse() as response:
            content = response.read(LARGEST_REPLY_BYTES + 1)
            if len(content) > LARGEST_REPLY_BYTES:
                raise EdgeAgentError(
                    f"{place(host, port)} sends more than {LARGEST_REPLY_BYTES // 1024} KB",
                    hint="make sure that this address is a camera",
                )
            # A length that is not kept means a reply cut short; read(n) does not say so by itself.
            if response.length:
                raise http.client.IncompleteRead(content, response.length)
            return Reply(
                status=response.status,
                # Empty lines before the XML declaration are forbidden and were met; a forgiving
                # parser then lost the ampersands of the whole reply (notes: quirk 14).
                content=content.lstrip(),
                content_type=response.getheader("Content-Type", ""),
                date=response.getheader("Date", ""),
            )
    except TimeoutError as error:
        # GStreamer's RTSP server takes a POST for the begin of a tunnel, and waits.
        raise EdgeAgentError(
            f"{place(host, port)} takes the connection, but there is no answer over HTTP",
            hint=f"is it the RTSP port, or a camera that hangs? {_FIND_THE_PORT}",
        ) from error
    finally:
        connection.close()


def _left(ends_mono: float) -> float:
    left = ends_mono - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
