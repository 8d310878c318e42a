"""Pictures may be bent; their boxes must be bent the same way."""

import numpy as np
import pytest

from training.objects.augmentation import Augmenter, noise_bank
from training.objects.examples import Example
from training.objects.labels import Truth
from training.objects.recipe import LABELS

RED = (250, 10, 10)


@pytest.fixture
def street() -> Example:
    """A dark street with one bright red car."""
    pixels = np.full((300, 300, 3), 40, np.uint8)
    pixels[120:180, 100:200] = RED
    box = np.asarray([[100, 120, 200, 180]], np.float32)
    ones = np.ones(1, np.float32)
    return Example(
        pixels, Truth(box, np.asarray([2]), ones, np.ones(len(LABELS), np.float32)), "test"
    )


@pytest.mark.parametrize("seed", range(20))
def test_a_moved_box_still_holds_the_car(street: Example, seed: int) -> None:
    augment = Augmenter(np.random.default_rng(seed), noise_bank(0))

    view = augment.view(street, 320, 320)

    rows, columns = np.nonzero(view.pixels[..., 0] > 180)
    seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert view.boxes[0] == pytest.approx(seen, abs=2.5)


@pytest.mark.parametrize("seed", range(5))
def test_a_mosaic_keeps_every_box_inside_the_picture(street: Example, seed: int) -> None:
    augment = Augmenter(np.random.default_rng(seed), noise_bank(0))

    mosaic = augment.mosaic([street] * 4, 256)

    assert mosaic.pixels.shape == (256, 256, 3)
    assert mosaic.boxes.min() >= 0
    assert mosaic.boxes.max() <= 256


def test_the_same_seed_draws_the_same_picture(street: Example) -> None:
    first, second = (
        Augmenter(np.random.default_rng(3), noise_bank(0)).single(street, 320) for _ in "12"
    )

    assert np.array_equal(first.pixels, second.pixels)


def test_a_bus_cut_to_a_rest_is_left_unjudged() -> None:
    bus = np.asarray([[50, 20, 550, 280]], np.float32)
    ones = np.ones(1, np.float32)
    truth = Truth(bus, np.asarray([3]), ones, np.ones(len(LABELS), np.float32))
    wide = Example(np.zeros((300, 600, 3), np.uint8), truth, "camera")
    augment = Augmenter(np.random.default_rng(0), noise_bank(0))

    weights = [float(w) for _ in range(50) for w in augment.view(wide, 320, 320).weights]

    assert set(weights) == {0.0, 1.0}
