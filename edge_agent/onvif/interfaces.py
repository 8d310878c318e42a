"""The network cards of this box: a camera is asked for on each of them."""

import fcntl
import socket
import struct
from dataclasses import dataclass

# <linux/sockios.h>
_SIOCGIFADDR = 0x8915
_SIOCGIFFLAGS = 0x8913
# <linux/if.h>
_IFF_UP = 0x1
# struct ifreq: a name of 16 bytes and a union of 24.
_REQUEST = "16s24x"


@dataclass(frozen=True, slots=True)
class Interface:
    """A card that is up, and its first IPv4 address."""

    name: str
    address: str


def list_interfaces() -> tuple[Interface, ...]:
    """Return the cards that are up and have an IPv4 address, loopback last."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        for _, name in socket.if_nameindex():
            address = _address(wire, name)
            if address:
                found.append(Interface(name, address))
    return tuple(sorted(found, key=lambda one: one.address.startswith("127.")))


def _address(wire: socket.socket, name: str) -> str:
    request = struct.pack(_REQUEST, name.encode())
    try:
        flags = struct.unpack_from("16xH", fcntl.ioctl(wire, _SIOCGIFFLAGS, request))[0]
        if not flags & _IFF_UP:
            return ""
        # The answer is a sockaddr_in: family and port, two bytes each, then the address.
        return socket.inet_ntoa(fcntl.ioctl(wire, _SIOCGIFADDR, request)[20:24])
    except OSError:
        # A card without an IPv4 address, or one that was pulled this moment.
        return ""
