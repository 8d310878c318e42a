"""One subscription's life, with a clock that stands where a test puts it."""

from __future__ import annotations

from typing import cast

import pytest

from edge_agent.daemon.events_patience import GOOD_S, EventsPatience
from edge_agent.daemon.listening import Listening
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.envelope import Fault
from edge_agent.onvif.events import CameraEvent, EventKind, Operation
from edge_agent.onvif.line import FaultError
from edge_agent.onvif.pull_point import PULL_S, PULL_SLACK_S, PullPoint
from edge_agent.runtime.stop import Stop
from tests.fakes.clock import FakeClock

_GONE = FaultError("no such subscription", hint="", fault=Fault(("ResourceUnknown",), ""))
_HUNG_UP = EdgeAgentError("hung up", hint="")


class FakeStop(Stop):
    """Waits by the clock of the test."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, seconds: float) -> bool:
        self._clock.advance(seconds)
        return self.is_told


class FakePullPoint:
    """Lives by the clock, and insists on being asked while it does."""

    def __init__(self, clock: FakeClock, life_s: float = 60.0) -> None:
        self.life_s = life_s
        self.renewals = 0
        self.pulls = 0
        # How long the next pull takes (None: as long as it may), and what comes of it.
        self.takes_s: float | None = None
        self.failure: EdgeAgentError | None = None
        self.events: tuple[CameraEvent, ...] = ()
        self.can_renew = True
        self.is_renewed_by_pulls = False
        self._clock = clock
        self._grants_s = life_s
        self._ends = clock.mono() + life_s

    def pull(self, pull_s: float) -> tuple[CameraEvent, ...]:
        assert self._clock.mono() + pull_s < self._ends, "the pull outlives the subscription"
        self.pulls += 1
        self._clock.advance(pull_s if self.takes_s is None else self.takes_s)
        if self.failure:
            raise self.failure
        if self.is_renewed_by_pulls:
            self._ends = self._clock.mono() + self._grants_s
        self.life_s = self._ends - self._clock.mono()
        return self.events

    def renew(self) -> None:
        if not self.can_renew:
            raise _GONE
        self.renewals += 1
        self._ends = self._clock.mono() + self._grants_s
        self.life_s = self._grants_s


class Scene:
    """A subscription and who listens to it."""

    def __init__(self, life_s: float = 60.0) -> None:
        self.clock = FakeClock()
        self.point = FakePullPoint(self.clock, life_s)
        stop = FakeStop(self.clock)
        self.listening = Listening(cast("PullPoint", self.point), self.clock, stop, PULL_S)

    def turn(self, count: int = 1) -> Scene:
        for _ in range(count):
            self.listening.turn()
        return self


@pytest.mark.parametrize("life_s", [5.0, 20.0, 60.0, 600.0])
def test_a_subscription_is_renewed_for_as_long_as_it_is_wanted(life_s: float) -> None:
    scene = Scene(life_s).turn(200)

    assert scene.point.renewals >= 2


def test_what_is_renewed_by_being_asked_needs_no_more() -> None:
    scene = Scene()
    scene.point.is_renewed_by_pulls = True

    scene.turn(100)

    assert scene.point.renewals == 0


def test_what_cannot_be_renewed_is_over_ahead_of_its_time() -> None:
    scene = Scene()
    scene.point.can_renew = False

    scene.turn(5)

    assert scene.listening.is_over
    assert scene.point.pulls < 5


def test_a_camera_that_says_motion_fifty_times_has_said_it_once() -> None:
    scene = Scene()
    motion = CameraEvent(
        kind=EventKind.MOTION,
        source="",
        key="k",
        is_active=True,
        operation=Operation.CHANGED,
        camera_wall=None,
    )
    scene.point.events = (motion,) * 50

    assert scene.listening.turn() == (motion,)


def test_a_camera_that_falls_silent_has_frozen() -> None:
    scene = Scene()
    scene.point.failure, scene.point.takes_s = _HUNG_UP, PULL_S + PULL_SLACK_S

    with pytest.raises(EdgeAgentError):
        scene.turn()

    assert scene.listening.has_frozen


def test_a_camera_that_never_waits_is_asked_once_a_second() -> None:
    scene = Scene(600.0)
    scene.point.takes_s = 0.01
    began = scene.clock.mono()

    scene.turn(20)

    assert scene.clock.mono() - began == pytest.approx(20.2)


def test_a_camera_that_hangs_up_at_once_has_failed_but_not_frozen() -> None:
    scene = Scene()
    scene.point.failure, scene.point.takes_s = _HUNG_UP, 0.1

    with pytest.raises(EdgeAgentError):
        scene.turn()

    assert not scene.listening.has_frozen


def test_a_camera_that_hangs_up_after_a_quiet_wait_had_nothing_to_say() -> None:
    scene = Scene()
    scene.point.failure = _HUNG_UP

    assert scene.listening.turn() == ()


def test_a_subscription_that_is_gone_is_no_quiet_wait() -> None:
    scene = Scene()
    scene.point.failure = _GONE

    with pytest.raises(FaultError):
        scene.turn()


def test_three_freezes_are_an_hour_s_rest() -> None:
    patience = EventsPatience()

    waits = [patience.after_freeze() for _ in range(4)]

    assert max(waits[:2]) <= 10.0
    assert waits[2:] == [3600.0, 3600.0]


def test_a_good_time_makes_freezes_forgotten() -> None:
    patience = EventsPatience()
    patience.after_freeze()
    patience.after_freeze()

    patience.note_success(GOOD_S)

    assert patience.after_freeze() <= 5.0


def test_waits_grow_to_ten_minutes_and_no_further() -> None:
    patience = EventsPatience()

    waits = [patience.after_failure() for _ in range(200)]

    assert max(waits[:3]) <= 20.0
    assert 300.0 < max(waits) <= 600.0


def test_hang_ups_between_which_it_went_well_are_not_hopeless() -> None:
    patience = EventsPatience()

    told = []
    for _ in range(5):
        told += [patience.is_hopeless(), patience.is_hopeless()]
        patience.note_success(1.0)

    assert not any(told)
    assert [patience.is_hopeless() for _ in range(3)][-1]
