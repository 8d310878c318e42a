"""The usual picture: what stands out of it, and what is taken out first."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_agent.inference.scenery import COLUMNS, HEIGHT_PX, PLANES, ROOM, ROWS, WIDTH_PX, Scenery
from tests.inference.street import Street, put, times

FRAME_S = 0.2


def scenery_of(street: Street, seconds: float = 10.0) -> Scenery:
    scenery = Scenery(street.frame(0.0).luma, 0.0)
    for moment in times(FRAME_S, seconds):
        scenery.compare(street.frame(moment).luma)
        scenery.learn(moment, None)
    return scenery


@pytest.mark.parametrize("noise", [0.5, 3.0, 8.0])
def test_in_a_quiet_street_hardly_a_picture_stands_out(noise: float) -> None:
    street = Street(noise=noise)
    scenery = scenery_of(street)
    open_gates = 0

    for moment in times(10.2, 20):
        open_gates += bool(scenery.compare(street.frame(moment).luma).standing_out.any())
        scenery.learn(moment, None)

    # One that does costs one run of the network.
    assert open_gates <= 40


def test_a_person_stands_out_where_they_are() -> None:
    street = Street()
    scenery = scenery_of(street)
    picture = street.picture()
    put(picture, (320, 160, 10, 24), -40)

    out = scenery.compare(street.frame(10.2, picture).luma).standing_out

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
        out = scenery.compare(street.frame(moment, picture).luma).standing_out
        scenery.learn(moment, held)
    for moment in times(20.4, 10):
        later = scenery.compare(street.frame(moment, picture).luma).standing_out
        scenery.learn(moment, None)

    assert out[10:12, 20:22].all()
    assert not later.any()


def test_the_suns_share_is_taken_out() -> None:
    street = Street()
    scenery = scenery_of(street)

    seen = scenery.compare(street.frame(10.2, street.ground * 0.9 + 8).luma)

    assert not seen.is_global
    assert seen.standing_out.mean() < 0.02


def test_a_shaken_picture_is_moved_back() -> None:
    street = Street()
    steady, shaken = scenery_of(street), scenery_of(street)
    by = np.array([[1, 0, 2.4], [0, 1, -1.6]], np.float32)
    size = (2 * WIDTH_PX, 2 * HEIGHT_PX)
    moved = cv2.warpAffine(street.ground, by, size, borderMode=cv2.BORDER_REPLICATE)

    calm = steady.compare(street.frame(10.2).luma).standing_out.mean()
    found = shaken.compare(street.frame(10.2, moved).luma).standing_out.mean()

    assert found <= calm + 0.1


def test_a_switched_lamp_changes_everything_at_once() -> None:
    street = Street()
    scenery = scenery_of(street)

    assert scenery.compare(street.frame(10.2, street.ground + 80).luma).is_global

    scenery.start_again(10.2)
    calm = scenery.compare(street.frame(10.4, street.ground + 80).luma)
    assert not calm.is_global


def test_the_planes_are_the_picture_and_three_differences() -> None:
    street = Street(noise=0.0)
    scenery = scenery_of(street)
    picture = street.picture()
    put(picture, (320, 160, 32, 32), -40)
    scenery.compare(street.frame(10.2, picture).luma)

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
    scenery.compare(street.frame(10.2, lit).luma)

    planes = scenery.planes(10.2).astype(int)

    walker, beside = planes[84:92, 164:166, 1:], planes[84:92, 174:176, 1:]
    assert (beside.mean((0, 1)) - walker.mean((0, 1)) > 20).all()


def test_light_on_many_cells_still_shows_but_leaves_room() -> None:
    street = Street(noise=0.0)
    scenery = scenery_of(street)
    lit = street.picture()
    put(lit, (100, 60, 240, 200), 60)
    scenery.compare(street.frame(10.2, lit).luma)

    planes = scenery.planes(10.2).astype(int)

    assert planes[60:90, 90:130, 1:].mean() == pytest.approx(ROOM, abs=3)


def test_an_outline_is_as_small_as_the_thing() -> None:
    street = Street(noise=1.0)
    scenery = scenery_of(street)
    picture = street.picture()
    put(picture, (322, 166, 10, 24), -40)
    scenery.compare(street.frame(10.2, picture).luma)
    cells = np.zeros((ROWS, COLUMNS), np.bool_)
    cells[9:13, 19:22] = True

    left, top, right, bottom = scenery.outline(cells)

    assert abs(left - 161) <= 2
    assert abs(top - 83) <= 2
    assert abs(right - 166) <= 2
    assert abs(bottom - 95) <= 2


def test_in_the_noise_the_outline_is_that_of_the_cells() -> None:
    street = Street(noise=8.0)
    scenery = scenery_of(street)
    scenery.compare(street.frame(10.2).luma)
    cells = np.zeros((ROWS, COLUMNS), np.bool_)
    cells[9:11, 19:22] = True

    assert scenery.outline(cells) == (152, 72, 176, 88)
