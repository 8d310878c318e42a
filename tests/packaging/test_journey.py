"""From `apt install` without a network to a received alert, and back to nothing: on real Debians.

One journey, because each step stands on what the last one left; `make soak` runs it.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.packaging.machine import wait_for
from tests.packaging.site import SETTINGS, Site, newer, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.soak

_KEPT = ("spool.sqlite", "keys/box.pem", "keys/position")


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with opened(request.param, tmp_path_factory.mktemp(request.param)) as site:
        yield site


def test_from_installation_to_an_alert_and_back_to_nothing(site: Site, tmp_path: Path) -> None:
    machine = site.machine
    cards = re.findall(r"^ *(\w+):", machine.run("cat", "/proc/net/dev"), re.MULTILINE)
    assert cards == ["lo"], "a network but loopback"

    _install(site)
    _deliver(site)
    _upgrade(site, newer(site.package, tmp_path))
    _repair(site, site.package)
    _remove_and_purge(site)


def _install(site: Site) -> None:
    machine = site.machine

    said = machine.install(site.package)

    assert "edge-agent setup" in said
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
    assert machine.read("/etc/edge-agent/agent.toml") == SETTINGS
    assert machine.read("/var/lib/edge-agent/keys/box.pem") == key
    assert kept == {name: machine.exists(f"/var/lib/edge-agent/{name}") for name in _KEPT}


def _repair(site: Site, older: Path) -> None:
    """A downgrade that power ends between unpacking and configuring: one command mends it."""
    machine, before = site.machine, len(site.numbers())
    highest = max(site.numbers())
    # Its trial goes on; what comes now is a person's will.
    machine.run("edge-agent-updates", "accept")
    shutil.copy(older, machine.root / "srv" / older.name)
    machine.run("dpkg", "--force-confold", "--unpack", f"/srv/{older.name}")
    # Not `systemctl kill`: machines that run side by side share names of control groups.
    machine.kill("KILL", machine.show("MainPID"))

    machine.run("dpkg", "--force-confold", "--configure", "-a")

    assert machine.run("dpkg", "--audit") == ""
    wait_for(lambda: site.hears_more(before + 2), "no alert after the repair")
    assert max(site.numbers()) > highest
    assert machine.read("/etc/edge-agent/agent.toml") == SETTINGS


def _remove_and_purge(site: Site) -> None:
    machine = site.machine
    machine.run("systemctl", "stop", "ear", "mosquitto")
    # The broker is away, the street is not: these alerts wait.
    wait_for(lambda: "0 alerts wait" not in machine.show("StatusText"), "no alert waits")

    machine.run("apt-get", "remove", "-y", "edge-agent")

    assert machine.read("/etc/edge-agent/agent.toml") == SETTINGS
    assert all(machine.exists(f"/var/lib/edge-agent/{name}") for name in _KEPT)
    assert not machine.exists("/usr/lib/edge-agent")

    refusal = machine.run("apt-get", "purge", "-y", "edge-agent", is_fine=False)

    assert "nothing is purged" in refusal
    assert machine.read("/etc/edge-agent/agent.toml") == SETTINGS

    machine.run("touch", "/var/lib/edge-agent/purge-alerts")
    machine.run("dpkg", "--purge", "edge-agent")

    left = machine.shell(
        "find / -xdev -name '*edge-agent*' -not -path '/proc/*' -not -path '/srv/*'"
    )
    # The user stays (its number must not become somebody else's); apt and journal remember.
    assert [
        path for path in left.split() if not path.startswith(("/var/log", "/run", "/sys"))
    ] == []
