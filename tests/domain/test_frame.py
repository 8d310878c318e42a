import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from tests.fakes.frames import grey_frame

_sizes = st.tuples(st.integers(2, 90), st.integers(2, 90))
_shares = st.floats(0.0, 1.0, allow_nan=False)


@given(_sizes, _shares, _shares, _shares, _shares)
def test_a_cut_always_has_even_sides_inside_the_picture(
    size_px: tuple[int, int], x: float, y: float, wide: float, tall: float
) -> None:
    frame = grey_frame(size_px=size_px)
    box = Box(x, y, min(1.0, x + wide), min(1.0, y + tall))

    left, top, right, bottom = frame.even_edges(box)

    assert 0 <= left < right <= frame.width_px
    assert 0 <= top < bottom <= frame.height_px
    assert (right - left) % 2 == (bottom - top) % 2 == 0
    assert frame.cut(box).shape == ((bottom - top) * 3 // 2, right - left)


def test_a_cut_shows_the_right_part() -> None:
    luma = np.arange(64, dtype=np.uint8).reshape(8, 8)
    blue = np.arange(16, dtype=np.uint8).reshape(4, 4)
    frame = Frame(
        taken_at=0.0,
        camera_wall=None,
        received_wall=0.0,
        luma=luma,
        chroma_blue=blue,
        chroma_red=blue + 100,
    )

    cut = frame.cut(Box(0.25, 0.5, 0.75, 1.0))

    assert cut[:4].tolist() == luma[4:8, 2:6].tolist()
    assert cut[4:].ravel().tolist() == [
        *blue[2:4, 1:3].ravel().tolist(),
        *(blue[2:4, 1:3] + 100).ravel().tolist(),
    ]


def test_the_whole_picture_can_be_cut() -> None:
    frame = grey_frame(size_px=(768, 576))

    assert frame.cut(Box(0, 0, 1, 1)).shape == (864, 768)
    assert frame.width_px == pytest.approx(768)
