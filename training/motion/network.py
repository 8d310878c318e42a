"""The motion network: patches of four pixels, one stride down to cells of eight, one look at the whole.

Four planes side by side are too thin for the int8 kernels, which work on many channels at once: a first
layer of 3x3 on them took 0.6 of 0.8 ms. So each patch of 4x4 pixels becomes 64 channels, at no cost.

The mean of all cells is added to each: a shaken, rained-on or noisy picture is recognised as such
everywhere, and a cell asks for more before it speaks.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from edge_agent.inference.scenery import HEIGHT_PX, PLANES, WIDTH_PX
from training.objects.network import FusedNorm

PATCH_PX, PATCH_CHANNELS, WIDTH = 4, 32, 32
# A cell holds a moving thing about once in fifty.
PRIOR_LOGIT = -4.0


def motion_network() -> keras.Model:
    """Return the network: planes as shares of 128 in, one logit a cell out, (rows, columns, 1)."""
    picture = keras.Input((HEIGHT_PX, WIDTH_PX, PLANES), name="planes")
    features = _conv(Patches()(picture), PATCH_CHANNELS, kernel=1)
    features = _conv(features, WIDTH, strides=2)
    for dilation in (1, 2, 1):
        features = _conv(features, WIDTH, dilation=dilation)
    whole = keras.layers.GlobalAveragePooling2D(keepdims=True)(features)
    whole = keras.layers.Conv2D(WIDTH, 1, activation="relu")(whole)
    features = keras.layers.Add()([features, keras.layers.Conv2D(WIDTH, 1)(whole)])
    features = _conv(features, WIDTH)
    prior = keras.initializers.Constant(PRIOR_LOGIT)
    logits = keras.layers.Conv2D(1, 1, bias_initializer=prior, name="cells")(features)
    return keras.Model(picture, logits, name="motion")


@keras.saving.register_keras_serializable("edge_agent")
class Patches(keras.layers.Layer):  # type: ignore[misc]  # Keras ships no types
    """Lay the pixels of each patch behind one another: (45, 80, 64)."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return the patches."""
        return tf.nn.space_to_depth(inputs, PATCH_PX)


def _conv(
    features: tf.Tensor, width: int, *, kernel: int = 3, strides: int = 1, dilation: int = 1
) -> tf.Tensor:
    features = keras.layers.Conv2D(
        width, kernel, strides, "same", dilation_rate=dilation, use_bias=False
    )(features)
    return keras.layers.ReLU(6.0)(FusedNorm()(features))
