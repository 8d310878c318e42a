"""A whole Debian loses its power, kernel and page cache with it, in the middle of its alerts.

`tests/chaos` rebuilds such a disk on paper, at any moment of one life; here kernel, ext4 and systemd
are real, and one disk goes through all cuts, one after the other. `make soak` runs it.
"""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING

import pytest

from edge_agent.alerts.box_key import find_keys
from tests.fakes.box import BOX, SITE
from tests.packaging.machine import wait_for
from tests.packaging.vm import Build, Vm
from tests.packaging.vm_guest import STATE
from tests.peers.durable_center import DurableCenter
from tests.peers.flaky import FlakyLine, Line
from tools.deb.target import RELEASES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.packaging.vm_image import Image
    from tests.peers.mosquitto import Mosquitto

pytestmark = pytest.mark.soak

_CUTS = 30
# From a life's first alert to the cut; each fifth comes earlier, while it boots.
_LIFE_S = 4.0
_EARLY = 5
_BOOT_S, _DRAIN_S = 300.0, 600.0


class Lives:
    """One box after the other on one disk, and what they said before their power went."""

    def __init__(self, vm: Vm, port: int, key: str) -> None:
        self._vm, self._port, self._key = vm, port, key
        self._heard = vm.folder / "heard-0"
        self.promised: set[str] = set()
        self.complaints: list[str] = []

    def begin(self, life: int, most: int = 100_000) -> None:
        # One for each life: they tell afterwards what was promised, whatever became of this run.
        self._heard = self._vm.folder / f"heard-{life}"
        words = f"systemd.unit=live.target box.life={life} box.most={most} box.key={self._key}"
        more = ("-serial", f"file:{self._heard}")
        self._vm.switch_on(Build(ports={1883: self._port}, kernel=words, more=more))

    def says(self) -> list[str]:
        """Return its lines so far; one cut short was not said."""
        if not self._heard.exists():
            return []
        return self._heard.read_text(errors="replace").replace("\r", "").split("\n")[:-1]

    def sees(self) -> bool:
        return any(line.startswith("life") for line in self.says())

    def ends(self) -> str:
        return next((line for line in self.says() if line.startswith("ends ")), "")

    def cut(self) -> None:
        self._vm.cut_power()
        for line in self.says():
            if line.startswith("life"):
                self.promised.add(line)
            elif not re.match("(begins|ends) ", line):
                self.complaints.append(line)


@pytest.mark.parametrize("dist", RELEASES)
def test_thirty_power_cuts_of_a_real_debian_lose_nothing(
    dist: str,
    debian_disk: Callable[[str], Image],
    start_broker: Callable[..., Mosquitto],
    tmp_path: Path,
) -> None:
    source, broker = random.Random(3), start_broker()
    with (
        DurableCenter(tmp_path / "center.db", broker.port) as center,
        FlakyLine(broker.port) as line,
    ):
        vm = Vm(debian_disk(dist), tmp_path / "vm")
        lives = Lives(vm, line.port, center.key.text)
        for life in range(_CUTS):
            line.flap(source, up_s=2.0, down_s=2.0)
            lives.begin(life)
            if life % _EARLY == _EARLY - 1:
                _sleep(source.uniform(1, 20))
            else:
                wait_for(lives.sees, f"life {life} sees nothing: {lives.says()}", _BOOT_S)
                _sleep(source.uniform(0, _LIFE_S))
            lives.cut()
        line.set(Line.UP)
        lives.begin(_CUTS, 1)
        wait_for(lives.ends, f"it does not end: {lives.says()}", _DRAIN_S)
        ended = lives.ends()
        lives.cut()
        _judge(lives, center, vm, tmp_path)
        assert ended.startswith("ends 0"), ended


def _judge(lives: Lives, center: DurableCenter, vm: Vm, folder: Path) -> None:
    with vm.boot(Build()):
        assert vm.run("dpkg", "--audit") == ""
        keys = folder / "keys"
        keys.mkdir()
        (keys / "box.pem").write_text(vm.read(f"{STATE}/keys/box.pem"))
        set_aside = vm.shell(f"ls {STATE} | grep corrupt || true")
    found = find_keys(keys)
    assert found
    report, names = center.report(SITE, BOX, [found.signer.public]), center.names()
    print(len(lives.promised), "promised,", len(names), "came,", center.came)  # noqa: T201 (for -s)
    assert lives.complaints == []
    assert set_aside == ""
    assert len(lives.promised) > _CUTS
    assert lives.promised - set(names) == set()
    assert center.visible_twice() == 0
    assert lives.promised - center.pictures() == set()
    assert report.is_whole, report


def _sleep(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251 (the cut must come at any moment)
