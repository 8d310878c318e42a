"""A new model has ten minutes to let the box do what it did before; what nobody can reach is not its fault."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.daemon.model_watch import LOOK_S, ModelWatch, Reach, before_of
from edge_agent.packs.choice import Choice
from edge_agent.packs.on_trial import Before
from edge_agent.packs.store import Store
from edge_agent.update.limits import STEADY_S, WITHIN_S, Limits
from tests.daemon.test_health import GATE, WELL
from tests.fakes.clock import FakeClock
from tests.packs.models import packed, street

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_agent.daemon.status import AgentStatus

MODEL = "street-2.0"
YARD = replace(GATE, id="yard")


class Box:
    """A box on which a model was just chosen; `looks` lets time pass."""

    def __init__(self, folder: Path, cameras: tuple[str, ...] = ("gate", "yard")) -> None:
        self.clock, self.store = FakeClock(), Store(folder / "state")
        pack = packed(street(folder / "2.0", "2.0"), folder / "a.pack")
        self.store.install(pack, (), lambda _: None)
        self.store.choose(MODEL, MODEL, Before(cameras=cameras, is_connected=True), 1.0)
        self.unreachable: set[str] = set()
        self.frames = 0
        self.watch = self.begin()

    def begin(self) -> ModelWatch:
        """As at each start of the agent."""
        reach = Reach(
            camera_answers=lambda name: name not in self.unreachable,
            broker_answers=lambda: "broker" not in self.unreachable,
        )
        return ModelWatch(self.store, reach, self.clock, Limits())

    def looks(self, seconds: float, change: Callable[[AgentStatus], AgentStatus]) -> bool:
        """Look so long at a box that does well but for a change; tell whether it goes back."""
        for _ in range(round(seconds / LOOK_S)):
            self.clock.advance(LOOK_S)
            self.frames += 25
            trial = self.store.on_trial()
            assert trial
            cameras = tuple(
                replace(one, analysed_frames=self.frames, looks=self.frames) for one in (GATE, YARD)
            )
            if self.watch.look(trial, change(replace(WELL, cameras=cameras))):
                return True
            if self.choice.is_proven:
                return False
        return False

    @property
    def choice(self) -> Choice:
        return self.store.choice()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def well(status: AgentStatus) -> AgentStatus:
    return status


def yard(**changes: object) -> Callable[[AgentStatus], AgentStatus]:
    """The second camera is otherwise."""

    def change(status: AgentStatus) -> AgentStatus:
        gate, other = status.cameras
        return replace(status, cameras=(gate, replace(other, **changes)))  # type: ignore[arg-type]

    return change


def offline(status: AgentStatus) -> AgentStatus:
    return replace(status, broker=replace(status.broker, is_connected=False))


def test_one_that_does_as_well_for_two_minutes_is_kept(box: Box) -> None:
    early = box.looks(STEADY_S, well) or box.choice.is_proven
    box.looks(LOOK_S, well)

    assert not early
    assert box.choice == Choice(wanted=MODEL, good=MODEL)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (yard(analysed_frames=0), "the pictures of yard are not analysed"),
        (yard(looks=0), "the model does not look at the pictures of yard"),
        (yard(hung_s=25.0), "the analysis of yard hangs"),
        (offline, "the broker is not reached"),
    ],
)
def test_one_that_does_worse_for_ten_minutes_is_given_up(
    box: Box, change: Callable[[AgentStatus], AgentStatus], why: str
) -> None:
    early = box.looks(WITHIN_S - LOOK_S, change)

    assert not early
    assert box.looks(LOOK_S, change)
    assert box.choice == Choice(failed=MODEL, failure=why)


def test_what_a_cut_cable_hides_is_not_held_against_it(box: Box) -> None:
    box.unreachable = {"yard"}

    assert not box.looks(3 * WITHIN_S, yard(analysed_frames=0))
    assert not box.choice.is_proven

    box.unreachable = set()
    assert box.looks(WITHIN_S, yard(analysed_frames=0))


def test_a_broker_that_nobody_reaches_is_not_held_against_it(box: Box) -> None:
    box.unreachable = {"broker"}

    assert not box.looks(3 * WITHIN_S, offline)
    assert not box.looks(2 * STEADY_S, well)
    assert box.choice.is_proven


def test_a_camera_that_was_dark_before_is_not_asked_for(tmp_path: Path) -> None:
    box = Box(tmp_path, cameras=("gate",))

    box.looks(2 * STEADY_S, yard(analysed_frames=0, looks=0, is_streaming=False))

    assert box.choice.is_proven


def test_a_camera_that_was_taken_out_meanwhile_is_not_asked_for(box: Box) -> None:
    box.looks(2 * STEADY_S, lambda status: replace(status, cameras=status.cameras[:1]))

    assert box.choice.is_proven


def test_a_box_whose_cameras_were_all_dark_proves_nothing_and_gives_nothing_up(
    tmp_path: Path,
) -> None:
    box = Box(tmp_path, cameras=())

    assert not box.looks(3 * WITHIN_S, lambda status: replace(status, cameras=()))
    assert not box.choice.is_proven
    box.looks(2 * STEADY_S, well)
    assert box.choice.is_proven


def test_a_break_begins_the_two_minutes_anew(box: Box) -> None:
    box.looks(STEADY_S - LOOK_S, well)
    box.looks(LOOK_S, offline)
    box.looks(STEADY_S, well)

    assert not box.choice.is_proven
    box.looks(LOOK_S, well)
    assert box.choice.is_proven


def test_pictures_that_stop_are_noticed_although_the_last_rate_stays(box: Box) -> None:
    box.looks(60.0, well)
    stopped = box.frames

    assert box.looks(WITHIN_S + 60.0, yard(analysed_frames=stopped, analysed_fps=5.0))
    assert box.choice.failure == "the pictures of yard are not analysed"


def test_a_model_that_looks_rarely_where_nothing_moves_is_not_ill(box: Box) -> None:
    """Every 30 s is what is promised."""

    def calm(status: AgentStatus) -> AgentStatus:
        looks = int(box.clock.mono() // 30)
        gate, other = status.cameras
        return replace(status, cameras=(gate, replace(other, looks=looks)))

    assert not box.looks(2 * STEADY_S, calm)
    assert box.choice.is_proven


def test_time_that_was_spent_counts_on_after_a_restart(box: Box) -> None:
    box.looks(WITHIN_S / 2, offline)
    box.watch = box.begin()

    assert box.looks(WITHIN_S / 2 + 30.0, offline)


def test_a_box_that_slept_has_not_watched(box: Box) -> None:
    box.looks(LOOK_S, offline)
    box.clock.advance(WITHIN_S)

    assert not box.looks(LOOK_S, offline)


def test_a_technician_who_chooses_meanwhile_is_not_overruled(box: Box, tmp_path: Path) -> None:
    box.looks(WITHIN_S - LOOK_S, offline)
    trial = box.store.on_trial()
    assert trial
    pack = packed(street(tmp_path / "3.0", "3.0"), tmp_path / "b.pack")
    box.store.install(pack, (), lambda _: None)
    box.store.choose("street-3.0", "street-3.0", Before(), 2.0)

    box.clock.advance(LOOK_S)
    box.watch.look(trial, offline(WELL))

    assert box.choice == Choice(wanted="street-3.0")


def test_before_is_what_the_box_does_at_that_moment() -> None:
    dark, hung = replace(YARD, is_streaming=False), replace(GATE, id="hung", hung_s=30.0)

    gate = replace(GATE, analysed_fps=5.0)

    before = before_of(replace(WELL, cameras=(gate, dark, replace(hung, analysed_fps=5.0))))

    assert before == Before(cameras=("gate",), is_connected=True)
