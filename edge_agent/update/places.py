"""Where everything about updates lies. All of it is root's: what the agent may write decides nothing."""

from dataclasses import dataclass
from pathlib import Path

from edge_agent.domain.update import FOLDER

PACKAGE = "edge-agent"
UNIT = "edge-agent-trial.service"
SERVICE = "edge-agent.service"
TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer")


@dataclass(frozen=True, slots=True)
class Places:
    """Paths below a root, which is "/" but for tests."""

    root: Path = Path("/")

    @property
    def center(self) -> Path:
        """There only where this machine is a center (the package edge-agent-center)."""
        return self.root / "usr/lib/edge-agent-center/configured"

    @property
    def templates(self) -> Path:
        """What `on` fills in."""
        return self.root / "usr/share/edge-agent/updates"

    @property
    def key(self) -> Path:
        """Whose signature counts."""
        return self.root / "etc/apt/keyrings/edge-agent.asc"

    @property
    def sources(self) -> Path:
        """Where new versions come from."""
        return self.root / "etc/apt/sources.list.d/edge-agent.sources"

    @property
    def pin(self) -> Path:
        """That nothing else comes from there."""
        return self.root / "etc/apt/preferences.d/edge-agent.pref"

    @property
    def refused(self) -> Path:
        """Which versions this box does not take again; before the other one, for the first counts."""
        return self.root / "etc/apt/preferences.d/00edge-agent-refused.pref"

    @property
    def apt_settings(self) -> Path:
        """How unattended-upgrades goes about it."""
        return self.root / "etc/apt/apt.conf.d/52edge-agent.conf"

    def timer(self, name: str) -> Path:
        """Return when one of apt's timers wakes."""
        return self.root / f"etc/systemd/system/{name}.d/edge-agent.conf"

    @property
    def unit(self) -> Path:
        """What watches a trial, also after a power cut."""
        return self.root / "etc/systemd/system" / UNIT

    @property
    def wants(self) -> Path:
        """What makes the box start it."""
        return self.root / "etc/systemd/system/multi-user.target.wants" / UNIT

    @property
    def folder(self) -> Path:
        """What this program keeps."""
        return self.root / FOLDER.relative_to("/")

    @property
    def packages(self) -> Path:
        """The packages to go back to."""
        return self.folder / "packages"

    @property
    def copy(self) -> Path:
        """This program, as it was before the new version."""
        return self.folder / "edge-agent-updates"

    @property
    def settings(self) -> Path:
        """What the technician wrote for the agent."""
        return self.root / "etc/edge-agent"
