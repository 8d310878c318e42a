"""The usual picture: what stands out of it, and what is taken out first."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_agent.domain.frame import Frame
from edge_agent.inference.grain import BLENDED_WITHIN_S
from edge_agent.inference.light import MOVING_ROOM, ROOM
from edge_agent.inference.scenery import COLUMNS, HEIGHT_PX, PLANES, ROWS, WIDTH_PX, Scenery
from tests.inference.street import Street, put, times

FRAME_S = 0.2


def scenery_of(street: Street, seconds: float = 10.0) -> Scenery:
    scenery = Scenery(street.frame(0.0).luma, 0.0)
    for moment in times(FRAME_S, seconds):
        scenery.compare(street.frame(moment).luma, moment)
        scenery.learn(moment, None)
    return scenery


@pytest.mark.parametrize("noise", [0.5, 3.0, 8.0])
def test_in_a_quiet_street_hardly_a_picture_stands_out(noise: float) -> None:
    street = Street(noise=noise)
    scenery = scenery_of(street)
    open_gates = 0

    for moment in times(10.2, 20):
        open_gates += bool(scenery.compare(street.frame(moment).luma, moment).standing_out.any())
        scenery.learn(moment, None)

    # One that does costs one run of the network.
    assert open_gates <= 40


def test_a_person_stands_out_where_they_are() -> None:
    street = Street()
    scenery = scenery_of(street)
    picture = street.picture()
    put(picture, (320, 160, 10, 24), -40)

    out = scenery.compare(street.frame(10.2, picture).luma, 10.2).standing_out

    rows, columns = np.nonzero(out)
    assert {10, 11} & set(rows.tolist())
    assert 20 in columns


def test_what_moves_does_not_become_the_usual_picture_until_it_may() -> None:
    street = Street(noise=0.5)
    scenery = scenery_of(street)
    picture = street.picture()
    put(picture, (320, 160, 32, 32), -40)
    held = np.zeros((ROWS, COLUMNS), np.bool_)
    held[8:14, 18:24] = True

    for moment in times(10.2, 10):
        out = scenery.compare(street.frame(moment, picture).luma, moment).standing_out
        scenery.learn(moment, held)
    for moment in times(20.4, 10):
        later = scenery.compare(street.frame(moment, picture).luma, moment).standing_out
        scenery.learn(moment, None)

    assert out[10:12, 20:22].all()
    assert not later.any()


def test_the_suns_share_is_taken_out() -> None:
    street = Street()
    scenery = scenery_of(street)

    seen = scenery.compare(street.frame(10.2, street.ground * 0.9 + 8).luma, 10.2)

    assert not seen.is_global
    assert seen.standing_out.mean() < 0.02


def test_a_shaken_picture_is_moved_back() -> None:
    street = Street()
    steady, shaken = scenery_of(street), scenery_of(street)
    by = np.array([[1, 0, 2.4], [0, 1, -1.6]], np.float32)
    size = (2 * WIDTH_PX, 2 * HEIGHT_PX)
    moved = cv2.warpAffine(street.ground, by, size, borderMode=cv2.BORDER_REPLICATE)

    calm = steady.compare(street.frame(10.2).luma, 10.2).standing_out.mean()
    found = shaken.compare(street.frame(10.2, moved).luma, 10.2).standing_out.mean()

    assert found <= calm + 0.1


def test_a_switched_lamp_changes_everything_at_once() -> None:
    street = Street()
    scenery = scenery_of(street)

    assert scenery.compare(street.frame(10.2, street.ground + 80).luma, 10.2).is_global

    scenery.start_again(10.2)
    calm = scenery.compare(street.frame(10.4, street.ground + 80).luma, 10.4)
    assert not calm.is_global


def test_the_planes_are_the_picture_and_three_differences() -> None:
    street = Street(noise=0.0)
    scenery = scenery_of(street)
    picture = street.picture()
    put(picture, (320, 160, 32, 32), -40)
    scenery.compare(street.frame(10.2, picture).luma, 10.2)

    planes = scenery.planes(10.2)

    assert planes.shape == (HEIGHT_PX, WIDTH_PX, PLANES)
    assert planes.dtype == np.int8
    here, far = (90, 168), (150, 40)
    assert planes[here][0] == pytest.approx(picture[180, 336] - 128, abs=2)
    assert (planes[here][1:] < -40).all()
    assert (np.abs(planes[far][1:].astype(int)) <= 4).all()


def test_who_walks_through_a_beam_stands_off_in_every_difference() -> None:
    street = Street(noise=0.0)
    scenery = scenery_of(street)
    rows, columns = np.mgrid[0:360, 0:640]
    beam = 95.0 * np.exp(-(((columns - 330) / 110) ** 2) - ((rows - 180) / 60) ** 2)
    lit = (street.picture() + beam).astype(np.float32)
    put(lit, (325, 165, 10, 24), -15)
    scenery.compare(street.frame(10.2, lit).luma, 10.2)

    planes = scenery.planes(10.2).astype(int)

    walker, beside = planes[84:92, 164:166, 1:], planes[84:92, 174:176, 1:]
    assert (beside.mean((0, 1)) - walker.mean((0, 1)) > 20).all()


def test_light_that_moves_is_taken_out_and_light_that_stays_leaves_room() -> None:
    street = Street(noise=0.0)
    scenery = scenery_of(street)
    lit = street.picture()
    put(lit, (100, 60, 240, 200), 60)
    held = np.ones((ROWS, COLUMNS), np.bool_)
    to_the_usual = []

    for moment in times(10.2, 2.0):
        scenery.compare(street.frame(moment, lit).luma, moment)
        to_the_usual.append(scenery.planes(moment)[60:90, 90:130, 1].astype(int).mean())
        scenery.learn(moment, held)

    assert to_the_usual[0] == pytest.approx(MOVING_ROOM, abs=3)
    assert to_the_usual[-1] == pytest.approx(ROOM, abs=3)


def test_shade_is_taken_out_with_what_it_does_to_the_ground_under_it() -> None:
    street = Street(noise=0.0)
    columns = np.arange(2 * WIDTH_PX, dtype=np.float32)
    street.ground += 25 * np.sin(columns * 0.8)
    scenery = scenery_of(street)
    shaded = street.picture()
    shaded[100:340, 160:480] *= 0.6
    scenery.compare(street.frame(10.2, shaded).luma, 10.2)

    planes = scenery.planes(10.2).astype(int)

    assert planes[80:140, 110:210, 1:].std() < 5


def test_who_hides_the_ground_behind_them_is_no_shade() -> None:
    street = Street(noise=0.0)
    columns = np.arange(2 * WIDTH_PX, dtype=np.float32)
    street.ground += 25 * np.sin(columns * 0.8)
    scenery = scenery_of(street)
    hidden = street.picture()
    hidden[100:340, 160:480] = 0.6 * street.ground[100:340, 160:480].mean()
    scenery.compare(street.frame(10.2, hidden).luma, 10.2)

    planes = scenery.planes(10.2).astype(int)

    assert planes[80:140, 110:210, 1:].std() > 50


def shown_in_the_grain(pause_s: float) -> tuple[float, float]:
    """Return the deviation of grains, and how dark somebody is, in the planes of pictures so far apart."""
    street = Street(noise=18.0)
    scenery = scenery_of(street)
    picture = street.picture()
    put(picture, (320, 160, 32, 32), -40)
    held = np.ones((ROWS, COLUMNS), np.bool_)
    moments = [10.0 + pause_s, 10.0 + 2 * pause_s]
    for moment in moments:
        scenery.compare(street.frame(moment, picture).luma, moment)
        scenery.learn(moment, held)
    planes = scenery.planes(moments[-1]).astype(np.float32)
    return float(planes[110:170, 20:140, 1].std()), float(-planes[82:94, 162:174, 1].mean())


def test_in_a_grainy_night_pictures_are_blended_while_they_come_quickly() -> None:
    grains, somebody = shown_in_the_grain(0.2)
    all_grains, everybody = shown_in_the_grain(BLENDED_WITHIN_S + 0.1)

    assert grains < 0.8 * all_grains
    assert somebody > 0.8 * everybody


def shows(scenery: Scenery, frame: Frame) -> bool:
    """Tell whether the network is shown this very picture, unblended."""
    now = scenery.planes(frame.taken_at)[..., 0].astype(int) + 128
    small = cv2.resize(frame.luma, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return bool((now == small).all())


def test_by_day_a_picture_stays_as_it_is() -> None:
    street = Street(noise=3.0)
    scenery = scenery_of(street)
    picture = street.picture()
    put(picture, (320, 160, 32, 32), -40)
    frame = street.frame(10.2, picture)
    scenery.compare(frame.luma, 10.2)

    assert shows(scenery, frame)


def test_light_that_comes_and_goes_is_no_grain() -> None:
    street = Street(noise=0.5)
    scenery = scenery_of(street)
    moments = times(10.2, 10)

    for moment in moments:
        bright = street.ground * (1.0 + 0.1 * np.sin(9 * moment))
        scenery.compare(street.frame(moment, bright).luma, moment)
        scenery.learn(moment, None)
    last = street.frame(moments[-1] + 0.2)
    scenery.compare(last.luma, last.taken_at)

    assert shows(scenery, last)


@pytest.mark.parametrize("gain", [0.85, 1.15])
def test_a_step_of_the_cameras_gain_is_not_blended_into_a_grainy_picture(gain: float) -> None:
    street = Street(noise=18.0)
    street.ground *= 0.5
    scenery = scenery_of(street)

    seen = scenery.compare(street.frame(10.2, street.ground * gain).luma, 10.2)

    assert seen.standing_out.mean() < 0.02
    assert abs(scenery.planes(10.2)[..., 1].astype(float).mean()) < 1


def test_the_day_after_a_switch_is_not_blended() -> None:
    street, day = Street(noise=18.0), Street(noise=1.0)
    scenery = scenery_of(street)
    bright = day.ground + 80
    assert scenery.compare(day.frame(10.2, bright).luma, 10.2).is_global
    scenery.start_again(10.2)
    frame = day.frame(10.4, bright)

    scenery.compare(frame.luma, 10.4)

    assert shows(scenery, frame)


def outlined(
    noise: float, cells: tuple[slice, slice], *things: tuple[tuple[int, int, int, int], float]
) -> tuple[int, int, int, int]:
    """Return the outline in these cells of things (box, contrast) that have come into a street."""
    street = Street(noise=noise)
    scenery = scenery_of(street)
    picture = street.picture()
    for box, contrast in things:
        put(picture, box, contrast)
    scenery.compare(street.frame(10.2, picture).luma, 10.2)
    moving = np.zeros((ROWS, COLUMNS), np.bool_)
    moving[cells] = True
    return scenery.outline(moving)


def test_an_outline_is_as_small_as_the_thing() -> None:
    outline = outlined(1.0, np.s_[9:13, 19:22], ((322, 166, 10, 24), -40))

    assert outline == pytest.approx((161, 83, 166, 95), abs=2)


def test_in_the_grain_of_a_night_somebody_faint_has_an_outline_all_the_same() -> None:
    outline = outlined(16.0, np.s_[8:15, 17:25], ((320, 160, 16, 40), -14))

    assert outline == pytest.approx((160, 80, 168, 100), abs=4)


def test_what_is_brighter_outside_of_the_cells_does_not_hide_the_outline() -> None:
    """A lamp that was lit inside of the box around the cells, in none of them."""
    street = Street(noise=8.0)
    scenery = scenery_of(street)
    picture = street.picture()
    put(picture, (304, 144, 10, 24), -40)
    put(picture, (360, 208, 24, 24), 100)
    scenery.compare(street.frame(10.2, picture).luma, 10.2)
    corner = np.zeros((ROWS, COLUMNS), np.bool_)
    corner[9:14, 19] = corner[9, 19:24] = True

    left, top, right, bottom = scenery.outline(corner)

    assert right - left >= 4
    assert 8 <= bottom - top <= 16


def test_in_the_noise_the_outline_is_that_of_the_cells() -> None:
    assert outlined(8.0, np.s_[9:11, 19:22]) == (152, 72, 176, 88)


@pytest.mark.parametrize(("noise", "is_night"), [(8.0, True), (1.0, False)])
def test_a_beam_lights_cells_by_night_alone(noise: float, *, is_night: bool) -> None:
    street = Street(noise=noise)
    scenery = scenery_of(street)
    scenery.planes(10.0)
    calm = scenery.lit.any()
    picture = street.picture()
    put(picture, (200, 120, 200, 120), 60)
    scenery.compare(street.frame(10.2, picture).luma, 10.2)

    scenery.planes(10.2)

    assert not calm
    assert scenery.lit[11, 18] == is_night
    # And a cell beside those that the light covers.
    assert scenery.lit[11, 25] == is_night
    assert not scenery.lit[3, 35]


@pytest.mark.parametrize(("noise", "is_night"), [(8.0, True), (1.0, False)])
def test_by_night_light_is_followed_where_somebody_walks_too(
    noise: float, *, is_night: bool
) -> None:
    """A beam that comes and goes leaves no patch around them, as bright as before."""
    street = Street(noise=noise)
    scenery = scenery_of(street)
    held = np.zeros((ROWS, COLUMNS), np.bool_)
    held[10:14, 18:22] = True
    picture = street.picture()
    put(picture, (160, 80, 320, 200), 20)

    for moment in times(10.2, 4):
        scenery.compare(street.frame(moment, picture).luma, moment)
        scenery.learn(moment, held)
    scenery.compare(street.frame(14.4, picture).luma, 14.4)
    planes = scenery.planes(14.4)

    patch, around = planes[84:108, 148:172, 1], planes[84:108, 180:204, 1]
    is_patch = float(patch.mean()) - float(around.mean()) > 10
    assert is_patch != is_night
