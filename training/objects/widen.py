"""Carry finished weights into a wider network that at first answers exactly as the narrow one did.

Old channels keep their weights and listen to no new one; new channels listen to everything and
start at random. Learning then gives them a voice (net2net, with silence in place of copies).
"""

import keras
import numpy as np

from training.objects.network import FusedNorm, street_network
from training.objects.recipe import NARROW, WIDE, TrainingError, Widths

Arrays = list[np.ndarray]
# Where each narrow channel of a map is in the wide one.
Places = np.ndarray


def widths_of(weights: Arrays) -> Widths:
    """Tell for which network of ours these weights are."""
    shapes = [one.shape for one in weights]
    for widths in (NARROW, WIDE):
        if [tuple(one.shape) for one in street_network(None, widths).weights] == shapes:
            return widths
    raise TrainingError("these weights fit no network of ours", "start from another state.npz")


def widened(weights: Arrays, narrow: Widths, wide: Widths) -> Arrays:
    """Return weights for the wide network; its answers are those of the narrow one."""
    if narrow == wide:
        return weights
    source, target = street_network(None, narrow), street_network(None, wide)
    source.set_weights(weights)
    places: dict[int, Places] = {}
    for old, new in zip(source.layers, target.layers, strict=True):
        coming = _coming(new, places)
        if isinstance(new, keras.layers.Conv2D):
            new.set_weights(_conv(old.get_weights(), new.get_weights(), coming))
            coming = np.arange(old.filters)
        elif isinstance(new, FusedNorm):
            new.set_weights(_each(old.get_weights(), new.get_weights(), coming))
        places[id(new.output)] = coming
    return [np.asarray(one) for one in target.get_weights()]


def _coming(layer: keras.layers.Layer, places: dict[int, Places]) -> Places:
    """Where the narrow channels are in what this layer is given."""
    if isinstance(layer, keras.layers.InputLayer):
        return np.arange(layer.output.shape[-1])
    if not isinstance(layer, keras.layers.Concatenate):
        first = layer.input[0] if isinstance(layer.input, list) else layer.input
        return places[id(first)]
    starts = np.cumsum([0, *(one.shape[-1] for one in layer.input)])
    parts = [places[id(one)] + start for one, start in zip(layer.input, starts, strict=False)]
    return np.concatenate(parts)


def _conv(old: Arrays, new: Arrays, coming: Places) -> Arrays:
    kernel = new[0].copy()
    channels = old[0].shape[-1]
    kernel[..., :channels] = 0.0
    kernel[:, :, coming, :channels] = old[0]
    return [kernel, *_each(old[1:], new[1:], np.arange(channels))]


def _each(old: Arrays, new: Arrays, coming: Places) -> Arrays:
    grown = [one.copy() for one in new]
    for wide, narrow in zip(grown, old, strict=True):
        wide[coming] = narrow
    return grown
