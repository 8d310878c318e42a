"""Who chooses a model must not have taught it, nor have seen a picture of the same scene."""

import numpy as np

from training.objects.examples import Example
from training.objects.labels import Truth
from training.objects.recipe import LABELS
from training.objects.split import held_out, scenes_of

NOBODY = Truth(
    np.empty((0, 4), np.float32),
    np.empty(0, np.int64),
    np.empty(0, np.float32),
    np.ones(len(LABELS), np.float32),
)


def picture(scene: int, source: str = "idn_tidar", light: int = 0) -> Example:
    """A scene is a pattern; the same scene may be a little brighter."""
    pattern = np.random.default_rng(scene).integers(0, 200, (16, 16, 1))
    pixels = np.kron(pattern, np.ones((8, 8, 3))) + light
    return Example(pixels.astype(np.uint8), NOBODY, source)


def test_two_pictures_of_one_scene_are_never_parted() -> None:
    pairs = [picture(scene, light=light) for scene in range(40) for light in (0, 30)]

    kept = held_out(pairs)

    assert (kept[0::2] == kept[1::2]).all()
    assert kept.sum() == 2 * 4


def test_scenes_that_resemble_each_other_in_a_chain_are_one() -> None:
    scenes = scenes_of(
        [one.pixels for one in (picture(1), picture(2), picture(1, light=20), picture(2, light=5))]
    )

    assert scenes.tolist() == [0, 1, 0, 1]


def test_the_same_pictures_are_held_out_every_time() -> None:
    photos = [picture(scene) for scene in range(60)]

    assert np.array_equal(held_out(photos), held_out(photos))


def test_of_rubbish_a_quarter_is_kept_and_of_streets_a_tenth() -> None:
    photos = [picture(scene) for scene in range(60)]
    rubbish = [picture(100 + scene, "garbage") for scene in range(60)]

    kept = held_out([*photos, *rubbish])

    assert (kept[:60].sum(), kept[60:].sum()) == (6, 15)


def test_one_drive_cannot_judge_itself() -> None:
    drive = [picture(scene, "ktm_dashcam") for scene in range(60)]

    assert not held_out(drive).any()
