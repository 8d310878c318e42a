"""The teacher's dense answers fit the cells that our network has."""

from pathlib import Path

import numpy as np
import pytest

from training.objects.examples import read_picture

pytest.importorskip("ai_edge_litert", reason="the LiteRT runtime is not installed")

from training.objects.boxes import letterbox
from training.objects.echo import Echo

PERSON_AND_VEHICLES = [0, 1, 2, 3, 5, 7]


@pytest.fixture
def pictures(data: Path) -> np.ndarray:
    files = sorted((data / "det" / "idn_tidar" / "test" / "images").iterdir())[:3]
    return np.stack([letterbox(read_picture(file), 320, 320)[0] for file in files])


def test_the_echo_is_what_the_teacher_itself_would_say(data: Path, pictures: np.ndarray) -> None:
    echo = Echo(data / "models")
    teacher = echo._teacher

    found = echo.answers(pictures)
    teacher.run(teacher.prepared(pictures[1]))
    plain = {one.shape: one for one in teacher.outputs()}

    assert [one.shape for one in found] == [(3, side, side, 80) for side in (40, 20, 10)]
    assert all(np.array_equal(one[1], plain[one.shape[1:]]) for one in found)


def test_a_larger_picture_gets_the_same_opinion_on_more_cells(
    data: Path, pictures: np.ndarray
) -> None:
    echo = Echo(data / "models")
    larger = np.repeat(np.repeat(pictures, 2, 1), 2, 2)

    small, large = echo.answers(pictures), echo.answers(larger)

    assert [one.shape[1] for one in large] == [80, 40, 20]
    best, same = (one[1][..., PERSON_AND_VEHICLES].max((0, 1, 2)) for one in (small, large))
    assert best.max() > 0.4
    assert same == pytest.approx(best, abs=0.1)
