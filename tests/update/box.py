"""A box below a folder: Debian's own dpkg installs tiny packages there, and an agent is what we say."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from edge_agent.domain.update import TRIAL_FILE, Phase, Update
from edge_agent.runtime.stop import Stop
from edge_agent.update.arm import arm, keep
from edge_agent.update.condition import Condition
from edge_agent.update.dpkg import Dpkg
from edge_agent.update.places import Places
from edge_agent.update.trial import read_trial
from edge_agent.update.watch import LOOK_S, Agent, Watch
from tests.fakes.clock import FakeClock
from tests.repo.city import tiny

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.update.trial import Trial

OLD, NEW = "0.1.0+deb12", "0.2.0+deb12"
WELL = Condition(start="1 1", has_answered=True, is_seeing=True, is_connected=True)
# Who is not root is the root of a world of their own.
_BECOME = () if os.geteuid() == 0 else ("unshare", "--map-root-user")


class Box:
    """The old version runs, and does well, until a test says otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places = Places(folder / "root")
        self.clock = FakeClock()
        self.condition = WELL
        self.answers = {"camera": True, "broker": True}
        for name in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "etc/systemd/system"):
            (self.places.root / name).mkdir(parents=True)
        (self.places.root / "var/lib/dpkg/status").touch()
        (self.places.root / "var/lib/dpkg/available").touch()
        self.dpkg = Dpkg(self.places.root, _BECOME)
        self.program = folder / "edge-agent-updates"
        self.program.write_text("#!/usr/bin/python3 -I\n")
        self.install(OLD)

    def package(self, version: str) -> Path:
        found = self.folder / f"edge-agent_{version}_amd64.deb"
        return found if found.exists() else tiny(self.folder, version)

    def install(self, version: str) -> None:
        """What `dpkg -i` does, without apt before it."""
        self.dpkg.install(self.package(version))
        assert self.version == version

    @property
    def version(self) -> str:
        return self.dpkg.installed().version

    @property
    def trial(self) -> Trial:
        found = read_trial(self.places.folder / TRIAL_FILE)
        assert found
        return found

    @property
    def update(self) -> Update:
        return self.trial.update

    def arm(self, version: str = NEW) -> list[str]:
        return arm(
            self.places,
            self.dpkg,
            version,
            program=self.program,
            wall=self.clock.wall,
            now=self.condition,
        )

    def upgrade(self, version: str = NEW, condition: Condition = WELL) -> None:
        """What apt does: keep, arm, install; the new version does as `condition` says."""
        said = keep(self.places, self.dpkg, [self.package(version)])
        assert said == []
        self.arm(version)
        self.install(version)
        self.condition = replace(condition, start=condition.start and f"{version} start")

    def watch(self) -> Watch:
        agent = Agent(
            condition=lambda: self.condition,
            camera_answers=lambda: self.answers["camera"],
            broker_answers=lambda: self.answers["broker"],
        )
        return Watch(places=self.places, dpkg=self.dpkg, agent=agent, clock=self.clock, stop=Stop())

    def looks(self, watch: Watch, seconds: float) -> bool:
        """Let time go by, a look every five seconds; tell whether it was over by then."""
        for _ in range(int(seconds / LOOK_S)):
            if watch.run_once():
                return True
            self.clock.advance(LOOK_S)
        return watch.run_once()

    def is_phase(self, phase: Phase) -> bool:
        return self.update.phase is phase
