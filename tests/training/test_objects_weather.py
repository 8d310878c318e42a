"""Night is dark, rain is bright and falls, and nothing changes the size of a picture."""

import numpy as np
import pytest

from training.objects import weather
from training.objects.augmentation import noise_bank


@pytest.fixture
def street() -> np.ndarray:
    """A picture of every grey and some colour."""
    ramp = np.linspace(0, 255, 256).astype(np.uint8)
    return np.stack(
        [
            np.tile(ramp, (256, 1)),
            np.tile(ramp[:, None], (1, 256)),
            255 - ramp[None].repeat(256, 0),
        ],
        -1,
    )


@pytest.mark.parametrize("seed", range(8))
def test_by_night_it_is_darker_and_paler(street: np.ndarray, seed: int) -> None:
    dark = weather.night(street, np.random.default_rng(seed))

    assert dark.mean() < 0.8 * street.mean()
    assert np.ptp(dark.astype(int), axis=2).mean() < np.ptp(street.astype(int), axis=2).mean()


def test_rain_draws_streaks_that_are_taller_than_wide() -> None:
    black = np.zeros((320, 320, 3), np.uint8)

    wet = weather.rain(black, np.random.default_rng(1), noise_bank(0))[..., 0].astype(float)

    down, across = (np.abs(np.diff(wet, axis=axis)).mean() for axis in (0, 1))
    assert wet.max() > wet.min() + 20
    assert down < across


def test_a_smear_keeps_the_light(street: np.ndarray) -> None:
    smeared = weather.moved(street, np.random.default_rng(2))

    assert smeared.shape == street.shape
    assert smeared.mean() == pytest.approx(street.mean(), abs=1.0)
    assert not np.array_equal(smeared, street)
