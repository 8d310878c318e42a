from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_agent.domain.geometry import Box
from edge_agent.inference.motion import BlockMotion, Motion
from edge_agent.inference.options import MotionOptions
from tests.inference.pictures import grey_frame
from tests.inference.street import HEIGHT_PX, WIDTH_PX, Street, put, times

PERSON = (9, 24)


def box_of(left: int, top: int, width: int, height: int) -> Box:
    right, bottom = (left + width) / WIDTH_PX, (top + height) / HEIGHT_PX
    return Box(left / WIDTH_PX, top / HEIGHT_PX, right, bottom)


def watcher_of(street: Street, seconds: float = 10.0) -> tuple[BlockMotion, float]:
    """Return a watcher that has seen the quiet street, and the time of the next frame."""
    watcher = BlockMotion(MotionOptions())
    for moment in times(0, seconds):
        watcher.watch(street.frame(moment))
    return watcher, seconds


def is_found(motion: Motion, box: Box) -> bool:
    """Tell whether an area covers the thing without being the whole street."""
    return any(
        area.shared(box) > 0.5 * box.area and area.area < 40 * box.area for area in motion.areas
    )


@pytest.mark.parametrize("noise", [0.0, 3.0, 8.0], ids=["clean", "by day", "by night"])
def test_a_quiet_street_stays_silent_from_the_first_frame_on(noise: float) -> None:
    street, watcher = Street(noise=noise), BlockMotion(MotionOptions())

    motions = [watcher.watch(street.frame(moment)) for moment in times(0, 30)]

    assert not any(motion.areas or motion.is_global for motion in motions)


def test_a_person_far_away_is_found_while_walking() -> None:
    street = Street()
    watcher, start = watcher_of(street)
    found = []

    for step, moment in enumerate(times(start, 6)):
        place = (100 + 4 * step, 200 + step, *PERSON)
        picture = street.picture()
        put(picture, place, -45)
        found.append(is_found(watcher.watch(street.frame(moment, picture)), box_of(*place)))

    assert sum(found) >= 0.9 * len(found)


def test_a_person_is_found_in_the_second_frame() -> None:
    street, watcher = Street(), BlockMotion(MotionOptions())
    watcher.watch(street.frame(0))
    picture = street.picture()
    put(picture, (300, 200, 20, 50), -45)

    motion = watcher.watch(street.frame(0.2, picture))

    assert is_found(motion, box_of(300, 200, 20, 50))


def test_a_person_at_night_is_found_in_the_noise() -> None:
    street = Street(noise=8.0)
    watcher, start = watcher_of(street, 30)
    found = []

    for step, moment in enumerate(times(start, 6)):
        place = (100 + 6 * step, 180, 20, 50)
        picture = street.picture()
        put(picture, place, 35)
        found.append(is_found(watcher.watch(street.frame(moment, picture)), box_of(*place)))

    assert sum(found) >= 0.9 * len(found)


@pytest.mark.parametrize(("gain", "shift"), [(0.5, -40), (1.7, 60), (0.0, 230)])
def test_a_light_switched_is_global_and_over_within_three_seconds(gain: float, shift: int) -> None:
    street = Street()
    watcher, start = watcher_of(street)

    motions = {
        moment - start: watcher.watch(
            # The camera's exposure needs a second to settle.
            street.frame(moment, street.ground * gain + shift + 25 * np.exp(-(moment - start) * 3))
        )
        for moment in times(start, 10)
    }

    assert motions[0.0].is_global
    assert not any(motion.areas or motion.is_global for at, motion in motions.items() if at >= 3)


def test_a_person_who_comes_after_the_light_is_found() -> None:
    street = Street()
    watcher, start = watcher_of(street)
    street.ground = street.ground * 0.5
    for moment in times(start, 3):
        watcher.watch(street.frame(moment))
    picture = street.picture()
    put(picture, (300, 200, 20, 50), 40)

    motion = watcher.watch(street.frame(start + 3, picture))

    assert is_found(motion, box_of(300, 200, 20, 50))


def test_a_camera_that_never_rests_is_looked_at_whole_and_not_ignored() -> None:
    street = Street()
    watcher, start = watcher_of(street)

    motions = {
        moment - start: watcher.watch(
            street.frame(moment, np.roll(street.ground, 40 * round(5 * moment), axis=(0, 1)))
        )
        for moment in times(start, 5)
    }

    assert all(motion.is_global for motion in motions.values())
    assert not any(motion.areas for at, motion in motions.items() if at < 2.9)
    assert all(motion.areas == (Box(0, 0, 1, 1),) for at, motion in motions.items() if at > 3.1)


