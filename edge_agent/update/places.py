"""Where everything about updates lies. All of it is root's: what the agent may write decides nothing."""

from dataclasses import dataclass
from pathlib import Path

TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer")


@dataclass(frozen=True, slots=True)
class Places:
    """Paths below a root, which is "/" but for tests."""

    root: Path = Path("/")

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
    def apt_settings(self) -> Path:
        """How unattended-upgrades goes about it."""
        return self.root / "etc/apt/apt.conf.d/52edge-agent.conf"

    def timer(self, name: str) -> Path:
        """Return when one of apt's timers wakes."""
        return self.root / f"etc/systemd/system/{name}.d/edge-agent.conf"
