"""Where one camera looks, frame after frame."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Scene, Track
from edge_agent.inference.budget import LookBudget, Need
from edge_agent.inference.size_grid import SizeGrid
from edge_agent.inference.sweep import SWEEP_S, WHOLE
from tests.fakes.clock import FakeClock
from tests.inference.watching import FRAME_S, Camera, box_at, followed, is_seen, small_street


def test_where_it_moves_is_where_it_looks() -> None:
    area = box_at(0.9, 0.9)

    plan = Camera().past_the_first_sweep().show((area,))

    assert is_seen(area, plan)
    assert len(plan.parts) == 1


def test_where_nothing_moves_nobody_looks_between_two_sweeps() -> None:
    camera = Camera()

    looks = [len(camera.show().parts) for _ in range(round(2 * SWEEP_S / FRAME_S))]

    assert sum(looks) == 2


def test_who_is_due_is_looked_at_although_nothing_moves() -> None:
    still = followed(box_at(0.8, 0.5))

    assert is_seen(still.track.box, Camera().past_the_first_sweep().show(known=(still,)))


def test_who_rests_costs_nothing() -> None:
    parked = followed(box_at(0.8, 0.5), is_due=False, label=Label.CAR)

    assert Camera().past_the_first_sweep().show(known=(parked,)).parts == ()


def test_who_moves_in_a_watched_zone_comes_first() -> None:
    inside, rain = box_at(0.1, 0.9), tuple(box_at(0.15 * n, 0.3, 0.1, 0.2) for n in range(2, 7))
    camera = Camera((1920, 1080), most=1).past_the_first_sweep()
    person = followed(inside, is_due=False)

    plans = [camera.show((*rain, inside), (person,)) for _ in range(5)]

    assert all(is_seen(inside, plan) for plan in plans)


def test_a_car_in_a_zone_for_persons_is_not_preferred() -> None:
    inside, elsewhere = box_at(0.1, 0.9), box_at(0.9, 0.2)
    camera = Camera((1920, 1080), most=1).past_the_first_sweep()
    car = followed(inside, is_due=False, label=Label.CAR)

    plans = [camera.show((inside, elsewhere), (car,)) for _ in range(4)]

    assert sum(is_seen(elsewhere, plan) for plan in plans) == 2


# Drops over the whole of a wide picture, each far from the next.
SPOTS = st.lists(
    st.tuples(st.integers(0, 7), st.integers(1, 5)), min_size=1, max_size=24, unique=True
)


@settings(deadline=None)
@given(SPOTS, st.integers(1, 4))
def test_whatever_keeps_moving_is_looked_at_within_its_turn(
    spots: list[tuple[int, int]], most: int
) -> None:
    areas = tuple(box_at(0.06 + 0.125 * x, 0.02 + 0.19 * y) for x, y in spots)
    camera = Camera((1920, 1080), most=most).past_the_first_sweep()

    plans = [camera.show(areas) for _ in range(-(-len(areas) // most) + 1)]

    assert all(any(is_seen(area, plan) for plan in plans) for area in areas)


@settings(deadline=None)
@given(SPOTS)
def test_the_same_motion_in_another_order_leads_to_the_same_looks(
    spots: list[tuple[int, int]],
) -> None:
    areas = tuple(box_at(0.06 + 0.125 * x, 0.02 + 0.19 * y) for x, y in spots)

    first, second = Camera((1920, 1080)), Camera((1920, 1080))

    for _ in range(4):
        assert first.show(areas).parts == second.show(areas[::-1]).parts


def test_a_crowd_in_one_zone_does_not_hide_what_comes_from_the_other_side() -> None:
    crowd = tuple(
        followed(box_at(0.06 + 0.11 * n, 0.25 * m), number=10 * n + m)
        for n in range(4)
        for m in (1, 2, 3, 4)
    )
    stranger = box_at(0.95, 0.5)
    camera = Camera((1920, 1080), most=2).past_the_first_sweep()

    seen_after = next(n for n in range(100) if is_seen(stranger, camera.show((stranger,), crowd)))

    assert seen_after * FRAME_S <= 2.0 + 2 * FRAME_S


def test_rain_day_and_night_does_not_hold_up_the_sweep_for_longer_than_two_rounds() -> None:
    rain = tuple(box_at(0.06 + 0.125 * x, 0.19 * y) for x in range(8) for y in range(1, 6))
    camera = Camera((1920, 1080), most=1).past_the_first_sweep()

    plans = [camera.show(rain) for _ in range(round(4 * SWEEP_S / FRAME_S))]

    assert any(WHOLE in plan.sweep for plan in plans)


def test_what_had_to_wait_is_counted_and_told() -> None:
    far_apart = tuple(box_at(x, y) for x in (0.1, 0.5, 0.9) for y in (0.2, 0.9))
    camera = Camera((1920, 1080), most=1).past_the_first_sweep()

    plans = [camera.show(far_apart) for _ in range(6)]

    assert [plan.refused for plan in plans] == [5] * 6
    assert 0.8 <= max(plan.waited_s for plan in plans) <= 1.2


def test_the_box_decides_how_much_one_camera_may_look() -> None:
    clock = FakeClock()
    budget = LookBudget(5, clock.mono)
    camera = Camera((1920, 1080), share=budget.share())
    areas = tuple(box_at(x, y) for x in (0.1, 0.5, 0.9) for y in (0.2, 0.9))
    looks = 0

    for _ in range(50):
        clock.advance(FRAME_S)
        looks += len(camera.show(areas).parts)

    assert 25 <= looks <= 50


def test_a_refused_sweep_is_no_refused_look_at_somebody() -> None:
    class Nothing:
        def ask(self, needs: list[Need]) -> int:
            assert needs == [Need.SWEEP]
            return 0

    plan = Camera(share=Nothing()).show()

    assert (plan.parts, plan.refused, plan.waited_s) == ((), 0, 0.0)


def test_people_who_are_tiny_there_are_enlarged() -> None:
    camera = Camera((1920, 1080), sizes=small_street(0.01)).past_the_first_sweep()

    plan = camera.show((box_at(0.5, 0.4, 0.01, 0.01),))

    assert [round(crop.width * 1920) for crop in plan.crops] == [160]


def test_without_knowledge_motion_is_looked_at_in_the_cameras_own_pixels() -> None:
    plan = Camera((1920, 1080)).past_the_first_sweep().show((box_at(0.5, 0.4, 0.01, 0.01),))

    assert [round(crop.width * 1920) for crop in plan.crops] == [320]


def test_it_learns_how_tall_people_are_from_who_is_followed() -> None:
    camera = Camera((1920, 1080)).past_the_first_sweep()
    for number in range(6):
        frame = camera.frame()
        one = followed(box_at(0.5, 0.4, 0.006, 0.014), number=number).track
        seen = Track(
            id=number,
            label=one.label,
            score=0.8,
            box=one.box,
            first_seen=0.0,
            last_seen=frame.taken_at,
            is_confirmed=True,
        )
        camera.lookout.learn(frame, Scene(frame.taken_at, (seen,)))

    plan = camera.show((box_at(0.5, 0.4, 0.01, 0.02),))

    assert [round(crop.width * 1920) for crop in plan.crops] == [172]


def test_when_the_light_changes_the_whole_picture_is_looked_at_in_that_frame() -> None:
    assert Camera().past_the_first_sweep().show(dark=True).sweep == (WHOLE,)


@pytest.mark.parametrize("size", [(640, 360), (704, 576), (768, 576)])
def test_a_small_picture_is_swept_whole(size: tuple[int, int]) -> None:
    camera = Camera(size)

    assert [camera.show().sweep for _ in range(5)] == [(WHOLE,), (), (), (), ()]


def swept(camera: Camera, seconds: float) -> list[tuple[int, Box]]:
    """Return in which frames which parts were swept."""
    return [(n, part) for n in range(round(seconds / FRAME_S)) for part in camera.show().sweep]


@pytest.mark.parametrize("sizes", [None, small_street()], ids=["unknown", "tiny people"])
def test_a_wide_picture_is_swept_in_parts_one_at_a_time(sizes: SizeGrid | None) -> None:
    parts = swept(Camera((1920, 1080), sizes=sizes), 2 * SWEEP_S)

    frames = [n for n, _ in parts]
    assert len(frames) == len(set(frames))
    for x, y in ((x / 20, y / 20) for x in range(20) for y in range(20)):
        spot = Box(x, y, x + 0.02, y + 0.04)
        assert any(part is not WHOLE and part.shared(spot) > 0.99 * spot.area for _, part in parts)


def test_after_the_first_round_a_sweep_is_spread_over_half_a_minute() -> None:
    camera = Camera((1920, 1080)).past_the_first_sweep()

    frames = [n for n, _ in swept(camera, 2 * SWEEP_S)]

    gaps = [after - before for before, after in pairwise(frames)]
    assert min(gaps) * FRAME_S >= 1.0
    assert len(frames) >= 8


def test_where_people_are_tall_a_wide_picture_is_swept_whole() -> None:
    parts = [part for _, part in swept(Camera((1920, 1080), sizes=small_street(0.3)), 10.0)]

    assert parts == [WHOLE]


@given(st.floats(0.004, 0.3), st.sampled_from([(1280, 720), (1920, 1080), (3840, 2160)]))
def test_a_round_is_never_dearer_than_one_look_a_second(
    height: float, size: tuple[int, int]
) -> None:
    camera = Camera(size, sizes=small_street(height)).past_the_first_sweep()

    assert camera.frames <= SWEEP_S + 2
