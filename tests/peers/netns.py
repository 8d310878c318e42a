"""A small town of wires: a box with a network card for each camera, all of it in this machine.

Each host is a network namespace that lives as long as the process that holds it, so nothing can be
left behind, and none of it is visible from outside. Works as root, and as anybody where the kernel
lets a user have namespaces of their own.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from tests.peers import process
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNSHARE, _NSENTER = "/usr/bin/unshare", "/usr/bin/nsenter"
# How to get a namespace: as root, or as the root of a world of one's own.
_WAYS = (("--net",), ("--user", "--map-root-user", "--net"))
_PATIENCE_S = 5.0
# The card at each camera's end.
_CARD = "eth0"
# A link-local address is one of its link: the same two at both ends of each wire.
_BOX_LINK_LOCAL, _CAMERA_LINK_LOCAL = "fe80::1", "fe80::2"
_HAS_IPV6 = Path("/proc/net/if_inet6").exists()


class Host:
    """One namespace: `within` are the words that make a command run inside."""

    def __init__(self, way: Sequence[str], within: Sequence[str] = ()) -> None:
        self._holder = process.spawn(
            ["/usr/bin/sleep", "infinity"], within=[*within, _UNSHARE, *way]
        )
        self.pid = self._holder.pid
        _wait_for_sleep(self._holder)
        own_user = ("--user", "--preserve-credentials") if "--user" in (*way, *within) else ()
        self.within = (_NSENTER, f"--target={self.pid}", *own_user, "--net")
        self.ip("link", "set", "lo", "up")

    def ip(self, *words: str) -> None:
        """Run iproute2's `ip` inside; raise RuntimeError with its words where it fails."""
        done = subprocess.run(  # noqa: S603 (programs we name, words of this module)
            [*self.within, process.required_program("ip"), *words],
            check=False,
            capture_output=True,
            text=True,
            env=debian.environment(),
        )
        if done.returncode != 0:
            msg = f"ip {' '.join(words)}: {done.stderr.strip()}"
            raise RuntimeError(msg)

    def close(self) -> None:
        """Let go; the kernel takes the wire down with the last process inside."""
        process.end(self._holder)


class Camera(Host):
    """The place of one camera: a host at the end of a wire of its own.

    `address` is "" where the wire speaks IPv6 only, `link_local` where the kernel has no IPv6.
    `card` is the name of its card, `box_card` of the box's at the other end.
    """

    card = _CARD
    link_local = _CAMERA_LINK_LOCAL if _HAS_IPV6 else ""

    def __init__(self, box: Box, number: int, *, has_ipv4: bool) -> None:
        super().__init__(("--net",), box.for_neighbours)
        self.box_card = f"cam{number}"
        self.address = ""
        box.ip("link", "add", self.box_card, "type", "veth", "peer", "name", f"far{number}")
        box.ip("link", "set", f"far{number}", "netns", str(self.pid))
        self.ip("link", "set", f"far{number}", "name", _CARD)
        _switch_on(box, self.box_card, _BOX_LINK_LOCAL)
        _switch_on(self, _CARD, _CAMERA_LINK_LOCAL)
        if has_ipv4:
            box.ip("address", "add", f"10.77.{number}.1/24", "dev", self.box_card)
            self.move_to(f"10.77.{number}.2")
        else:
            # Multicast of IPv4 is harmless here, and joining its group must not fail.
            self.ip("route", "add", "224.0.0.0/4", "dev", _CARD)

    def move_to(self, address: str) -> None:
        """Give the camera another IPv4 address of its subnet, as a DHCP server would."""
        net = address.rpartition(".")[0]
        assert not self.address or self.address.startswith(f"{net}."), "that is another subnet"
        self.ip("-4", "address", "flush", "dev", _CARD)
        self.ip("address", "add", f"{address}/24", "dev", _CARD)
        self.ip("route", "add", "default", "via", f"{net}.1")
        self.address = address


class Box(Host):
    """Where the agent runs: `plug_in()` lays a wire from it to a place for a camera."""

    def __init__(self) -> None:
        way = _way_that_works()
        super().__init__(way)
        self._cameras: list[Camera] = []
        own_user = (f"--target={self.pid}", "--user", "--preserve-credentials")
        # Who may give a card away must be root over both its ends.
        self.for_neighbours = (_NSENTER, *own_user) if "--user" in way else ()

    def plug_in(self, *, has_ipv4: bool = True) -> Camera:
        """Lay one more wire; 10.77.N.1 is the box's end and 10.77.N.2 the camera's."""
        if not (has_ipv4 or _HAS_IPV6):
            pytest.skip("this kernel has no IPv6")
        camera = Camera(self, len(self._cameras) + 1, has_ipv4=has_ipv4)
        self._cameras.append(camera)
        return camera

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for host in (*self._cameras, self):
            host.close()


def _way_that_works() -> tuple[str, ...]:
    process.required_program("ip")
    refusal = ""
    for way in _WAYS:
        done = subprocess.run(  # noqa: S603 (fixed words)
            [_UNSHARE, *way, "true"], check=False, capture_output=True, text=True
        )
        if done.returncode == 0:
            return way
        refusal = done.stderr.strip()
    pytest.skip(f"the kernel gives us no network of our own: {refusal}")


def _switch_on(host: Host, card: str, link_local: str) -> None:
    # Made addresses are not there until nobody objects, for two seconds; these are there at once.
    host.ip("link", "set", card, "addrgenmode", "none")
    host.ip("link", "set", card, "up")
    if _HAS_IPV6:
        host.ip("-6", "address", "add", f"{link_local}/64", "dev", card, "nodad")


def _wait_for_sleep(holder: subprocess.Popen[bytes]) -> None:
    """Return when the namespace is there: the last to be started in it is `sleep`."""
    deadline = time.monotonic() + _PATIENCE_S
    while not Path(f"/proc/{holder.pid}/cmdline").read_bytes().startswith(b"/usr/bin/sleep"):
        if holder.poll() is not None or time.monotonic() > deadline:
            msg = f"no namespace: {holder.args!r} (exit {holder.returncode})"
            raise RuntimeError(msg)
        os.sched_yield()
