"""One change at a time, told once, and begun anew where the model is to change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.config.load import load_settings
from edge_agent.daemon.model_loop import ModelLoop
from edge_agent.daemon.model_start import ModelStart
from edge_agent.daemon.model_watch import LOOK_S
from edge_agent.domain.update import Phase, Update
from edge_agent.packs.choice import Choice
from edge_agent.packs.on_trial import Before
from edge_agent.packs.store import Store
from edge_agent.runtime.stop import Stop
from edge_agent.update.limits import Limits
from tests.daemon.test_health import GATE, WELL
from tests.fakes.clock import FakeClock
from tests.packs.models import SHIPPED, packed, street

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = Limits(within_s=60.0, steady_s=20.0)


class Agent:
    """The part of an agent that sees to its model, started again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.offers = folder / "offers"
        self.offers.mkdir(exist_ok=True)
        (folder / "agent.toml").write_text(
            f'site = "s"\nbox = "b"\nstate_dir = "{folder}/state"\n'
            '[broker]\nurl = "mqtts://10.0.0.1"\n'
        )
        self.store = Store(folder / "state")
        self.is_updating = self.is_trying = False
        self.told: list[Update] = []
        self.restarts = 0
        self.frames = 0
        self.version = self.begin()

    def keep(self, update: Update) -> None:
        self.told.append(update)

    def begin(self) -> str:
        """Start, and return the version of the model."""
        settings = load_settings(self.folder)
        settings.state_dir.mkdir(exist_ok=True)
        start = ModelStart(settings, self.clock, lambda _: None, lambda: self.is_updating)
        self.version = start.assemble().card.version
        self.loop = ModelLoop(
            settings=settings,
            start=start,
            keep=self.keep,
            restart=self._restart,
            clock=self.clock,
            stop=Stop(),
            limits=LIMITS,
            is_trying=lambda: self.is_trying,
            offers=self.offers,
        )
        return self.version

    def _restart(self) -> None:
        self.restarts += 1

    def comes(self, version: str) -> None:
        for old in self.offers.iterdir():
            old.unlink()
        packed(street(self.folder / version, version), self.offers / f"street-{version}.pack")

    def goes_on(self, seconds: float, *, hangs: bool = False) -> bool:
        """Let time pass, until a restart is wanted; tell whether it was."""
        before = self.restarts
        for _ in range(round(seconds / LOOK_S)):
            self.clock.advance(LOOK_S)
            self.frames += 25
            gate = replace(GATE, analysed_fps=5.0, analysed_frames=self.frames, looks=self.frames)
            if hangs:
                gate = replace(gate, analysed_frames=1, looks=1, hung_s=30.0)
            status = replace(WELL, cameras=(gate,))
            self.loop.run_once(lambda status=status: status)
            if self.restarts > before:
                return True
        return False


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(tmp_path)


def test_a_good_model_that_comes_is_used_watched_kept_and_told_once(agent: Agent) -> None:
    agent.comes("2.0")

    assert agent.goes_on(60.0)
    assert agent.begin() == "2.0"
    assert not agent.goes_on(120.0)

    assert agent.store.choice() == Choice(wanted="street-2.0", good="street-2.0")
    assert [(one.phase, one.part, one.old, one.new, one.why) for one in agent.told] == [
        (Phase.KEPT, "model", f"street-{SHIPPED.version}", "street-2.0", "")
    ]
    assert agent.loop.problem == ""


def test_a_bad_one_goes_back_is_told_and_does_not_come_again_and_the_next_one_does(
    agent: Agent,
) -> None:
    agent.comes("2.0")
    agent.goes_on(60.0)
    agent.begin()

    assert agent.goes_on(120.0, hangs=True)
    assert agent.begin() == SHIPPED.version
    assert not agent.goes_on(600.0)
    assert [(one.phase, one.new, one.why) for one in agent.told] == [
        (Phase.ROLLED_BACK, "street-2.0", "the analysis of gate hangs")
    ]
    assert agent.loop.problem == "street-2.0 was given up: the analysis of gate hangs"
    assert agent.loop.update == agent.told[0]

    agent.comes("2.1")
    assert agent.goes_on(60.0)
    assert agent.begin() == "2.1"


def test_what_fails_at_its_start_is_told_too(agent: Agent) -> None:
    agent.comes("2.0")
    agent.goes_on(60.0)
    for _ in range(3):
        assert agent.begin() == "2.0"

    assert agent.begin() == SHIPPED.version
    agent.goes_on(10.0)

    assert [one.phase for one in agent.told] == [Phase.ROLLED_BACK]
    assert agent.told[0].why.startswith("the agent died 3 times")


def test_a_box_that_has_just_begun_takes_none_yet(agent: Agent) -> None:
    """It would be asked for nothing: no camera's pictures have come yet."""
    agent.comes("2.0")

    assert not agent.goes_on(LIMITS.steady_s - LOOK_S)
    assert agent.goes_on(10.0)
    trial = agent.store.on_trial()
    assert trial
    assert trial.before == Before(cameras=("gate",), is_connected=True)


def test_none_is_taken_and_none_is_judged_while_a_new_version_of_the_agent_is_watched(
    agent: Agent,
) -> None:
    agent.comes("2.0")
    agent.is_updating = True
    waits = agent.goes_on(300.0)
    agent.is_updating = False
    agent.goes_on(60.0)
    agent.begin()
    agent.is_updating = True

    judged = agent.goes_on(300.0, hangs=True)

    assert (waits, judged) == (False, False)
    assert agent.begin() == SHIPPED.version
    agent.is_updating = False
    assert agent.goes_on(10.0)
    assert agent.begin() == "2.0"
    assert agent.goes_on(120.0, hangs=True)


def test_none_is_taken_while_a_configuration_of_the_center_is_on_trial(agent: Agent) -> None:
    """The restart would end that trial, and put the old files back."""
    agent.comes("2.0")
    agent.is_trying = True

    waits = agent.goes_on(300.0)
    agent.is_trying = False

    assert not waits
    assert agent.goes_on(60.0)


def test_a_model_that_was_chosen_and_does_not_run_yet_is_not_judged(agent: Agent) -> None:
    pack = packed(street(agent.folder / "3.0", "3.0"), agent.folder / "c.pack")
    agent.store.install(pack, (), lambda _: None)
    agent.store.choose("street-3.0", "street-3.0", Before(cameras=("gate",)), 1.0)

    assert not agent.goes_on(600.0)
    assert agent.store.choice() == Choice(wanted="street-3.0")


def test_a_second_one_waits_until_the_first_is_kept(agent: Agent) -> None:
    agent.comes("2.0")
    agent.goes_on(60.0)
    agent.begin()
    agent.comes("2.1")

    agent.goes_on(15.0)
    during = agent.store.choice().wanted

    assert during == "street-2.0"
    assert agent.goes_on(60.0)
    assert agent.store.choice() == Choice(wanted="street-2.1", good="street-2.0")
    assert [one.phase for one in agent.told] == [Phase.KEPT]
