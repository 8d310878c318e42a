"""The addresses of this box on its network cards: cameras are asked for from each of them.

No netlink: a hardened service may be denied it, and the older questions tell all we need.
"""

import fcntl
import ipaddress
import socket
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# <linux/sockios.h>
_SIOCGIFCONF = 0x8912
_SIOCGIFFLAGS = 0x8913
_SIOCGIFNETMASK = 0x891B
# <linux/if.h>
_IFF_UP = 0x1
# struct ifreq: a name of 16 bytes and a union of 24 (16 on 32-bit machines) that begins, for an
# IPv4 address, with family and port of two bytes each.
_REQUEST_BYTES = 40 if struct.calcsize("P") == 8 else 32  # noqa: PLR2004 (bytes of a pointer)
_ADDRESS_AT = slice(20, 24)
# A box with more addresses than this serves something else than cameras.
_MOST_ADDRESSES = 256
# proc(5), "/proc/net/if_inet6", of this thread's own network namespace.
_IPV6_LIST = Path("/proc/thread-self/net/if_inet6")
# Its fourth column, RFC 4291 section 2.7.
_LINK_SCOPE = "20"


@dataclass(frozen=True, slots=True)
class Interface:
    """A card that is up, and one of its addresses: IPv4, or IPv6 of the link (fe80::)."""

    name: str
    address: str
    # How many bits of the address are the subnet's.
    prefix: int = 32

    @property
    def is_ipv6(self) -> bool:
        """Whether the address is IPv6."""
        return ":" in self.address

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this box is there."""
        return ipaddress.ip_address(self.address).is_loopback


def list_interfaces() -> tuple[Interface, ...]:
    """Return every IPv4 and link-local IPv6 address of the cards that are up, loopback last."""
    return tuple(sorted((*_ipv4(), *_ipv6()), key=lambda one: one.is_loopback))


def _ipv4() -> Iterator[Interface]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        for request in _ipv4_requests(wire):
            # A second address of eth0 may be labelled eth0:1.
            name = request[:16].rstrip(b"\0").decode().partition(":")[0]
            try:
                mask = fcntl.ioctl(wire, _SIOCGIFNETMASK, request)[_ADDRESS_AT]
                is_up = _is_up(wire, name)
            except OSError:
                # Pulled this moment.
                continue
            if is_up:
                bits = int.from_bytes(mask, "big").bit_count()
                yield Interface(name, socket.inet_ntoa(request[_ADDRESS_AT]), bits)


def _ipv4_requests(wire: socket.socket) -> list[bytes]:
    """Return a struct ifreq for each IPv4 address, as the kernel filled it (netdevice(7))."""
    room = array("B", bytes(_REQUEST_BYTES * _MOST_ADDRESSES))
    question = struct.pack("iP", len(room), room.buffer_info()[0])
    filled = struct.unpack_from("i", fcntl.ioctl(wire, _SIOCGIFCONF, question))[0]
    return [bytes(room[at : at + _REQUEST_BYTES]) for at in range(0, filled, _REQUEST_BYTES)]


def _ipv6() -> Iterator[Interface]:
    try:
        lines = _IPV6_LIST.read_text(encoding="ascii").splitlines()
    except OSError:
        # IPv6 is switched off.
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        for digits, _, prefix, scope, _, name in map(str.split, lines):
            if scope != _LINK_SCOPE or not _is_up(wire, name):
                continue
            address = str(ipaddress.IPv6Address(bytes.fromhex(digits)))
            yield Interface(name, address, int(prefix, 16))


def _is_up(wire: socket.socket, name: str) -> bool:
    try:
        request = struct.pack(f"16s{_REQUEST_BYTES - 16}x", name.encode())
        flags = struct.unpack_from("16xH", fcntl.ioctl(wire, _SIOCGIFFLAGS, request))[0]
    except OSError:
        return False
    return bool(flags & _IFF_UP)
