"""Tripods, signs and cones that the teachers take for people.

Where people only pass, whatever keeps its place for long is a thing: measured on vtest.avi, where
a signpost was a person in 198 of 199 frames and a tripod in 170.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.objects.boxes import overlap
from training.objects.labels import PERSON, Truth

# The same place: a walking person leaves it within a second.
SAME_PLACE = 0.6
# In this part of the frames it is a thing; in a smaller part only if it never convinced.
LASTING, LINGERING = 0.4, 0.15
CONVINCING = 0.3


def without_fixtures(truths: list[Truth]) -> list[Truth]:
    """Take away the people who never move from the frames of one clip."""
    things = _things(truths)
    return [_without(truth, things) for truth in truths]


def _things(truths: list[Truth]) -> NDArray[np.float32]:
    people = [truth.boxes[truth.labels == PERSON] for truth in truths]
    frame = np.repeat(np.arange(len(truths)), [len(one) for one in people])
    boxes = np.concatenate(people)
    weights = np.concatenate([truth.weights[truth.labels == PERSON] for truth in truths])
    same = overlap(boxes, boxes) > SAME_PLACE
    share = np.asarray([len(np.unique(frame[row])) for row in same]) / len(truths)
    mean = np.asarray([weights[row].mean() for row in same])
    lasting = (share > LASTING) | ((share > LINGERING) & (mean < CONVINCING))
    return np.asarray(boxes[lasting], np.float32)


def _without(truth: Truth, things: NDArray[np.float32]) -> Truth:
    if not len(things):
        return truth
    thing = (truth.labels == PERSON) & (overlap(truth.boxes, things) > SAME_PLACE).any(1)
    return replace(
        truth,
        boxes=truth.boxes[~thing],
        labels=truth.labels[~thing],
        weights=truth.weights[~thing],
    )