def test_a_cloud_is_not_motion() -> None:
    street = Street()
    watcher, start = watcher_of(street)

    motions = [
        watcher.watch(street.frame(moment, street.ground * (1 - 0.06 * min(5, moment - start))))
        for moment in times(start, 8)
    ]

    assert not any(motion.areas or motion.is_global for motion in motions)


def test_a_parked_car_is_reported_for_ten_seconds_and_then_belongs_there() -> None:
    street = Street()
    watcher, start = watcher_of(street)
    picture = street.picture()
    put(picture, (300, 220, 90, 50), 50)

    motions = {
        moment - start: watcher.watch(street.frame(moment, picture)) for moment in times(start, 20)
    }

    assert all(motion.areas for at, motion in motions.items() if at < 9)
    assert not any(motion.areas for at, motion in motions.items() if at > 11)


def test_a_parked_car_is_absorbed_by_seconds_and_not_by_frames() -> None:
    street = Street()
    watcher, start = watcher_of(street)
    picture = street.picture()
    put(picture, (300, 220, 90, 50), 50)

    # A box that sees one frame in two seconds needs no more time than others.
    motions = {
        moment: watcher.watch(street.frame(start + moment, picture)) for moment in range(0, 20, 2)
    }

    assert motions[6].areas
    assert not motions[14].areas


def rainy(street: Street) -> np.ndarray:
    streaks = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    places = street.random.integers(0, (WIDTH_PX, HEIGHT_PX), (150, 2)).tolist()
    for left, top in places:
        cv2.line(streaks, (left, top), (left + 3, top + 25), 110.0, 1)
    return street.ground + streaks


def test_rain_calms_down_and_a_person_in_it_is_still_found() -> None:
    street, watcher = Street(), BlockMotion(MotionOptions())
    first = [watcher.watch(street.frame(moment, rainy(street))) for moment in times(0, 5)]
    for moment in times(5, 30):
        watcher.watch(street.frame(moment, rainy(street)))

    later = [watcher.watch(street.frame(moment, rainy(street))) for moment in times(35, 20)]
    found = []
    for step, moment in enumerate(times(55, 4)):
        place = (100 + 8 * step, 180, 24, 60)
        picture = rainy(street)
        put(picture, place, -60)
        found.append(is_found(watcher.watch(street.frame(moment, picture)), box_of(*place)))

    assert sum(bool(motion.areas) for motion in first) > 0.8 * len(first)
    assert sum(bool(motion.areas) for motion in later) < 0.3 * len(later)
    assert sum(found) >= 0.9 * len(found)


def test_leaves_in_the_wind_raise_only_their_own_limit() -> None:
    street, watcher = Street(), BlockMotion(MotionOptions())

    def windy(moment: float) -> np.ndarray:
        picture = street.picture()
        picture[40:140, 560:640] += 15 * np.sin(np.arange(80) * 0.8 + moment * 9)
        return picture

    for moment in times(0, 60):
        watcher.watch(street.frame(moment, windy(moment)))
    picture = windy(60)
    put(picture, (100, 200, *PERSON), -45)
    motion = watcher.watch(street.frame(60, picture))

    assert is_found(motion, box_of(100, 200, *PERSON))
    assert not any(area.left > 0.8 for area in motion.areas)


def test_a_stream_that_changes_its_size_starts_anew() -> None:
    watcher, _ = watcher_of(Street())

    motion = watcher.watch(grey_frame(np.full((480, 640), 20, np.uint8), 10.0))

    assert motion == Motion((), is_global=False)


@pytest.mark.parametrize("size", [(360, 640), (576, 704), (1080, 1920), (640, 360), (99, 161)])
def test_any_size_of_picture_will_do(size: tuple[int, int]) -> None:
    watcher = BlockMotion(MotionOptions())
    dark = np.full(size, 60, np.uint8)
    lit = dark.copy()
    lit[size[0] // 2 : size[0] // 2 + size[0] // 6, : size[1] // 6] = 200
    watcher.watch(grey_frame(dark, 0.0))

    motion = watcher.watch(grey_frame(lit, 0.2))

    assert len(motion.areas) == 1
    area = motion.areas[0]
    assert area.overlap(Box(0, 0.5, 1 / 6, 0.5 + 1 / 6)) > 0.5


def test_a_site_may_ask_for_more_change_and_larger_areas() -> None:
    calm = BlockMotion(MotionOptions(threshold=60.0))
    coarse = BlockMotion(MotionOptions(fewest_blocks=60))
    street = Street()
    picture = street.picture()
    put(picture, (300, 200, 20, 50), -45)
    for watcher in (calm, coarse):
        watcher.watch(street.frame(0))

    assert not calm.watch(street.frame(0.2, picture)).areas
    assert not coarse.watch(street.frame(0.2, picture)).areas
