"""What is masked is black for everybody, and the decoder's own memory is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.zone import Zone
from edge_agent.video.masks import Masks
from tests.fakes.frames import grey_frame

WINDOW = Zone("window", Polygon((Point(0.25, 0.25), Point(0.75, 0.25), Point(0.5, 0.75))))


def test_a_mask_is_black_inside_and_nowhere_else() -> None:
    frame = grey_frame(size_px=(64, 48))

    covered = Masks([WINDOW]).cover(frame)

    assert covered.luma[20, 32] == 16
    assert covered.chroma_blue[10, 16] == covered.chroma_red[10, 16] == 128
    assert np.array_equal(covered.luma[40:], frame.luma[40:])
    assert np.array_equal(covered.luma[:, :12], frame.luma[:, :12])


def test_the_frame_itself_is_left_alone() -> None:
    frame = grey_frame(size_px=(64, 48))
    before = frame.luma.copy()

    Masks([WINDOW]).cover(frame)

    assert np.array_equal(frame.luma, before)


@pytest.mark.parametrize("masks", [Masks(), Masks([WINDOW], lambda _: False)])
def test_without_a_mask_nothing_is_copied(masks: Masks) -> None:
    frame = grey_frame(size_px=(64, 48))

    assert masks.cover(frame) is frame


def test_pixels_that_an_edge_cuts_are_hidden() -> None:
    whole = Zone("all", Polygon((Point(0, 0), Point(1, 0), Point(1, 1), Point(0, 1))))

    covered = Masks([whole]).cover(grey_frame(size_px=(63, 47)))

    assert set(np.unique(covered.luma)) == {16}
    assert set(np.unique(covered.chroma_blue)) == {128}
