"""From `apt install` without a network to a received alert, and back to nothing: on real Debians.

One journey, because each step stands on what the last one left; `make soak` runs it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from edge_agent.contract import split
from tests.packaging.machine import Machine, prepare, wait_for
from tests.peers import clips
from tests.peers.rtsp import RtspServer
from tools.deb.__main__ import build
from tools.deb.target import PROCESSORS, RELEASES, Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.soak

_SETTINGS = 'site = "test"\nbox = "box"\n[broker]\nurl = "mqtt://127.0.0.1:1883"\ninsecure = true\n'
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
_KEPT = ("spool.sqlite", "keys/box.pem", "keys/position")


class Site:
    """A machine with the package in it, a broker, a center's ear and a street to look at."""

    def __init__(self, machine: Machine, package: Path, camera: RtspServer) -> None:
        self.machine, self.package, self.camera = machine, package, camera

    def listen(self) -> None:
        self.machine.write(
            "/etc/mosquitto/conf.d/test.conf", "listener 1883 127.0.0.1\nallow_anonymous true\n"
        )
        self.machine.run("systemctl", "restart", "mosquitto")
        self.machine.run(
            *("systemd-run", "--unit=ear", "-p", "StandardOutput=append:/root/heard"),
            *("mosquitto_sub", "-h", "127.0.0.1", "-V", "5", "-q", "1"),
            *("-t", "city/v1/+/+/up/alert/#", "-t", "city/v1/+/+/up/record", "-F", "%X"),
        )

    def configure(self) -> None:
        self.machine.write("/etc/edge-agent/agent.toml", _SETTINGS)
        self.machine.write(
            "/etc/edge-agent/cameras.d/gate.toml", _CAMERA.format(port=self.camera.port)
        )

    def numbers(self) -> list[int]:
        """The numbers of all signed messages that came, in their order."""
        if not self.machine.exists("/root/heard"):
            return []
        lines = self.machine.read("/root/heard").split("\n")[:-1]
        return [json.loads(split(bytes.fromhex(line))[0])["seq"] for line in lines]

    def hears_more(self, than: int) -> bool:
        return len(self.numbers()) > than


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp(request.param)
    package = build(
        Target(RELEASES[request.param], PROCESSORS["amd64"]), folder / "deb", is_quick=True
    )
    machine = Machine(request.param, folder)
    prepare(machine.root, package)
    clip = clips.encode(clips.vtest())
    with machine, RtspServer(folder, clip, within=machine.box.within) as camera:
        yield Site(machine, package, camera)


def _newer(package: Path, folder: Path) -> Path:
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


def test_from_installation_to_an_alert_and_back_to_nothing(site: Site, tmp_path: Path) -> None:
    machine = site.machine
    cards = re.findall(r"^ *(\w+):", machine.run("cat", "/proc/net/dev"), re.MULTILINE)
    assert cards == ["lo"], "a network but loopback"

    _install(site)
    _deliver(site)
    _upgrade(site, _newer(site.package, tmp_path))
    _repair(site, site.package)
    _remove_and_purge(site)


def _install(site: Site) -> None:
    machine = site.machine

    said = machine.install(site.package)

    assert "edge-agent discover" in said
    assert "edge-agent check" in said
    assert machine.show("ActiveState") == "inactive"
    assert "not configured yet" in machine.journal()
    assert machine.run("systemctl", "is-enabled", "edge-agent").strip() == "enabled"
    assert machine.run("stat", "-c", "%U %a", "/etc/edge-agent/secrets").strip() == "edge-agent 700"
    assert machine.run("stat", "-c", "%U %a", "/var/lib/edge-agent").strip() == "edge-agent 700"
    assert machine.run("man", "-w", "edge-agent-zone", is_fine=False) is not None


def _deliver(site: Site) -> None:
    site.listen()
    site.configure()

    site.machine.run("systemctl", "start", "edge-agent")

    wait_for(lambda: site.hears_more(3), "no alert came")
    assert "cameras stream; broker connected" in site.machine.show("StatusText")


def _upgrade(site: Site, newer: Path) -> None:
    """With traffic: every number arrives, and what a technician wrote stays."""
    machine, before = site.machine, len(site.numbers())
    first = machine.show("MainPID")
    kept = {name: machine.exists(f"/var/lib/edge-agent/{name}") for name in _KEPT}
    key = machine.read("/var/lib/edge-agent/keys/box.pem")

    machine.install(newer)

    assert machine.show("MainPID") not in {first, "0"}
    wait_for(lambda: site.hears_more(before + 3), "no alert after the upgrade")
    numbers = site.numbers()
    assert sorted(set(numbers)) == list(range(min(numbers), max(numbers) + 1)), "one is missing"
    assert machine.read("/etc/edge-agent/agent.toml") == _SETTINGS
    assert machine.read("/var/lib/edge-agent/keys/box.pem") == key
    assert kept == {name: machine.exists(f"/var/lib/edge-agent/{name}") for name in _KEPT}


def _repair(site: Site, older: Path) -> None:
    """A downgrade that power ends between unpacking and configuring: one command mends it."""
    machine, before = site.machine, len(site.numbers())
    highest = max(site.numbers())
    shutil.copy(older, machine.root / "root" / older.name)
    machine.run("dpkg", "--force-confold", "--unpack", f"/root/{older.name}")
    machine.run("systemctl", "kill", "-s", "KILL", "edge-agent")

    machine.run("dpkg", "--force-confold", "--configure", "-a")

    assert machine.run("dpkg", "--audit") == ""
    wait_for(lambda: site.hears_more(before + 2), "no alert after the repair")
    assert max(site.numbers()) > highest
    assert machine.read("/etc/edge-agent/agent.toml") == _SETTINGS


def _remove_and_purge(site: Site) -> None:
    machine = site.machine
    machine.run("systemctl", "stop", "ear", "mosquitto")
    # The broker is away, the street is not: these alerts wait.
    wait_for(lambda: "0 alerts wait" not in machine.show("StatusText"), "no alert waits")

    machine.run("apt-get", "remove", "-y", "edge-agent")

    assert machine.read("/etc/edge-agent/agent.toml") == _SETTINGS
    assert all(machine.exists(f"/var/lib/edge-agent/{name}") for name in _KEPT)
    assert not machine.exists("/usr/lib/edge-agent")

    refusal = machine.run("apt-get", "purge", "-y", "edge-agent", is_fine=False)

    assert "nothing is purged" in refusal
    assert machine.read("/etc/edge-agent/agent.toml") == _SETTINGS

    machine.run("touch", "/var/lib/edge-agent/purge-alerts")
    machine.run("dpkg", "--purge", "edge-agent")

    left = machine.shell("find / -xdev -name '*edge-agent*' -not -path '/proc/*' -not -path '/root/*'")
    # The user stays (its number must not become somebody else's); apt and journal remember.
    assert [path for path in left.split() if not path.startswith(("/var/log", "/run", "/sys"))] == []
