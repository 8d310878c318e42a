"""Between which numbers each map of an int8 network lies: not between the least and largest seen.

A map has 256 numbers. A leaky ReLU shrinks whatever is below zero to a tenth, and one large number in
a million is one: steps spent on either are missing elsewhere. So the ends are drawn in as long as
what is cut off does less harm than finer steps do good, as squared error. Measured: persons on
idn_tidar .799 in float, .769 by least and largest, .789 so (RESULTS.md).
"""

from itertools import product
from typing import Any

import keras
import numpy as np
import tensorflow as tf

SLOPE = 0.1
# How far an end may be drawn in: parts of the least and of the largest number seen.
DRAWN_IN = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
# Numbers of one map that choose its ends, besides each picture's least and largest: without those
# too much is cut off (idn_tidar .814, coco_tiny/train .318; with them .817 and .333).
SAMPLE = 20_000
# Steps between the 256 numbers of a byte.
STEPS_OF_A_BYTE = 255


class Held(keras.layers.Layer):  # type: ignore[misc]  # Keras ships no types
    """Passes its input on; at export, as int8 between two ends. Of two in a row the first counts.

    `slope` is what becomes of negative numbers after it. Maps of one `group` have the same ends, so
    that they can be put side by side as they are.
    """

    ends: tuple[float, float] | None = None

    def __init__(self, slope: float = 1.0, group: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.slope, self.group = slope, group

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return the input, rounded if there are ends."""
        if self.ends is None:
            return inputs
        return tf.quantization.fake_quant_with_min_max_args(inputs, *self.ends)


def hold(model: keras.Model, pictures: np.ndarray) -> None:
    """Choose the ends of every held map of the model by these pictures, [n, s, s, 3] of 0 to 1."""
    layers = [one for one in model.layers if isinstance(one, Held)]
    if not layers:
        return
    seen = keras.Model(model.inputs, [one.input for one in layers])
    random = np.random.default_rng(0)
    parts: list[list[np.ndarray]] = [[] for _ in layers]
    for picture in pictures:
        for kept, values in zip(parts, seen(picture[None], training=False), strict=True):
            flat = np.asarray(values).ravel()
            chosen = random.choice(flat, min(len(flat), SAMPLE // len(pictures)))
            kept.append(np.concatenate([chosen, [flat.min(), flat.max()]]))
    groups: dict[str, list[np.ndarray]] = {}
    for layer, kept in zip(layers, parts, strict=True):
        groups.setdefault(layer.group or layer.name, []).extend(kept)
    slopes = {layer.group or layer.name: layer.slope for layer in layers}
    ends = {name: best_ends(np.concatenate(kept), slopes[name]) for name, kept in groups.items()}
    for layer in layers:
        layer.ends = ends[layer.group or layer.name]


def best_ends(values: np.ndarray, slope: float) -> tuple[float, float]:
    """Return the ends between which 256 steps keep most of these numbers."""
    # A map that is nothing but 0 needs some width.
    least, largest = min(float(values.min()), 0.0), max(float(values.max()), 1e-3)
    pairs = [(low * least, high * largest) for low, high in product(DRAWN_IN, DRAWN_IN)]
    return min(pairs, key=lambda ends: _harm(values, slope, *ends))


def _harm(values: np.ndarray, slope: float, low: float, high: float) -> float:
    step = (high - low) / STEPS_OF_A_BYTE
    first = np.round(low / step)
    kept = np.clip(np.round(values / step), first, first + STEPS_OF_A_BYTE) * step
    apart = np.where(kept > 0, kept, slope * kept) - np.where(values > 0, values, slope * values)
    return float(np.square(apart).mean())
