"""The first two rungs to any camera: its name has an address, and its port takes connections."""

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import RTSP_PORT, place

# A SYN that is lost is sent again after one second and after three.
CONNECT_S = 3.0
# What FFmpeg takes for rtsps:// without a port.
_RTSPS_PORT = 322


@dataclass(frozen=True, slots=True)
class Way:
    """Where something of a camera is to be found."""

    host: str
    port: int
    # What listens there: ONVIF or RTSP.
    service: str
    # What else to try where nobody answers.
    then: str = ""

    def address(self) -> str:
        """Return the address of the host. Raises EdgeAgentError where it has none."""
        found = str(self._look_up()[4][0])
        return found if found == self.host.partition("%")[0] else f"{self.host} is {found}"

    def connect(self) -> str:
        """Connect and hang up. Raises EdgeAgentError where nobody takes the connection."""
        family, kind, protocol, _, where = self._look_up()
        there = place(self.host, self.port)
        try:
            with socket.socket(family, kind, protocol) as line:
                line.settimeout(CONNECT_S)
                line.connect(where)
        except ConnectionRefusedError as error:
            raise EdgeAgentError(
                f"{there} refused the connection",
                hint=f"look up the port of {self.service} in the camera's page, and that it is switched on",
            ) from error
        except TimeoutError as error:
            raise EdgeAgentError(
                f"{there} did not answer within {CONNECT_S:g} s",
                hint=f"check the cable, the power and the address; try `ping` from this box{self.then}",
            ) from error
        except OSError as error:
            raise EdgeAgentError(
                f"{there} cannot be reached: {(error.strerror or str(error)).lower()}",
                hint=f"check the cable, the route and the address{self.then}",
            ) from error
        return f"{self.port} takes connections"

    def _look_up(self) -> tuple[int, int, int, str, tuple[object, ...]]:
        try:
            return socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0]
        except (socket.gaierror, UnicodeError) as error:
            raise EdgeAgentError(
                f"no host is called '{self.host}'", hint="check the name, or give the IP address"
            ) from error


def way_to_stream(url: str) -> Way:
    """Return where an rtsp:// or rtsps:// URL leads."""
    parts = urlsplit(url)
    default = _RTSPS_PORT if parts.scheme == "rtsps" else RTSP_PORT
    return Way(parts.hostname or "", parts.port or default, "RTSP")
