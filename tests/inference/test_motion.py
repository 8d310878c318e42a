"""The motion stage with the network that ships, on made-up streets; its parts have tests of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from edge_agent.domain.geometry import Box
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.evidence import Evidence
from edge_agent.inference.motion import PARKED_S, Motion, MovingCells
from edge_agent.inference.motion_file import WEIGHTS, open_motion
from edge_agent.inference.options import MotionOptions
from edge_agent.inference.runtime import Network
from edge_agent.inference.slots import Raw, Slot
from tests.inference.pictures import grey_frame
from tests.inference.street import HEIGHT_PX, WIDTH_PX, Street, put, times

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# In pixels; a far person, and one across the street.
FAR, NEAR = (10, 24), (20, 50)


def box_of(left: float, top: float, width: int, height: int) -> Box:
    right, bottom = (left + width) / WIDTH_PX, (top + height) / HEIGHT_PX
    return Box(left / WIDTH_PX, top / HEIGHT_PX, right, bottom)


def walk(
    picture: NDArray[np.float32], left: float, top: float, size: tuple[int, int], contrast: float
) -> Box:
    """Draw somebody with a head and swinging legs, and return where."""
    width, height = size
    body = np.zeros(picture.shape, np.float32)
    middle, foot = round(left + width / 2), round(top + height)
    cv2.circle(body, (middle, round(top + height / 8)), max(1, height // 8), 1.0, -1)
    trunk = (max(2, width // 3), height // 4)
    cv2.ellipse(body, (middle, round(top + height * 0.45)), trunk, 0, 0, 360, 1.0, -1)
    swing = round(0.4 * width * np.sin(left / 4))
    for side in (-swing, swing):
        hip = (middle, round(top + height * 0.6))
        cv2.line(body, hip, (middle + side, foot), 1.0, 2)
    picture += contrast * cv2.GaussianBlur(body, (0, 0), 0.7)
    return box_of(left, top, width, height)


class Counting(Network):
    """The network that ships, with a count of how often it looked."""

    looks = 0

    def run(self, picture: Raw) -> list[Raw]:
        self.looks += 1
        return super().run(picture)


def watcher_of(street: Street, seconds: float = 10.0) -> tuple[MovingCells, float]:
    """Return a watcher that has seen the quiet street, and the time of the next frame."""
    watcher = open_motion(MotionOptions())
    for moment in times(0, seconds):
        watcher.watch(street.frame(moment))
    return watcher, seconds


def is_found(motion: Motion, box: Box) -> bool:
    """Tell whether an area covers the thing without being the whole street."""
    return any(
        area.shared(box) > 0.5 * box.area and area.area < 12 * box.area for area in motion.areas
    )


def found_while_walking(
    street: Street,
    watcher: MovingCells,
    start: float,
    *,
    size: tuple[int, int],
    contrast: float,
    ground: Callable[[], NDArray[np.float32]] | None = None,
) -> float:
    """Return in which part of six seconds somebody is found who crosses the street."""
    found = []
    for step, moment in enumerate(times(start, 6)):
        picture = ground() if ground else street.picture()
        place = walk(picture, 100 + 5 * step, 200, size, contrast)
        found.append(is_found(watcher.watch(street.frame(moment, picture)), place))
    return sum(found) / len(found)


@pytest.mark.parametrize("noise", [0.0, 3.0, 8.0], ids=["clean", "by day", "by night"])
def test_a_quiet_street_stays_silent_from_the_first_frame_on(noise: float) -> None:
    street, watcher = Street(noise=noise), open_motion(MotionOptions())

    motions = [watcher.watch(street.frame(moment)) for moment in times(0, 30)]

    assert not any(motion.areas or motion.is_global for motion in motions)


def test_a_person_far_away_is_found_while_walking() -> None:
    street = Street()
    watcher, start = watcher_of(street)

    assert found_while_walking(street, watcher, start, size=FAR, contrast=-45) >= 0.9


def test_somebody_who_walks_already_is_found_in_the_first_second() -> None:
    street, watcher = Street(), open_motion(MotionOptions())
    found = []

    for step, moment in enumerate(times(0, 1)):
        picture = street.picture()
        place = walk(picture, 300 + 5 * step, 200, NEAR, -45)
        found.append(is_found(watcher.watch(street.frame(moment, picture)), place))

    assert any(found)


def test_a_person_at_night_is_found_in_the_noise() -> None:
    street = Street(noise=8.0)
    watcher, start = watcher_of(street, 30)

    assert found_while_walking(street, watcher, start, size=NEAR, contrast=35) >= 0.8


def test_a_faint_person_is_found_in_a_grainy_night_where_nobody_else_is() -> None:
    street = Street(noise=13.0)
    watcher, start = watcher_of(street, 30)

    alone = [watcher.watch(street.frame(moment)) for moment in times(start, 20)]
    found = found_while_walking(street, watcher, start + 20, size=FAR, contrast=12)

    assert found >= 0.8
    assert sum(bool(motion.areas) for motion in alone) <= 0.03 * len(alone)


def test_in_a_grainy_night_the_network_looks_at_every_picture() -> None:
    """What stands out there is chance: the gate would let a walker wait for it."""
    street, network = Street(noise=13.0), Counting(WEIGHTS)
    watcher = MovingCells(network, MotionOptions())

    for moment in times(0, 20):
        watcher.watch(street.frame(moment))

    assert network.looks == len(times(0, 20)) - 1


@pytest.mark.parametrize(("noise", "is_grainy"), [(13.0, True), (8.0, False)])
def test_evidence_is_told_of_the_grain_and_of_beams(
    noise: float, *, is_grainy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    weigh = Evidence.weigh

    def spied(*args: Any, **named: Any) -> Any:
        told.append((named["is_grainy"], bool(named["lit"].any())))
        return weigh(*args, **named)

    monkeypatch.setattr(Evidence, "weigh", spied)
    street = Street(noise=noise)
    watcher, start = watcher_of(street)
    picture = street.picture()
    put(picture, (200, 120, 200, 120), 60)
    watcher.watch(street.frame(start, picture))

    assert told[-2:] == [(is_grainy, False), (is_grainy, True)]


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

    assert found_while_walking(street, watcher, start + 3, size=NEAR, contrast=40) >= 0.8


def test_after_the_start_and_a_switch_the_network_looks_at_every_picture_for_a_while() -> None:
    street, network = Street(noise=0.0), Counting(WEIGHTS)
    watcher = MovingCells(network, MotionOptions())
    looks = []

    for moment in times(0, 20):
        picture = street.picture() if moment < 10 else 255 - street.picture()
        before = network.looks
        watcher.watch(street.frame(moment, picture))
        looks.append((moment, network.looks > before))

    assert all(looked for at, looked in looks if 0 < at < 2.9)
    assert all(looked for at, looked in looks if 10 < at < 12.9)
    assert not any(looked for at, looked in looks if 6 < at < 10 or at > 16)


def test_a_camera_that_never_rests_is_looked_at_whole_and_not_ignored() -> None:
    street = Street()
    watcher, start = watcher_of(street)
    views = [street.ground, 255 - street.ground]

    motions = {
        moment - start: watcher.watch(street.frame(moment, views[round(5 * moment) % 2]))
        for moment in times(start, 5)
    }

    later = [motion for at, motion in motions.items() if at > 3.3]
    assert all(motion.is_global for motion in later)
    assert not any(motion.areas for at, motion in motions.items() if at < 2.9)
    assert all(motion.areas == (Box(0, 0, 1, 1),) for motion in later)


def test_a_cloud_is_not_motion() -> None:
    street = Street()
    watcher, start = watcher_of(street)

    motions = [
        watcher.watch(street.frame(moment, street.ground * (1 - 0.06 * min(5, moment - start))))
        for moment in times(start, 8)
    ]

    assert not any(motion.areas or motion.is_global for motion in motions)


def test_a_shaken_mast_is_not_motion() -> None:
    street = Street()
    watcher, start = watcher_of(street)

    def shaken() -> NDArray[np.float32]:
        by = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
        by[:, 2] = street.random.uniform(-3, 3, 2)
        size = (WIDTH_PX, HEIGHT_PX)
        return cv2.warpAffine(street.ground, by, size, borderMode=cv2.BORDER_REPLICATE)

    motions = [watcher.watch(street.frame(moment, shaken())) for moment in times(start, 20)]

    assert sum(bool(motion.areas) for motion in motions) <= 0.1 * len(motions)


@pytest.mark.parametrize("pause_s", [0.2, 2.0], ids=["five frames a second", "key frames alone"])
def test_a_parked_car_leaves_no_ghost(pause_s: float) -> None:
    street = Street()
    watcher, start = watcher_of(street)
    stops_s, leaves_s = 5.0, 35.0

    motions = {}
    for at in np.arange(0, 60, pause_s):
        picture = street.picture()
        if at < leaves_s + 3:
            driven_s = min(at, stops_s) + max(0.0, at - leaves_s)
            put(picture, (100 + round(60 * driven_s), 220, 90, 45), 50)
        motions[at] = watcher.watch(street.frame(start + at, picture))

    is_there = {at: bool(motion.areas) for at, motion in motions.items()}
    assert any(is_there[at] for at in is_there if at <= stops_s)
    assert not any(is_there[at] for at in is_there if stops_s + PARKED_S < at < leaves_s)
    assert not any(is_there[at] for at in is_there if at > leaves_s + 3 + PARKED_S)


def rainy(street: Street, bright: float) -> NDArray[np.float32]:
    streaks = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    places = street.random.integers(0, (WIDTH_PX, HEIGHT_PX), (150, 2)).tolist()
    for left, top in places:
        cv2.line(streaks, (left, top), (left + 3, top + 25), bright, 1)
    return street.ground + cv2.GaussianBlur(streaks, (0, 0), 0.8)


@pytest.mark.parametrize(
    ("bright", "size"),
    [(60.0, (24, 60)), (110.0, (40, 100))],
    # Somebody of 60 pixels is lost in that cloudburst nine times of ten: design note 0007.
    ids=["rain", "a cloudburst"],
)
def test_rain_is_not_motion_and_a_person_in_it_is_found(
    bright: float, size: tuple[int, int]
) -> None:
    street = Street()
    watcher, start = watcher_of(street)

    def ground() -> NDArray[np.float32]:
        return rainy(street, bright)

    rain = [watcher.watch(street.frame(moment, ground())) for moment in times(start, 20)]
    found = found_while_walking(street, watcher, start + 20, size=size, contrast=-60, ground=ground)

    assert sum(bool(motion.areas) for motion in rain) <= 0.1 * len(rain)
    assert found >= 0.9


def test_leaves_in_the_wind_hide_nobody_elsewhere() -> None:
    street = Street()
    watcher, start = watcher_of(street)
    moment = [start]

    def windy() -> NDArray[np.float32]:
        moment[0] += 0.2
        picture = street.picture()
        picture[40:140, 560:640] += 15 * np.sin(np.arange(80) * 0.8 + moment[0] * 9)
        return picture

    wind = [watcher.watch(street.frame(at, windy())) for at in times(start, 30)]
    found = found_while_walking(street, watcher, start + 30, size=FAR, contrast=-45, ground=windy)

    assert not any(area.left > 0.8 for motion in wind[50:] for area in motion.areas)
    assert found >= 0.9


def test_a_stream_that_changes_its_shape_starts_anew() -> None:
    watcher, _ = watcher_of(Street())

    motion = watcher.watch(grey_frame(np.full((480, 640), 20, np.uint8), 10.0))

    assert motion == Motion((), is_global=False)


@pytest.mark.parametrize("size", [(360, 640), (576, 704), (1080, 1920), (640, 360), (99, 161)])
def test_any_size_of_picture_will_do(size: tuple[int, int]) -> None:
    street, watcher = Street(), open_motion(MotionOptions())
    found = []

    for step, moment in enumerate(times(0, 3)):
        picture = street.picture()
        place = walk(picture, 200 + 5 * step, 150, (30, 80), -45)
        luma = street.frame(moment, picture).luma
        shown = cv2.resize(luma, size[::-1], interpolation=cv2.INTER_AREA)
        found.append(is_found(watcher.watch(grey_frame(shown, moment)), place))

    assert any(found)


def test_a_site_may_ask_for_more_certainty() -> None:
    street = Street()
    picture = street.picture()
    sure = open_motion(MotionOptions(least_score=0.99))
    for moment in times(0, 5):
        sure.watch(street.frame(moment))

    walk(picture, 300, 200, FAR, -14)

    assert not sure.watch(street.frame(5, picture)).areas


def test_another_network_is_refused_in_one_line() -> None:
    class Other:
        inputs = (Slot((1, 90, 160, 3), np.dtype(np.int8), 0.1, 0),)
        outputs = (Slot((1, 12, 20, 1), np.dtype(np.int8), 0.1, 0),)

        def run(self, picture: NDArray[np.int8]) -> list[NDArray[np.int8]]:
            raise AssertionError(picture.shape)

    with pytest.raises(EdgeAgentError, match="the motion network takes and gives"):
        MovingCells(Other(), MotionOptions())


def test_the_network_is_small_and_computes_with_integers_alone() -> None:
    network = Network(WEIGHTS)

    assert WEIGHTS.stat().st_size <= 100_000
    assert [slot.dtype for slot in (*network.inputs, *network.outputs)] == [np.int8, np.int8]
    assert network.inputs[0].scale == pytest.approx(1 / 128)
    assert network.inputs[0].zero == 0
