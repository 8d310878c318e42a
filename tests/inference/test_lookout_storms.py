"""More moves than one camera, or the box, may look at: nobody is forgotten."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.domain.sighting import Label
from edge_agent.inference.budget import LookBudget
from edge_agent.inference.sweep import SWEEP_S
from tests.fakes.clock import FakeClock
from tests.inference.watching import FRAME_S, Camera, box_at, followed, is_seen, small_street

ANYWHERE = st.tuples(
    st.floats(0.02, 0.98), st.floats(0.1, 0.99), st.sampled_from([0.02, 0.03, 0.06, 0.2, 0.4])
)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(ANYWHERE, min_size=2, max_size=10),
    st.integers(1, 3),
    st.sampled_from([(640, 360), (1920, 1080), (3840, 2160)]),
)
def test_however_close_they_stand_nobody_is_forgotten(
    spots: list[tuple[float, float, float]], most: int, size: tuple[int, int]
) -> None:
    areas = tuple(box_at(x, y, height / 3, height).clipped() for x, y, height in spots)
    known = tuple(followed(area, number=n, label=Label.CAR) for n, area in enumerate(areas))
    camera = Camera(size, most=most).past_the_first_sweep()

    plans = [camera.show(areas, known) for _ in range(60)]

    assert all(any(is_seen(area, plan) for plan in plans[30:]) for area in areas)


def test_one_crop_for_two_counts_for_both() -> None:
    # The fifth and the sixth share a crop that holds the middle of neither one's place.
    spots = ((0.582, 0.851), (0.883, 0.885), (0.37, 0.944), (0.427, 0.373), (0.111, 0.555))
    areas = tuple(box_at(x, y, 0.01, 0.03) for x, y in (*spots, (0.169, 0.344)))
    camera = Camera((1920, 1080), most=1).past_the_first_sweep()

    plans = [camera.show(areas) for _ in range(60)]

    assert [sum(is_seen(area, plan) for plan in plans) for area in areas] == [12] * 6


STORM = tuple(box_at(0.06 + 0.125 * x, 0.19 * y) for x in range(8) for y in range(1, 6))


def longest_gap_s(camera: Camera, seconds: float, clock: FakeClock | None = None) -> float:
    """Return for how long somebody in a watched zone was not looked at in a storm."""
    person, last, longest = followed(box_at(0.2, 0.7, 0.03, 0.1)), 0, 0
    for frame in range(round(seconds / FRAME_S)):
        if clock:
            clock.advance(FRAME_S)
        if is_seen(person.track.box, camera.show(STORM, (person,))):
            longest, last = max(longest, frame - last), frame
    return max(longest, round(seconds / FRAME_S) - last) * FRAME_S


def test_a_late_sweep_in_a_storm_does_not_hide_who_is_watched() -> None:
    camera = Camera((1920, 1080), most=1, sizes=small_street())

    assert longest_gap_s(camera, 100.0) <= 1.0


def test_on_a_box_short_of_looks_a_storm_does_not_hide_who_is_watched() -> None:
    clock = FakeClock()
    camera = Camera((1920, 1080), sizes=small_street(), share=LookBudget(3, clock.mono).share())

    assert longest_gap_s(camera, 100.0, clock) <= 2.0


def test_on_a_box_short_of_looks_who_is_watched_does_not_stop_the_sweep() -> None:
    clock = FakeClock()
    camera = Camera(share=LookBudget(3, clock.mono).share())
    crowd = tuple(followed(box_at(0.1 * n, 0.9), number=n) for n in range(1, 5))
    swept_at = []

    for frame in range(1000):
        clock.advance(FRAME_S)
        if camera.show(STORM, crowd).sweep:
            swept_at.append(frame * FRAME_S)

    gaps = [after - before for before, after in pairwise([0.0, *swept_at, 200.0])]
    assert max(gaps) <= 2 * SWEEP_S + 10.0


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080)])
def test_after_the_camera_was_turned_somebody_large_is_still_seen_whole(
    size: tuple[int, int],
) -> None:
    camera = Camera(size, sizes=small_street()).past_the_first_sweep()
    large = box_at(0.53, 0.42, 0.12, 0.4)

    plans = [camera.show((large,)) for _ in range(2)]

    assert any(crop.shared(large) > 0.99 * large.area for plan in plans for crop in plan.crops)
