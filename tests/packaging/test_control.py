"""The unit under a systemd that owns its control groups: every limit is the kernel's, and bites.

In the machine of `test_service.py` the kernel gives neither a memory controller nor an IP filter; here
it is Debian's own kernel. `make soak` runs it.
"""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.house.source import ROOT
from tests.packaging.machine import wait_for
from tests.packaging.vm import HOST, Build, Vm
from tests.packaging.vm_guest import LONG_S, configure
from tests.peers import process
from tests.peers.center import Center
from tests.peers.mosquitto import Mosquitto
from tools.deb.target import RELEASES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.packaging.vm_image import Image

pytestmark = pytest.mark.soak

_UNIT = (ROOT / "systemd/edge-agent.service").read_text()
_GROUP = "/sys/fs/cgroup/system.slice/edge-agent.service"
_DROP_IN = "/run/systemd/system/edge-agent.service.d/trial.conf"


class Box:
    """The machine, and what its center hears."""

    def __init__(self, vm: Vm, center: Center) -> None:
        self.vm, self.center = vm, center

    def starts(self) -> dict[str, object]:
        told: dict[str, object] = json.loads(self.vm.read("/var/lib/edge-agent/starts.json"))
        return told

    def group(self, file: str) -> str:
        return self.vm.read(f"{_GROUP}/{file}").strip()

    def try_out(self, script: str) -> tuple[bool, str]:
        """Run Python in the agent's place, with all its restrictions."""
        self.vm.write("/opt/trial.py", script)
        self.vm.write(_DROP_IN, _IN_ITS_PLACE)
        self.vm.shell("systemctl daemon-reload; systemctl restart edge-agent", is_fine=False)
        went_well = self.vm.show("Result") == "success"
        return went_well, self.vm.run("journalctl", "-u", "edge-agent", "-n", "12", "--no-pager")


_IN_ITS_PLACE = """\
[Service]
Type=oneshot
Restart=no
WatchdogSec=0
ExecStart=
ExecStart=/usr/bin/python3 -I /opt/trial.py
"""


@pytest.fixture(scope="module", params=RELEASES)
def box(
    request: pytest.FixtureRequest,
    debian_disk: Callable[[str], Image],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp(request.param)
    with Mosquitto(folder) as broker, Center(broker.port) as center:
        ports = {1883: broker.port, 8554: process.free_port()}
        build = Build(ports=ports, memory_mib=1536)
        with Vm(debian_disk(request.param), folder / "vm", build) as vm:
            # So that it is the filter that refuses, and not a want of ways.
            vm.run("ip", "route", "add", "default", "via", "10.0.2.2")
            configure(vm)
            vm.shell("systemctl start edge-agent", within_s=LONG_S)
            yield Box(vm, center)


def _runs(box: Box) -> bool:
    return box.vm.show("ActiveState") == "active"


def _unit(name: str) -> str:
    found = re.search(rf"^{name}=(.+)$", _UNIT, re.MULTILINE)
    assert found, name
    return found.group(1)


def _bytes(words: str) -> str:
    return str(int(words.removesuffix("M")) << 20)


def test_the_kernel_has_the_values_of_the_unit(box: Box) -> None:
    wait_for(lambda: _runs(box), "the service does not run", LONG_S)

    assert box.group("memory.high") == "max"
    assert box.group("memory.max") == _bytes(_unit("MemoryMax"))
    assert box.group("pids.max") == _unit("TasksMax")
    assert box.group("cpu.weight") == _unit("CPUWeight")


# Into the service's own group, as a leak of the agent's would be.
_HOG = f"""\
echo $$ >{_GROUP}/cgroup.procs
exec python3 -c 'a = []
while True: a.append(b"x" * (1 << 20))'
"""


def test_what_grows_without_end_is_killed_and_the_agent_comes_back(box: Box) -> None:
    wait_for(lambda: _runs(box), "the service does not run", LONG_S)
    before, first = box.starts(), box.vm.show("MainPID")
    box.vm.write("/opt/hog", _HOG)
    began = time.monotonic()

    box.vm.run("systemd-run", "-q", "--unit=hog", "sh", "/opt/hog")

    wait_for(lambda: box.vm.show("MainPID") not in {first, "0"}, "nobody ended it", LONG_S)
    print(f"ended and begun anew after {time.monotonic() - began:.0f} s")  # noqa: T201 (for -s)
    wait_for(lambda: _runs(box), "it does not come back", LONG_S)
    now = box.starts()
    assert now["count"] == int(str(before["count"])) + 1
    assert (now["last_end"], now["last_unclean"]) == ("memory", "memory"), box.vm.journal()
    wait_for(lambda: _heard_end(box) == "memory", "the center is not told", LONG_S)


def _heard_end(box: Box) -> str:
    told = [one["starts"]["last_end"] for one in box.center.statuses() if "starts" in one]
    return str(told[-1]) if told else ""


_SEND = "import socket; s = socket.socket(socket.{family}, socket.SOCK_DGRAM); {more}"
_TO = _SEND + "s.sendto(b'x', ({address!r}, 9{scope}))"
_BROADCAST = "s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1); "


def _to(address: str, more: str = "") -> str:
    if ":" in address:
        card = ", 0, socket.if_nametoindex('eth0')"
        return _TO.format(family="AF_INET6", more=more, address=address, scope=card)
    return _TO.format(family="AF_INET", more=more, address=address, scope="")


_MANY_THREADS = """\
import threading
wait = threading.Event().wait
for _ in range(600):
    threading.Thread(target=wait, args=(9,), daemon=True).start()
"""
# What the agent's place may do, and what is refused there.
_TRIALS = {
    "one_machine": (_to("10.0.2.100"), True),
    "discovery": (_to("239.255.255.250"), True),
    "discovery_by_ipv6": (_to("ff02::c"), True),
    "the_broker": (f"import socket; socket.create_connection(({HOST!r}, 1883), 20)", True),
    # The filter knows addresses, not masks: this one it takes for one machine's (design/0020).
    "all_of_the_subnet": (_to("10.0.2.255", _BROADCAST), True),
    "all_of_the_link": (_to("255.255.255.255", _BROADCAST), False),
    "another_group": (_to("224.0.0.251"), False),
    "all_of_the_link_by_ipv6": (_to("ff02::1"), False),
    "the_disk": ("open('/dev/vda', 'rb')", False),
    "the_clock": ("import time; time.clock_settime(time.CLOCK_REALTIME, 1e9)", False),
    "the_kernels_log": ("open('/dev/kmsg', 'rb')", False),
    "the_name": ("import socket; socket.sethostname('mine')", False),
    "a_setting_of_the_kernel": ("open('/proc/sys/vm/swappiness', 'w').write('1')", False),
    "more_memory": ("open('/sys/fs/cgroup/system.slice/memory.max', 'w')", False),
    "many_threads": (_MANY_THREADS, False),
}


@pytest.mark.parametrize("trial", _TRIALS)
def test_the_kernel_refuses_what_the_unit_forbids_and_nothing_else(box: Box, trial: str) -> None:
    script, may = _TRIALS[trial]

    went_well, said = box.try_out(script)

    assert went_well == may, said
    assert may or re.search("PermissionError|FileNotFoundError|Read-only|new thread", said), said
