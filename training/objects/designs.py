"""The two networks there are: NanoDet-m's layers with its weights, and one of our own from nothing."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import keras
import numpy as np

from training.objects import nanodet
from training.objects.detections import COCO_KINDS
from training.objects.network import echo_network, street_network
from training.objects.recipe import TrainingError, Widths

Arrays = list[np.ndarray]


@dataclass(frozen=True, slots=True)
class Start:
    """What a run begins with: weights of the network and of the echo; None for random ones."""

    weights: Arrays | None = None
    echo: Arrays | None = None


NOTHING = Start()


def network(
    widths: Widths | None, side_px: int | None = None, *, features: bool = False
) -> keras.Model:
    """Build the network of these widths, or NanoDet-m's."""
    if widths is None:
        return nanodet.network(side_px, features=features)
    return street_network(side_px, widths, features=features)


def echo(widths: Widths | None) -> keras.Model:
    """Build the layers that repeat the teacher from what this network's heads read."""
    return echo_network(nanodet.NECK if widths is None else widths.head, COCO_KINDS)


def lent(widths: Widths | None, models: Path) -> Start:
    """Return what this network begins with; `models` is the folder of the public models."""
    if widths is not None:
        return NOTHING
    file = models / nanodet.FILE
    return Start(nanodet.weights(file), nanodet.opinions(file))


def widths_of(weights: Arrays) -> Widths | None:
    """Tell for which of the networks these weights are."""
    shapes = [tuple(one.shape) for one in weights]
    for widths in (None, Widths()):
        if _shapes(widths) == shapes:
            return widths
    raise TrainingError("these weights fit no network of ours", "start from another state.npz")


def mixed(weights: Arrays, share: float, models: Path) -> Arrays:
    """Mix this share of the weights that the run began with into the trained ones.

    About labels that the loan never knew it says nothing: mixed in, it would only make them shy.
    """
    if widths_of(weights) is not None:
        return weights
    first = nanodet.weights(models / nanodet.FILE)
    both = [share * old + (1 - share) * new for old, new in zip(first, weights, strict=True)]
    for place in nanodet.label_rows():
        both[place][..., nanodet.UNKNOWN] = weights[place][..., nanodet.UNKNOWN]
    return both


@cache
def _shapes(widths: Widths | None) -> list[tuple[int, ...]]:
    return [tuple(one.shape) for one in network(widths).weights]
