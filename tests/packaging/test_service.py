"""The service under the systemd of a real Debian: what it may, what it may not, and who watches it.

`make soak` runs it. What does not depend on the release is looked at on Debian 12 alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.packaging.machine import wait_for
from tests.packaging.site import SETTINGS, Site, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.soak

_DROP_INS = "/etc/systemd/system/edge-agent.service.d"
# Run in the service's own namespaces and with its restrictions: in the place of the agent.
_TRIALS = {
    "write_outside": "open('/usr/lib/edge-agent/x', 'w')",
    "write_home": "open('/home/x', 'w')",
    "write_state": "open('/var/lib/edge-agent/trial', 'w')",
    "run_from_tmp": (
        "import shutil, subprocess; shutil.copy('/bin/true', '/tmp/t');"
        " subprocess.run(['/tmp/t'], check=True)"
    ),
    "new_namespace": (
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True);"
        " code = libc.unshare(0x10000000); assert code == 0"
    ),
    "raw_packets": "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "run_what_it_wrote": "import mmap; mmap.mmap(-1, 4096, prot=7)",
    "see_others": "import pathlib; pathlib.Path('/proc/1/cmdline').read_text()",
    "see_processor": "assert 'processor' in open('/proc/cpuinfo').read()",
}
_MAY = {"write_state", "see_processor"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened("bookworm", tmp_path_factory.mktemp("service")) as site:
        site.machine.install(site.package)
        site.listen()
        site.configure()
        site.machine.run("systemctl", "start", "edge-agent")
        wait_for(lambda: site.hears_more(0), "no alert came")
        yield site


@pytest.fixture(autouse=True)
def _as_shipped(site: Site) -> Iterator[None]:
    """Each test finds, and leaves, the service as the package has it."""
    yield
    site.machine.shell(f"rm -rf {_DROP_INS} && systemctl daemon-reload")
    site.configure()
    site.machine.run("systemctl", "restart", "edge-agent")


def _with(site: Site, lines: str) -> None:
    site.machine.write(f"{_DROP_INS}/trial.conf", f"[Service]\n{lines}\n")
    site.machine.run("systemctl", "daemon-reload")


@pytest.mark.parametrize("trial", _TRIALS)
def test_the_sandbox_permits_what_the_agent_needs_and_nothing_more(site: Site, trial: str) -> None:
    site.machine.write("/opt/trial.py", _TRIALS[trial])
    _with(site, "Type=oneshot\nRestart=no\nExecStart=\nExecStart=/usr/bin/python3 -I /opt/trial.py")

    said = site.machine.run("systemctl", "restart", "edge-agent", is_fine=False)

    assert (site.machine.show("Result") == "success") == (trial in _MAY), said


def test_an_agent_that_hangs_is_started_again(site: Site) -> None:
    _with(site, "WatchdogSec=3\nRestartSec=1")
    site.machine.run("systemctl", "restart", "edge-agent")
    first = site.machine.show("MainPID")

    site.machine.run("kill", "-STOP", first)

    wait_for(lambda: site.machine.show("MainPID") not in {first, "0"}, "nobody noticed", 30)
    assert "Watchdog timeout" in site.machine.journal()
    heard = len(site.numbers())
    wait_for(lambda: site.hears_more(heard), "no alert afterwards")


def test_a_password_comes_as_a_credential_that_no_file_of_the_agent_has(site: Site) -> None:
    machine = site.machine
    machine.write("/etc/credstore/edge-agent.broker", "a secret of the broker\n")
    machine.shell("chmod 600 /etc/credstore/edge-agent.broker")
    _with(site, "LoadCredential=broker:/etc/credstore/edge-agent.broker")
    login = 'username = "box"\npassword_file = "/run/credentials/edge-agent.service/broker"\n'
    site.configure(SETTINGS + login)

    machine.run("systemctl", "restart", "edge-agent")

    wait_for(lambda: "broker connected" in machine.show("StatusText"), machine.journal(), 30)


def test_it_is_ready_in_an_orderly_way_and_ends_so(site: Site) -> None:
    site.machine.run("systemctl", "stop", "edge-agent")

    assert site.machine.show("Result") == "success"
    assert site.machine.show("ExecMainStatus") == "0"


def test_wrong_settings_are_told_and_tried_again(site: Site) -> None:
    site.configure('site = "test"\nbox = "box"\nbroker = 3\n')
    _with(site, "RestartSec=1")
    site.machine.run("systemctl", "restart", "edge-agent", is_fine=False)
    wait_for(lambda: int(site.machine.show("NRestarts")) > 1, "it gave up")

    site.configure()

    wait_for(lambda: site.machine.show("ActiveState") == "active", "it did not come back", 30)


def test_without_a_clock_and_a_network_it_starts(site: Site) -> None:
    """Nothing in this machine sets the clock, and there is no network card but loopback."""
    after = site.machine.show("After").split()

    assert {"time-set.target", "systemd-timesyncd.service"} <= set(after)
    # Who waits for these waits for ever.
    wanted = site.machine.show("Wants").split() + site.machine.show("Requires").split()
    assert not {"time-sync.target", "network-online.target"} & {*wanted, *after}
    assert site.machine.show("ActiveState") == "active"


def test_it_is_exposed_as_little_as_promised(site: Site) -> None:
    said = site.machine.run("systemd-analyze", "security", "--no-pager", "edge-agent")

    assert "Overall exposure level for edge-agent.service: 1.0" in said
