"""The painted streets that the motion network learns from."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from edge_agent.inference.scenery import COLUMNS, ROWS
from training.motion.__main__ import main
from training.motion.nuisances import MAKERS
from training.motion.world import HEIGHT_PX, WIDTH_PX, Cutout, Mover, World

STREET = np.full((HEIGHT_PX, WIDTH_PX), 100, np.uint8)


def walker(*, starts_s: float = -60.0, stops_s: float = 60.0) -> Mover:
    body = Cutout(np.full((16, 6), 180, np.float32), np.ones((16, 6), np.float32))
    return Mover((body,), 160.0, 90.0, 20.0, 0.0, starts_s, stops_s)


def world(*movers: Mover, noise: float = 0.0) -> World:
    return World(STREET, movers, [], noise, np.random.default_rng(1))


def test_an_empty_street_is_the_same_at_any_moment() -> None:
    street = world()

    assert np.array_equal(street.draw(0.0), street.draw(3.0))


def test_a_walker_moves_and_is_told_where_they_are_now() -> None:
    street = world(walker())

    now, wake = street.truth(0.0, (-1.0,))

    before = street.draw(-1.0).astype(np.float32)
    moved = np.abs(street.draw(0.0) - before) > 1
    assert now[90, 160] == 1
    assert now[90, 140] == 0
    assert wake[90, 140] == 1
    assert (wake[moved] > 0).all()


def test_who_stands_still_does_not_move() -> None:
    now, _ = world(walker(stops_s=-5.0)).truth(0.0, (-0.2,))

    assert not now.any()


def test_a_small_thing_owns_a_cell_and_its_neighbours_are_not_judged() -> None:
    studio = pytest.importorskip("training.motion.studio", reason="PyAV is not installed")
    now = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    now[80:86, 80:84] = 1

    truth = studio.cells(now, now)

    assert truth[..., 0].sum() == 1
    assert truth[5, 5, 0] == 1
    assert truth[4, 4, 1] == 0
    assert truth[20, 20, 1] == 1


def test_nothing_moving_is_told_of_every_cell() -> None:
    studio = pytest.importorskip("training.motion.studio", reason="PyAV is not installed")
    nothing = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)

    truth = studio.cells(nothing, nothing)

    assert truth.shape == (ROWS, COLUMNS, 2)
    assert (truth[..., 0] == 0).all()
    assert (truth[..., 1] == 1).all()


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_each_nuisance_leaves_a_picture(make: object) -> None:
    assert callable(make)
    random = np.random.default_rng(3)
    change = make(random)

    picture = change(STREET.astype(np.float32), 0.5, random)

    assert picture.shape == STREET.shape
    assert np.isfinite(picture).all()


def test_scenes_teach_planes_as_the_agent_sees_them_and_what_moves(corpus: Path) -> None:
    studio = pytest.importorskip("training.motion.studio", reason="PyAV is not installed")
    scenes = studio.Studio(corpus, 3)

    planes, truths = zip(*(one for _ in range(6) for one in scenes.scene()), strict=True)

    assert {(one.dtype, one.shape) for one in planes} == {(np.dtype(np.int8), (180, 320, 4))}
    assert {one.shape for one in truths} == {(ROWS, COLUMNS, 2)}
    assert any(truth[..., 0].any() for truth in truths)


def test_without_tensorflow_training_says_where_to_get_it(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if importlib.util.find_spec("tensorflow") is not None:
        pytest.skip("this is the training environment, which has it")

    assert main(["--work", str(corpus.parent)]) == 1
    assert capsys.readouterr().err.startswith(
        "this Python has no TensorFlow\nnext: make -C training"
    )
