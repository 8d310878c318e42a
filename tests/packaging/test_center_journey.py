"""From `apt install` without a network to a confirmed alert at a center, and back to nothing.

One journey, because each step stands on what the last one left; `make soak` runs it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.packaging.center_host import FOLDER, STATE, UNIT, CenterHost, opened
from tests.packaging.machine import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.soak

_KEPT = ("center.db", "center.pem", "operators")


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CenterHost]:
    with opened(request.param, tmp_path_factory.mktemp(request.param)) as host:
        yield host


def test_from_installation_to_a_confirmed_alert_and_back_to_nothing(
    host: CenterHost, tmp_path: Path
) -> None:
    cards = re.findall(r"^ *(\w+):", host.machine.run("cat", "/proc/net/dev"), re.MULTILINE)
    assert cards == ["lo"], "a network but loopback"

    _install(host)
    _confirm(host)
    _be_killed(host)
    _upgrade(host, tmp_path)
    _remove_and_purge(host)


def _install(host: CenterHost) -> None:
    machine = host.machine

    said = host.install()

    assert "names a broker" in said
    assert "edge-agent center check" in said
    for unit in (UNIT, "edge-agent"):
        assert machine.show("ActiveState", unit) == "inactive"
        assert "not configured yet" in machine.journal(unit)
        assert machine.run("systemctl", "is-enabled", unit).strip() == "enabled"
    assert machine.run("stat", "-c", "%U %a", STATE).strip() == f"{UNIT} 700"
    assert machine.run("stat", "-c", "%U %a", FOLDER).strip() == f"{UNIT} 750"
    assert machine.exists(f"/usr/share/man/man8/{UNIT}.service.8.gz")


def _confirm(host: CenterHost) -> None:
    """A real street's alert is stored, confirmed to its box, and shown."""
    machine = host.machine
    host.serve()
    host.fill_in()
    host.begin()
    assert "connected to mqtt://127.0.0.1:1883" in machine.journal(UNIT)
    host.add_box()

    wait_for(lambda: host.has(3), f"nothing is stored: {machine.journal(UNIT)}")

    # They leave the box by a receipt alone.
    wait_for(lambda: "0 alerts wait" in machine.show("StatusText"), machine.journal())
    assert "✓" in host.ask("check")
    assert "✗" not in host.ask("check")
    assert "gate" in host.page()
    assert "messages stored" in machine.show("StatusText", UNIT)
    assert machine.run("stat", "-c", "%U", *(f"{STATE}/{one}" for one in _KEPT)).split() == [
        UNIT
    ] * len(_KEPT)


def _be_killed(host: CenterHost) -> None:
    """kill -9, then a center that hangs: it comes back, and no number is missing."""
    machine = host.machine
    host.drop_in("WatchdogSec=4\nRestartSec=1")
    machine.run("systemctl", "restart", UNIT)
    for signal in ("KILL", "STOP"):
        first, before = host.pid(), host.told()["whole_upto"]

        machine.kill(signal, first)

        wait_for(lambda first=first: host.runs_anew(first), "nobody noticed", 40)  # type: ignore[misc]
        wait_for(lambda before=before: host.has(before + 2), machine.journal(UNIT))  # type: ignore[misc]
    assert "Watchdog timeout" in machine.journal(UNIT)
    assert "gap" not in host.ask("alarms", is_fine=False)


def _upgrade(host: CenterHost, folder: Path) -> None:
    machine, first = host.machine, host.pid()
    settings = machine.read(f"{FOLDER}/center.toml")
    key, before = machine.read(f"{STATE}/center.pem"), host.told()["whole_upto"]

    machine.install(*(_newer(package, folder) for package in host.packages))

    assert host.runs_anew(first)
    wait_for(lambda: host.has(before + 2), machine.journal(UNIT))
    assert machine.read(f"{FOLDER}/center.toml") == settings
    assert machine.read(f"{STATE}/center.pem") == key


def _newer(package: Path, folder: Path) -> Path:
    """The same package as a later version, whose center.toml has a line more."""
    tree = folder / package.stem
    subprocess.run(["/usr/bin/dpkg-deb", "-R", package, tree], check=True)  # noqa: S603 (fixed)
    control = tree / "DEBIAN" / "control"
    text = control.read_text().replace("Version: ", "Version: 1:")
    control.write_text(text.replace("edge-agent (= ", "edge-agent (= 1:"))
    settings = tree / FOLDER.lstrip("/") / "center.toml"
    if settings.exists():
        settings.write_text(f"{settings.read_text()}# a newer hint\n")
    newer = folder / package.name
    subprocess.run(  # noqa: S603 (fixed)
        ["/usr/bin/dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "-b", tree, newer], check=True
    )
    shutil.rmtree(tree)
    return newer


def _remove_and_purge(host: CenterHost) -> None:
    machine = host.machine
    settings = machine.read(f"{FOLDER}/center.toml")

    machine.run("apt-get", "remove", "-y", UNIT)

    assert machine.read(f"{FOLDER}/center.toml") == settings
    assert all(machine.exists(f"{STATE}/{name}") for name in _KEPT)
    assert machine.show("ActiveState", UNIT) == "inactive"

    refusal = machine.run("apt-get", "purge", "-y", UNIT, is_fine=False)

    assert "what boxes have sent" in refusal
    assert machine.read(f"{FOLDER}/center.toml") == settings
    machine.run("rm", f"{STATE}/center.db")
    refusal = machine.run("apt-get", "purge", "-y", UNIT, is_fine=False)
    assert "the key that boxes trust" in refusal

    machine.run("touch", f"{STATE}/purge-evidence")
    machine.run("dpkg", "--purge", UNIT)

    left = machine.shell(f"find / -xdev -name '*{UNIT}*' -not -path '/proc/*' -not -path '/srv/*'")
    # The user stays (its number must not become somebody else's); the drop-in is the test's.
    assert [
        path
        for path in left.split()
        if not path.startswith(("/var/log", "/run", "/sys", "/etc/systemd"))
        and path != "/usr/share/man/man1/edge-agent-center.1.gz"
    ] == []
    assert "edge-agent" in machine.run("dpkg", "-l", "edge-agent")
