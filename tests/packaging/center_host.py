"""A machine that is a center, with both packages, a broker inside, and a box that reports to it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.packaging.machine import Machine, prepare
from tests.packaging.site import SETTINGS, Site
from tests.peers import clips
from tests.peers.rtsp import RtspServer
from tools.deb import center
from tools.deb.__main__ import build
from tools.deb.target import PROCESSORS, RELEASES, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

UNIT = "edge-agent-center"
STATE, FOLDER = f"/var/lib/{UNIT}", f"/etc/{UNIT}"
BROKER = '[broker]\nurl = "mqtt://127.0.0.1:1883"\ninsecure = true\n'
_PAGE = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8480/').read().decode())"


class CenterHost(Site):
    """The two packages, not installed yet; the center's words are asked with its own commands."""

    def __init__(self, machine: Machine, packages: Sequence[Path], camera: RtspServer) -> None:
        super().__init__(machine, packages[0], camera)
        self.packages = tuple(packages)

    def install(self) -> str:
        return self.machine.install(*self.packages)

    def serve(self, lines: str = "allow_anonymous true\n") -> None:
        """Let mosquitto serve loopback."""
        self.machine.write("/etc/mosquitto/conf.d/test.conf", f"listener 1883 127.0.0.1\n{lines}")
        self.machine.run("systemctl", "restart", "mosquitto")

    def fill_in(self, broker: str = BROKER) -> None:
        """Write the lines that the shipped settings leave to a person."""
        shipped = self.machine.read(f"{FOLDER}/center.toml")
        head, _, rest = shipped.partition("#[broker]")
        text = f"{head}{broker}\n[key]{rest.partition('[key]')[2]}".replace("#[web]", "[web]")
        self.machine.write(f"{FOLDER}/center.toml", text.replace("#operators", "operators"))

    def ask(self, *words: str, is_fine: bool = True) -> str:
        return self.machine.run("edge-agent", "center", *words, is_fine=is_fine)

    def begin(self) -> None:
        """Key, first operator, start: as docs/center-install.md has it."""
        self.key = self.ask("key").split("keys = ")[1].strip()
        self.machine.shell("echo 'a long password' | edge-agent center operator add sari")
        self.machine.run("systemctl", "start", UNIT)

    def add_box(self) -> None:
        """Start a box that trusts this center, and let the center know its key."""
        self.configure(f"{SETTINGS}\n[center]\nkeys = {self.key}\n")
        self.machine.run("systemctl", "start", "edge-agent")
        self.machine.shell(f"edge-agent key show | grep ^test/box >> {FOLDER}/boxes")

    def told(self) -> dict[str, int]:
        """Return how far the box is whole at the center, and how far it has come."""
        (box,) = json.loads(self.ask("boxes", "--json")) or [{"whole_upto": 0, "last_seq": 0}]
        return dict(box)

    def has(self, count: int) -> bool:
        return self.told()["whole_upto"] >= count

    def page(self) -> str:
        return self.machine.run("python3", "-c", _PAGE)

    def pid(self) -> str:
        return self.machine.show("MainPID", UNIT)

    def runs_anew(self, than: str) -> bool:
        is_up = self.machine.show("ActiveState", UNIT) == "active"
        return is_up and self.pid() not in {than, "0"}

    def drop_in(self, lines: str) -> None:
        name = f"/etc/systemd/system/{UNIT}.service.d/trial.conf"
        self.machine.write(name, f"[Service]\n{lines}\n")
        self.machine.run("systemctl", "daemon-reload")


@contextmanager
def opened(dist: str, folder: Path, more: Sequence[str] = ()) -> Iterator[CenterHost]:
    """Yield a center's machine that runs, on a release of Debian."""
    target = Target(RELEASES[dist], PROCESSORS["amd64"])
    packages = [build(target, folder / "deb", is_quick=True), center.build(target, folder / "deb")]
    machine = Machine(dist, folder)
    prepare(machine.root, *packages, more=more)
    clip = clips.encode(clips.vtest())
    with machine, RtspServer(folder, clip, within=machine.box.within) as camera:
        yield CenterHost(machine, packages, camera)
