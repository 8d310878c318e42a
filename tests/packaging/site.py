"""A machine with the package in it, a broker, a center's ear and a street to look at."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge_agent.contract import split
from tests.packaging.machine import Machine, prepare
from tests.peers import clips
from tests.peers.rtsp import RtspServer
from tools.deb.__main__ import build
from tools.deb.target import PROCESSORS, RELEASES, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SETTINGS = 'site = "test"\nbox = "box"\n[broker]\nurl = "mqtt://127.0.0.1:1883"\ninsecure = true\n'
_CAMERA = """\
[stream]
url = "rtsp://127.0.0.1:{port}/main"
[[zones]]
name = "street"
outline = [[0.0, 0.2], [1.0, 0.2], [1.0, 1.0], [0.0, 1.0]]
[[rules]]
kind = "intrusion"
zone = "street"
labels = ["person"]
severity = "high"
patience_s = 0.4
"""


class Site:
    """The same for each test of the installed package; `package` is not installed yet."""

    def __init__(self, machine: Machine, package: Path, camera: RtspServer) -> None:
        self.machine, self.package, self.camera = machine, package, camera

    def listen(self, more: str = "allow_anonymous true\n") -> None:
        """Let mosquitto serve loopback, and a subscriber write down what is signed."""
        self.machine.write("/etc/mosquitto/conf.d/test.conf", f"listener 1883 127.0.0.1\n{more}")
        self.machine.run("systemctl", "restart", "mosquitto")
        self.machine.run(
            *("systemd-run", "--unit=ear", "-p", "StandardOutput=append:/srv/heard"),
            *("mosquitto_sub", "-h", "127.0.0.1", "-V", "5", "-q", "1"),
            *("-t", "city/v1/+/+/up/alert/#", "-t", "city/v1/+/+/up/record", "-F", "%X"),
        )

    def configure(self, settings: str = SETTINGS) -> None:
        self.machine.write("/etc/edge-agent/agent.toml", settings)
        self.machine.write(
            "/etc/edge-agent/cameras.d/gate.toml", _CAMERA.format(port=self.camera.port)
        )

    def records(self) -> list[dict[str, object]]:
        """Return the signed records of the box that came, in their order."""
        told = [json.loads(split(bytes.fromhex(line))[0]) for line in self._heard()]
        return [one for one in told if "rule" not in one]

    def numbers(self) -> list[int]:
        """Return the numbers of all signed messages that came, in their order."""
        return [json.loads(split(bytes.fromhex(line))[0])["seq"] for line in self._heard()]

    def hears_more(self, than: int) -> bool:
        return len(self.numbers()) > than

    def _heard(self) -> list[str]:
        if not self.machine.exists("/srv/heard"):
            return []
        return self.machine.read("/srv/heard").split("\n")[:-1]


@contextmanager
def opened(dist: str, folder: Path, more: Sequence[str] = ()) -> Iterator[Site]:
    """Yield a site that runs, on a release of Debian."""
    target = Target(RELEASES[dist], PROCESSORS["amd64"])
    package = build(target, folder / "deb", is_quick=True)
    machine = Machine(dist, folder)
    prepare(machine.root, package, more=more)
    clip = clips.encode(clips.vtest())
    with machine, RtspServer(folder, clip, within=machine.box.within) as camera:
        yield Site(machine, package, camera)


def newer(package: Path, folder: Path) -> Path:
    """The same package as a later version, whose agent.toml has a line more."""
    tree = folder / "newer"
    subprocess.run(["/usr/bin/dpkg-deb", "-R", package, tree], check=True)  # noqa: S603 (fixed)
    control = tree / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("Version: ", "Version: 1:"))
    with (tree / "etc/edge-agent/agent.toml").open("a") as settings:
        settings.write("# a newer hint\n")
    newer = folder / "edge-agent_newer.deb"
    subprocess.run(  # noqa: S603 (fixed)
        ["/usr/bin/dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "-b", tree, newer], check=True
    )
    shutil.rmtree(tree)
    return newer
