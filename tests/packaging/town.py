"""A site, and the update server that its box follows as a canary: apt, reprepro, and a web server."""

from __future__ import annotations

import json
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.packaging.machine import wait_for
from tests.packaging.site import SETTINGS, Site, opened
from tests.peers.web_folder import WebFolder
from tests.repo.city import KEY, throw_away_key
from tools.repo.repository import KEY_FILE, Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Ten minutes of patience are one here.
PATIENCE = "[Service]\nEnvironment=EDGE_AGENT_TRIAL_S=60 EDGE_AGENT_STEADY_S=20\n"
TRIAL = "/var/lib/edge-agent-updates/trial.json"
# Of a busy machine: an upgrade, a minute of watching, an installation.
LONG_S = 400.0


class Town:
    """The site, and the update server that its box follows as a canary."""

    def __init__(self, site: Site, repository: Repository, folder: Path) -> None:
        self.site, self.machine, self.repository = site, site.machine, repository
        self.folder = folder

    @property
    def version(self) -> str:
        """What is installed; while dpkg works, what it says then."""
        words = ["dpkg-query", "-W", "-f", "${Version}", "edge-agent"]
        return self.machine.run(*words, is_fine=False).strip()

    @property
    def phase(self) -> str:
        if not self.machine.exists(TRIAL):
            return ""
        return str(json.loads(self.machine.read(TRIAL))["phase"])

    def publish(self, version: str, change: Callable[[Path], None]) -> None:
        """Give the canaries a version that is the first one with a change."""
        first = self.site.package.name.split("_")[1]
        full = first.replace("0.1.0", version)
        package = self.changed(self.site.package, first, full, change)
        self.repository.add(package)

    def changed(
        self, package: Path, version: str, other: str, change: Callable[[Path], None]
    ) -> Path:
        """Return a package that is another one with a change, and a version of its own."""
        name = package.name.replace(version, other)
        tree = self.folder / f"{name}.tree"
        deb("-R", package, tree)
        control = tree / "DEBIAN/control"
        control.write_text(control.read_text().replace(f"Version: {version}", f"Version: {other}"))
        change(tree)
        made = self.folder / name
        deb("-Zgzip", "-z1", "--root-owner-group", "-b", tree, made)
        return made

    def upgrade(self) -> str:
        """What apt's timers do, each night."""
        self.machine.run("apt-get", "update")
        return self.machine.run("unattended-upgrade", "--verbose", is_fine=False)

    def ends(self, phase: str, version: str) -> None:
        try:
            wait_for(lambda: self.phase == phase and self.version.startswith(version), "", LONG_S)
        except AssertionError:
            pytest.fail(f"not {phase}: {self.told()}")

    def tells(self, version: str, result: str, why: str) -> None:
        """The signed record comes to the broker."""
        wait_for(
            lambda: any(
                str(one["new"]).startswith(version) and (one["result"], one["why"]) == (result, why)
                for one in self.updated("agent")
            ),
            f"the center was not told of {version}: {self.site.records()}",
        )

    def updated(self, part: str) -> list[dict[str, object]]:
        """Return the records of what became of new versions, of the agent or of its model."""
        told = [one for one in self.site.records() if one["type"] == "updated"]
        return [one for one in told if one["part"] == part]

    def is_unpacking(self, phase: str) -> bool:
        libraries = self.machine.root / "usr/lib/edge-agent/av.libs"
        return self.phase == phase and any(libraries.glob("*.dpkg-new"))

    def told(self) -> str:
        units = ["-u", "edge-agent-trial", "-u", "edge-agent"]
        words = ["journalctl", *units, "--no-pager", "-o", "cat"]
        return self.machine.run("edge-agent-updates", "status") + self.machine.run(*words)[-5000:]


@contextmanager
def opened_town(
    dist: str, folder: Path, monkeypatch: pytest.MonkeyPatch, more: str = ""
) -> Iterator[Town]:
    """Yield a town whose box runs, sees, and is heard; `more` stands at the head of its agent.toml."""
    with tempfile.TemporaryDirectory(prefix="gpg-") as home, throw_away_key(Path(home)):
        monkeypatch.setenv("GNUPGHOME", home)
        repository = Repository(folder / "repo", KEY)
        repository.lay_out()
        with opened(dist, folder, ["unattended-upgrades"]) as site:
            within = site.machine.box.within
            with WebFolder(folder / "repo/public", folder / "web.log", within) as web:
                _set_up(site, web.url, folder / "repo/public" / KEY_FILE, more)
                yield Town(site, repository, folder)


def _set_up(site: Site, url: str, key: Path, more: str) -> None:
    machine = site.machine
    machine.install(site.package)
    machine.run("apt-get", "install", "-y", "--no-install-recommends", "unattended-upgrades")
    # There is no way to Debian's own servers from here.
    machine.shell("rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*")
    machine.write("/srv/edge-agent.asc", key.read_text())
    machine.run("edge-agent-updates", "on", url, "--key", "/srv/edge-agent.asc", "--ring=canary")
    # A mobile link's patience would be three minutes for each version.
    machine.shell("sed -i /Dl-Limit/d /etc/apt/apt.conf.d/52edge-agent.conf")
    for unit in ("edge-agent-trial", "edge-agent"):
        machine.write(f"/etc/systemd/system/{unit}.service.d/patience.conf", PATIENCE)
    machine.run("systemctl", "daemon-reload")
    site.listen()
    site.configure(SETTINGS + more)
    machine.run("systemctl", "start", "edge-agent")
    wait_for(lambda: site.hears_more(0), "no alert came")


def deb(*words: str | Path) -> None:
    subprocess.run(["/usr/bin/dpkg-deb", *words], check=True, capture_output=True)  # noqa: S603 (fixed)
