"""Updates over the air on a real Debian: apt, unattended-upgrades, systemd, mosquitto, and a bad version.

One journey on each release; `make soak` runs it. Ten minutes of patience are one here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.packaging.machine import wait_for
from tests.packaging.town import LONG_S, TRIAL, opened_town

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.packaging.town import Town

pytestmark = pytest.mark.soak

# Starts, is ready, answers, reaches the broker; and never opens a camera's stream.
_BLIND = "\n\nCameraReader.run = lambda self: self._stop.wait(1e6)\n"


@pytest.fixture(params=["bookworm", "trixie"])
def town(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    with opened_town(request.param, tmp_path, monkeypatch) as town:
        yield town


def _crashes(tree: Path) -> None:
    """And will not go: its own script refuses when the old one comes back."""
    (tree / "usr/bin/edge-agent").write_text("#!/bin/sh\nexit 1\n")
    (tree / "DEBIAN/prerm").write_text("#!/bin/sh\nexit 1\n")


def _cannot_be_configured(tree: Path) -> None:
    (tree / "DEBIAN/postinst").write_text("#!/bin/sh\nexit 1\n")


def _is_blind(tree: Path) -> None:
    file = tree / "usr/lib/edge-agent/edge_agent/video/camera_reader.py"
    file.write_text(file.read_text() + _BLIND)


def test_a_bad_version_is_taken_back_once_and_a_good_one_stays(town: Town) -> None:
    _goes_back_from(town, "0.2.0", _crashes, "the service does not run")
    assert "0.2.0" not in town.upgrade()
    assert town.version.startswith("0.1.0")

    _goes_back_from(town, "0.2.1", _cannot_be_configured, "dpkg cannot finish its installation")
    _goes_back_from(town, "0.3.0", _is_blind, "no camera's pictures are looked at")
    _keeps(town, "0.4.0")
    _goes_back_through_a_power_cut(town, "0.5.0", "0.4.0")

    told = town.machine.run("edge-agent-updates", "status").splitlines()[-1]
    assert [name in told for name in ("0.2.0", "0.3.0", "0.4.0", "0.5.0")] == [
        True,
        True,
        False,
        True,
    ]


def _goes_back_from(town: Town, version: str, change: Callable[[Path], None], why: str) -> None:
    site, machine = town.site, town.machine
    town.publish(version, change)

    said = town.upgrade()

    assert town.version.startswith(version), said
    assert machine.exists(TRIAL), said
    town.ends("rolled back", "0.1.0")
    assert why in machine.read(TRIAL), machine.journal()
    assert machine.run("dpkg", "--audit") == ""
    town.tells(version, "rolled back", why)
    heard = len(site.numbers())
    wait_for(lambda: site.hears_more(heard), "no alert after the way back")


def _keeps(town: Town, version: str) -> None:
    site, machine = town.site, town.machine
    town.publish(version, lambda _: None)

    town.upgrade()

    town.ends("kept", version)
    town.tells(version, "kept", "")
    heard = len(site.numbers())
    wait_for(lambda: site.hears_more(heard), "no alert with the good version")
    assert not machine.exists("/etc/systemd/system/edge-agent-trial.service")


def _goes_back_through_a_power_cut(town: Town, version: str, back: str) -> None:
    """Power fails while dpkg unpacks the old version again; the next boot goes on with it."""
    site, machine = town.site, town.machine
    town.publish(version, _crashes)
    town.upgrade()
    wait_for(lambda: town.is_unpacking("going back"), "the way back did not begin", LONG_S)

    machine.cut_power()
    assert town.phase == "going back"
    machine.boot()

    town.ends("rolled back", back)
    assert machine.run("dpkg", "--audit") == ""
    site.listen()
    town.tells(version, "rolled back", "the service does not run")
    heard = len(site.numbers())
    wait_for(lambda: site.hears_more(heard), "no alert after the power cut")
