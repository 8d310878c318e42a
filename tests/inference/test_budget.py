"""Four cameras and one weak box: who may look, when."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.inference.budget import WINDOW_S, LookBudget, Need, Share, Unlimited
from tests.fakes.clock import FakeClock

FRAME_S = 0.2
# What is left of the budget when all of it is wanted all the time: a quarter is for bursts, and
# small budgets lose a little between two frames.
SUSTAINED = 0.6


class Box:
    """A box with some cameras that ask with each frame, one after the other."""

    def __init__(self, looks_per_second: float, cameras: int) -> None:
        self.clock = FakeClock()
        self.budget = LookBudget(looks_per_second, self.clock.mono)
        self.shares: list[Share] = [self.budget.share() for _ in range(cameras)]
        # When, who, and how many.
        self.granted: list[tuple[float, int, int]] = []

    def ask(self, camera: int, needs: list[Need]) -> int:
        count = self.shares[camera].ask(needs)
        self.granted.append((self.clock.mono(), camera, count))
        return count

    def run(self, seconds: float, wants: list[list[Need]]) -> Counter[int]:
        """Let every camera ask for the same in each frame; return who got how much."""
        got: Counter[int] = Counter()
        for _ in range(round(seconds / FRAME_S)):
            self.clock.advance(FRAME_S)
            for camera, needs in enumerate(wants):
                got[camera] += self.ask(camera, needs)
        return got


ASKS = st.lists(
    st.tuples(
        st.floats(0.0, 2.5),
        st.integers(0, 3),
        st.lists(st.sampled_from(list(Need)), min_size=1, max_size=6).map(sorted),
    ),
    max_size=120,
)


@given(st.integers(1, 30) | st.floats(1.0, 30.0), ASKS)
def test_in_no_second_is_more_looked_than_the_budget_allows(
    looks_per_second: float, asks: list[tuple[float, int, list[Need]]]
) -> None:
    box = Box(looks_per_second, cameras=4)

    for pause_s, camera, needs in asks:
        box.clock.advance(pause_s)
        assert 0 <= box.ask(camera, needs) <= len(needs)

    for began, _, _ in box.granted:
        second = [count for at, _, count in box.granted if began <= at < began + WINDOW_S]
        assert sum(second) <= looks_per_second


@settings(max_examples=30, deadline=None)
@given(st.integers(4, 12), st.integers(2, 8), st.sampled_from(list(Need)))
def test_cameras_that_want_the_same_get_the_same(
    looks_per_second: int, cameras: int, need: Need
) -> None:
    box = Box(looks_per_second, cameras)

    got = box.run(20.0, [[need] * 4] * cameras)

    assert max(got.values()) - min(got.values()) <= 2 + 0.05 * max(got.values())
    assert sum(got.values()) >= SUSTAINED * looks_per_second * 20 - 2


@settings(max_examples=30, deadline=None)
@given(st.integers(4, 40), st.integers(2, 4))
def test_a_storm_on_one_camera_does_not_blind_a_quiet_one(
    looks_per_second: int, cameras: int
) -> None:
    box = Box(looks_per_second, cameras)
    storm, quiet = [Need.MOTION] * 30, [Need.MOTION]
    box.run(10.0, [storm] * (cameras - 1) + [[]])

    got = box.run(10.0, [storm] * (cameras - 1) + [quiet])

    fair = min(5.0, looks_per_second / cameras)
    assert got[cameras - 1] >= SUSTAINED * fair * 10 - 1


def test_in_a_storm_new_motion_elsewhere_waits_for_two_frames_at_most() -> None:
    box = Box(20, cameras=4)
    storm = [Need.MOTION] * 30
    box.run(10.0, [storm, storm, storm, []])

    got = box.run(2 * FRAME_S, [storm, storm, storm, [Need.MOTION]])

    assert got[3] >= 1


def test_what_is_watched_comes_before_all_motion_and_motion_before_sweeps() -> None:
    box = Box(10, cameras=3)

    got = box.run(20.0, [[Need.SWEEP] * 4, [Need.MOTION] * 4, [Need.WATCHED]])

    assert got[2] >= 95
    assert got[1] >= SUSTAINED * 200 - 100
    assert got[0] <= 5


def test_whoever_asks_first_a_watched_person_comes_before_sweeps() -> None:
    box = Box(5, cameras=2)

    got = box.run(20.0, [[Need.SWEEP] * 4, [Need.WATCHED]])

    assert got[0] <= 4
    assert got[1] >= SUSTAINED * 100


def test_a_second_is_not_spent_at_once() -> None:
    box = Box(20, cameras=4)

    got = box.run(FRAME_S, [[Need.MOTION] * 20] * 4)

    assert sum(got.values()) <= 8


def test_what_nobody_wants_is_there_for_who_does() -> None:
    box = Box(20, cameras=4)

    got = box.run(10.0, [[Need.SWEEP] * 4, [], [], []])

    assert got[0] >= SUSTAINED * 200


def test_a_burst_on_an_idle_box_need_not_wait() -> None:
    box = Box(20, cameras=4)
    box.run(5.0, [[], [], [], []])

    assert box.ask(0, [Need.MOTION] * 4) == 4


def test_a_camera_that_sleeps_between_key_frames_is_served_too() -> None:
    box = Box(5, cameras=2)
    got = 0
    for frame in range(100):
        box.clock.advance(FRAME_S)
        box.ask(0, [Need.MOTION] * 30)
        if frame % 10 == 0:
            got += box.ask(1, [Need.MOTION])

    assert got >= 8


def test_the_same_clip_is_looked_at_in_the_same_way() -> None:
    wants = [[Need.WATCHED, Need.MOTION, Need.SWEEP]] * 3

    first, second = Box(7, 3), Box(7, 3)
    first.run(10.0, wants)
    second.run(10.0, wants)

    assert first.granted == second.granted


def test_watchers_on_threads_of_their_own_keep_to_the_budget_together() -> None:
    clock = FakeClock()
    budget = LookBudget(50, clock.mono)
    got: list[int] = []

    def watch(share: Share) -> None:
        got.extend(share.ask([Need.MOTION] * 3) for _ in range(200))

    threads = [threading.Thread(target=watch, args=(budget.share(),)) for _ in range(4)]  # noqa: TID251 (watchers)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10.0)

    assert 1 <= sum(got) <= 50


def test_a_box_with_looks_to_spare_refuses_nothing() -> None:
    assert Unlimited().ask([Need.SWEEP] * 100) == 100


def test_a_budget_of_nothing_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="a look per second"):
        LookBudget(0, FakeClock().mono)


def test_motion_in_every_third_frame_only_gets_its_looks_too() -> None:
    box = Box(8, cameras=4)
    got = 0
    for frame in range(300):
        box.clock.advance(FRAME_S)
        for camera in range(3):
            box.ask(camera, [Need.MOTION] * 4)
        got += box.ask(3, [Need.MOTION] * 4 if frame % 3 == 0 else [])

    assert got >= 60


def test_a_link_that_brings_two_frames_at_once_costs_no_looks() -> None:
    box = Box(5, cameras=2)
    got: Counter[int] = Counter()
    for _ in range(200):
        for pause_s, cameras in ((0.005, (1,)), (0.195, (0,)), (0.2, (0, 1))):
            box.clock.advance(pause_s)
            for camera in cameras:
                got[camera] += box.ask(camera, [Need.MOTION] * 4)

    assert got[1] >= 0.8 * got[0]


@pytest.mark.parametrize("looks_per_second", [4, 6, 12])
def test_a_look_kept_for_a_sleeping_camera_holds_up_nobody(looks_per_second: int) -> None:
    box = Box(looks_per_second, cameras=5)
    got: Counter[int] = Counter()
    for frame in range(1000):
        box.clock.advance(FRAME_S)
        for camera in range(4):
            got[camera] += box.ask(camera, [Need.MOTION] * 4)
        if frame % 10 == 0:
            got[4] += box.ask(4, [Need.WATCHED])

    assert got[4] >= 95
    assert sum(got.values()) >= 0.5 * looks_per_second * 200
