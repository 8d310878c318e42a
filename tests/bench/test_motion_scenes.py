"""The painted scenes: what is in them, what moves, and who could see it."""

from pathlib import Path

import numpy as np
import pytest

from bench.motion.coding import coded
from bench.motion.extras import EXTRAS
from bench.motion.nuisances import CONDITIONS
from bench.motion.painter import (
    DAY_NOISE,
    SMALL,
    TALL,
    Moment,
    Painter,
    Script,
    Walker,
    paint,
    undisturbed,
)
from bench.motion.visibility import answers

RAMP = np.tile(np.linspace(60, 200, 640).astype(np.uint8), (360, 1))
STREET = np.where(np.indices((360, 640)).sum(axis=0) % 90 < 6, RAMP // 2, RAMP).astype(np.uint8)
SHORT = Script(calm_s=0.4, nuisance_s=1.0, visits_s=())


def walk(walker: Walker = SMALL, **script: float) -> list[Moment]:
    told = Script(calm_s=1.0, nuisance_s=11.0, visits_s=((2.0, 10.0),), walker=walker, **script)
    return list(paint(STREET, undisturbed, 1, told))


def test_nobody_who_judges_motion_learns_from_who_trains_it() -> None:
    sources = Path("bench/motion").glob("*.py")

    assert not [file for file in sources if "training.motion import" in file.read_text()]


@pytest.mark.parametrize("name", [*CONDITIONS, *EXTRAS])
def test_every_nuisance_can_be_painted_and_only_a_car_truly_moves(name: str) -> None:
    moments = list(paint(STREET, (CONDITIONS | EXTRAS)[name], 1, SHORT))

    assert len(moments) == 7
    assert [one.is_calm for one in moments] == [True, True, False, False, False, False, False]
    assert any(one.true for one in moments) == (name == "parked car")


@pytest.mark.parametrize("name", sorted({*CONDITIONS, *EXTRAS} - {"quiet"}))
def test_every_nuisance_changes_more_than_the_noise_does(name: str) -> None:
    painter, change = Painter(STREET, 1), (CONDITIONS | EXTRAS)[name]

    later = [change(painter, painter.street.copy(), at_s)[0] for at_s in (3.0, 8.4, 18.2)]

    changed = max(np.percentile(np.abs(one - painter.street), 99.9) for one in later)
    assert changed > 4 * DAY_NOISE


def test_the_same_seed_paints_the_same_scene() -> None:
    first, second = walk(), walk()

    assert all(
        np.array_equal(one.picture, other.picture) for one, other in zip(first, second, strict=True)
    )


@pytest.mark.parametrize(("walker", "width_px"), [(SMALL, 10), (TALL, 22)])
def test_the_walker_is_as_tall_as_the_page_says(walker: Walker, width_px: int) -> None:
    boxes = [one.person for one in walk(walker) if one.person]

    assert {box[3] - box[1] for box in boxes} == {walker.height_px}
    assert all(abs(box[2] - box[0] - width_px) <= 1 for box in boxes)


def test_a_cell_moves_only_where_the_walker_is() -> None:
    for one in walk():
        moving = np.argwhere(one.cells >= 0.08)
        if one.person is None:
            assert not moving.size
        else:
            middle = ((one.person[0] + one.person[2]) / 32, (one.person[1] + one.person[3]) / 31.3)
            assert np.abs(moving[:, ::-1] + 0.5 - middle).max() <= 2.0


def test_a_walker_by_day_can_be_pointed_at_even_after_the_codec() -> None:
    moments = walk()

    for pictures in (moments, list(coded(moments))):
        seen = answers(pictures, is_shaken=False)
        assert seen
        assert all(one.is_visible and one.deviations > 10 for one in seen)


def test_a_walker_without_any_contrast_cannot_be_pointed_at() -> None:
    still = list(paint(STREET, undisturbed, 1, Script(calm_s=1.0, nuisance_s=11.0, visits_s=())))
    lost = [
        Moment(one.at_s, empty.picture, one.true, one.person, one.outline, one.cells, one.is_calm)
        for one, empty in zip(walk(), still, strict=True)
    ]

    seen = answers(lost, is_shaken=False)

    assert seen
    assert not any(one.is_visible for one in seen)
    assert max(one.deviations for one in seen) < 4
