"""A box without a battery and without a network boots in 1970, and loses nothing of what it sees then.

The clock of the board is set, so kernel and systemd do with it what they do on a box. `make soak` runs it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from edge_agent.contract import split
from tests.packaging.machine import wait_for
from tests.packaging.vm import Build, Vm
from tests.packaging.vm_guest import LONG_S, configure, delivers
from tests.peers import process
from tests.peers.durable_center import DurableCenter
from tools.deb.target import RELEASES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.packaging.vm_image import Image
    from tests.peers.mosquitto import Mosquitto

pytestmark = pytest.mark.soak

# Far from every day on which a systemd of these releases was made.
_TODAY = "2031-11-28"
# As a time server's program does: set, and the kernel told that somebody disciplines its clock.
_SET_RIGHT = """\
import ctypes, struct, time
adjtimex = ctypes.CDLL(None).adjtimex
told = bytearray(struct.pack("I4xqqqqi", 0x10 | 0x4 | 0x8, 0, 0, 1000, 1000, 0) + bytes(256))
told = (ctypes.c_char * len(told)).from_buffer(told)
time.clock_settime(time.CLOCK_REALTIME, {wall})
adjtimex(told)
"""


@pytest.mark.parametrize("dist", RELEASES)
@pytest.mark.parametrize("year", ["1970", "2000"])
def test_it_runs_without_clock_and_network_and_delivers_when_both_come(
    year: str,
    dist: str,
    debian_disk: Callable[[str], Image],
    start_broker: Callable[..., Mosquitto],
    tmp_path: Path,
) -> None:
    broker = start_broker()
    ports = {1883: broker.port, 8554: process.free_port()}
    board = Build(ports=ports, clock=f"{year}-01-02T03:04:05", kernel="systemd.mask=wire.service")
    with (
        DurableCenter(tmp_path / "center.db", broker.port, says_receipts=False) as center,
        Vm(debian_disk(dist), tmp_path / "vm", board) as vm,
    ):
        # systemd puts a clock that stands before its own making forward to that day.
        at_boot = vm.run("date", "-u", "+%Y-%m-%d").strip()
        _starts(vm)
        wait_for(lambda: "20 alerts wait" in vm.show("StatusText"), vm.journal(), LONG_S)
        assert center.names() == []
        _tells_its_clock(vm)

        wall = datetime.fromisoformat(f"{_TODAY}T12:00:00Z").timestamp()
        vm.run("python3", "-c", _SET_RIGHT.format(wall=wall))
        vm.run("systemctl", "unmask", "--runtime", "wire.service")
        vm.shell("ip address add 10.0.2.15/24 dev eth0; ip link set eth0 up")

        delivers(vm, center, tmp_path)
        steps = _clock_steps(center)
        print(year, "the box began in", at_boot, steps)  # noqa: T201 (for -s)
        assert at_boot < _TODAY
        assert [one["now"][:10] for one in steps] == [_TODAY]
        assert steps[-1]["synced"]


def _starts(vm: Vm) -> None:
    vm.run("/srv/prepare")
    configure(vm)
    vm.shell("systemctl start edge-agent", within_s=LONG_S)
    assert vm.show("ActiveState") == "active"


def _tells_its_clock(vm: Vm) -> None:
    said = vm.run("edge-agent", "check", is_fine=False, within_s=LONG_S)
    assert "clock" in said, said
    assert "not synchron" in said, said


def _clock_steps(center: DurableCenter) -> list[dict[str, Any]]:
    told = [json.loads(split(one)[0]) for (one,) in center.rows("SELECT payload FROM messages")]
    return [one for one in told if one["type"] == "clock_set"]
