"""Pictures of the training sets that are kept from training, to choose by.

Test sets judge what was chosen and may not choose. Pictures that resemble each other stay together,
so that the kept ones are not old acquaintances.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.objects.boxes import Ints
from training.objects.examples import Example

# Not the dash camera: all its pictures are of one drive.
SOURCES = ("idn_tidar", "capston_person", "atl_cctv", "vehicles_closeup")
# Each such group of pictures is kept.
EVERY, FIRST = 10, 7
THUMB_PX = 16
# From this correlation of their thumbs on, two pictures are of one scene.
ALIKE = 0.95


def held_out(examples: list[Example]) -> NDArray[np.bool_]:
    """Mark the pictures that no training step may see."""
    kept = np.zeros(len(examples), bool)
    sources = np.asarray([one.source for one in examples])
    for source in SOURCES:
        mine = np.flatnonzero(sources == source)
        if mine.size:
            scenes = scenes_of([examples[index] for index in mine])
            kept[mine] = np.isin(scenes, np.unique(scenes)[FIRST::EVERY])
    return kept


def scenes_of(examples: list[Example]) -> Ints:
    """Return the scene of each picture: the number of the first picture that shows it."""
    thumbs = np.stack([_thumb(one) for one in examples])
    alike = thumbs @ thumbs.T >= ALIKE
    np.fill_diagonal(alike, val=True)
    scene = np.arange(len(examples))
    while True:
        joined = np.where(alike, scene[None], len(examples)).min(1)
        if (joined == scene).all():
            return scene
        scene = joined


def _thumb(example: Example) -> NDArray[np.float32]:
    grey = cv2.cvtColor(example.pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (THUMB_PX, THUMB_PX), interpolation=cv2.INTER_AREA)
    flat = small.astype(np.float32).ravel()
    flat -= flat.mean()
    return np.asarray(flat / (np.linalg.norm(flat) + 1e-6), np.float32)
