"""Updates over the air on a real Debian: apt, unattended-upgrades, systemd, mosquitto, and a bad version.

One journey on each release; `make soak` runs it. Ten minutes of patience are one here.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.packaging.machine import wait_for
from tests.packaging.site import Site, opened
from tests.peers.web_folder import WebFolder
from tests.repo.city import KEY, throw_away_key
from tools.repo.repository import KEY_FILE, Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.soak

_PATIENCE = "[Service]\nEnvironment=EDGE_AGENT_TRIAL_S=60 EDGE_AGENT_STEADY_S=20\n"
_TRIAL = "/var/lib/edge-agent-updates/trial.json"
# Of a busy machine: an upgrade, a minute of watching, an installation.
_LONG_S = 400.0
# Starts, is ready, answers, reaches the broker; and never opens a camera's stream.
_BLIND = "\n\nCameraReader.run = lambda self: self._stop.wait(1e6)\n"


class Town:
    """The site, and the update server that its box follows as a canary."""

    def __init__(self, site: Site, repository: Repository, folder: Path) -> None:
        self.site, self.machine, self.repository = site, site.machine, repository
        self._folder = folder

    @property
    def version(self) -> str:
        """What is installed; while dpkg works, what it says then."""
        words = ["dpkg-query", "-W", "-f", "${Version}", "edge-agent"]
        return self.machine.run(*words, is_fine=False).strip()

    @property
    def phase(self) -> str:
        if not self.machine.exists(_TRIAL):
            return ""
        return str(json.loads(self.machine.read(_TRIAL))["phase"])

    def publish(self, version: str, change: Callable[[Path], None]) -> None:
        """Give the canaries a version that is the first one with a change."""
        tree = self._folder / version
        _deb("-R", self.site.package, tree)
        control = tree / "DEBIAN/control"
        first = self.site.package.name.split("_")[1]
        full = first.replace("0.1.0", version)
        control.write_text(control.read_text().replace(f"Version: {first}", f"Version: {full}"))
        change(tree)
        package = self._folder / f"edge-agent_{full}_amd64.deb"
        _deb("-Zgzip", "-z1", "--root-owner-group", "-b", tree, package)
        self.repository.add(package)

    def upgrade(self) -> str:
        """What apt's timers do, each night."""
        self.machine.run("apt-get", "update")
        return self.machine.run("unattended-upgrade", "--verbose", is_fine=False)

    def ends(self, phase: str, version: str) -> None:
        try:
            wait_for(lambda: self.phase == phase and self.version.startswith(version), "", _LONG_S)
        except AssertionError:
            pytest.fail(f"not {phase}: {self._told()}")

    def tells(self, version: str, result: str, why: str) -> None:
        """The signed record comes to the broker."""
        wait_for(
            lambda: any(
                str(one["new"]).startswith(version) and (one["result"], one["why"]) == (result, why)
                for one in self.site.records()
                if one["type"] == "updated"
            ),
            f"the center was not told of {version}: {self.site.records()}",
        )

    def is_unpacking(self, phase: str) -> bool:
        libraries = self.machine.root / "usr/lib/edge-agent/av.libs"
        return self.phase == phase and any(libraries.glob("*.dpkg-new"))

    def _told(self) -> str:
        unit = [
            "journalctl",
            "-u",
            "edge-agent-trial",
            "-u",
            "edge-agent",
            "--no-pager",
            "-o",
            "cat",
        ]
        return self.machine.run("edge-agent-updates", "status") + self.machine.run(*unit)[-5000:]


@pytest.fixture(params=["bookworm", "trixie"])
def town(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    with tempfile.TemporaryDirectory(prefix="gpg-") as home, throw_away_key(Path(home)):
        monkeypatch.setenv("GNUPGHOME", home)
        repository = Repository(tmp_path / "repo", KEY)
        repository.lay_out()
        with opened(request.param, tmp_path, ["unattended-upgrades"]) as site:
            within = site.machine.box.within
            with WebFolder(tmp_path / "repo/public", tmp_path / "web.log", within) as web:
                _set_up(site, web.url, tmp_path / "repo/public" / KEY_FILE)
                yield Town(site, repository, tmp_path)


def _set_up(site: Site, url: str, key: Path) -> None:
    machine = site.machine
    machine.install(site.package)
    machine.run("apt-get", "install", "-y", "--no-install-recommends", "unattended-upgrades")
    # There is no way to Debian's own servers from here.
    machine.shell("rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*")
    machine.write("/srv/edge-agent.asc", key.read_text())
    machine.run("edge-agent-updates", "on", url, "--key", "/srv/edge-agent.asc", "--ring=canary")
    # A mobile link's patience would be three minutes for each version.
    machine.shell("sed -i /Dl-Limit/d /etc/apt/apt.conf.d/52edge-agent.conf")
    machine.write("/etc/systemd/system/edge-agent-trial.service.d/patience.conf", _PATIENCE)
    site.listen()
    site.configure()
    machine.run("systemctl", "start", "edge-agent")
    wait_for(lambda: site.hears_more(0), "no alert came")


def _deb(*words: str | Path) -> None:
    subprocess.run(["/usr/bin/dpkg-deb", *words], check=True, capture_output=True)  # noqa: S603 (fixed)


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
    assert machine.exists(_TRIAL), said
    town.ends("rolled back", "0.1.0")
    assert why in machine.read(_TRIAL), machine.journal()
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
    wait_for(lambda: town.is_unpacking("going back"), "the way back did not begin", _LONG_S)

    machine.cut_power()
    assert town.phase == "going back"
    machine.boot()

    town.ends("rolled back", back)
    assert machine.run("dpkg", "--audit") == ""
    site.listen()
    town.tells(version, "rolled back", "the service does not run")
    heard = len(site.numbers())
    wait_for(lambda: site.hears_more(heard), "no alert after the power cut")
