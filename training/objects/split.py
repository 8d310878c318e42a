"""Pictures of the training sets that are kept from training, to choose by.

Test sets judge what was chosen and may not choose. Pictures that resemble each other stay together,
so that the kept ones are not old acquaintances.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.objects.boxes import Ints, Pixels
from training.objects.examples import Example

# Not the dash camera: all its pictures are of one drive.
# Of how many groups of pictures one is kept; of rubbish there are so few that a tenth says nothing.
SOURCES = {
    "idn_tidar": 10,
    "capston_person": 10,
    "atl_cctv": 10,
    "vehicles_closeup": 10,
    "garbage": 4,
}
# Which one of the first so many.
FIRST = 7
THUMB_PX = 16
# From this correlation of their thumbs on, two pictures are of one scene.
ALIKE = 0.95


def held_out(examples: list[Example]) -> NDArray[np.bool_]:
    """Mark the pictures that no training step may see."""
    kept = np.zeros(len(examples), bool)
    sources = np.asarray([one.source for one in examples])
    for source, every in SOURCES.items():
        mine = np.flatnonzero(sources == source)
        if mine.size:
            kept[mine] = apart([examples[index].pixels for index in mine], every)
    return kept


def apart(pictures: list[Pixels], every: int) -> NDArray[np.bool_]:
    """Mark one scene of so many, with all its pictures (RGB)."""
    scenes = scenes_of(pictures)
    return np.isin(scenes, np.unique(scenes)[FIRST % every :: every])


def scenes_of(pictures: list[Pixels]) -> Ints:
    """Return the scene of each picture: the number of the first picture that shows it."""
    thumbs = np.stack([_thumb(one) for one in pictures])
    alike = thumbs @ thumbs.T >= ALIKE
    np.fill_diagonal(alike, val=True)
    scene = np.arange(len(pictures))
    while True:
        joined = np.where(alike, scene[None], len(pictures)).min(1)
        if (joined == scene).all():
            return scene
        scene = joined


def _thumb(picture: Pixels) -> NDArray[np.float32]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (THUMB_PX, THUMB_PX), interpolation=cv2.INTER_AREA)
    flat = small.astype(np.float32).ravel()
    flat -= flat.mean()
    return np.asarray(flat / (np.linalg.norm(flat) + 1e-6), np.float32)
