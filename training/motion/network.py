"""The motion network: three strides down to cells of eight pixels, and one look at the whole.

The mean of all cells is added to each: a shaken, rained-on or noisy picture is recognised as such
everywhere, and a cell asks for more before it speaks.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from edge_agent.inference.scenery import HEIGHT_PX, PLANES, WIDTH_PX
from training.objects.network import FusedNorm

WIDTHS = (16, 24, 32)
# A cell holds a moving thing about once in fifty.
PRIOR_LOGIT = -4.0


def motion_network() -> keras.Model:
    """Return the network: planes as shares of 128 in, one logit a cell out, (rows, columns, 1)."""
    picture = keras.Input((HEIGHT_PX, WIDTH_PX, PLANES), name="planes")
    features = picture
    for width in WIDTHS:
        features = _conv(features, width, strides=2)
    features = _conv(features, WIDTHS[-1])
    features = _conv(features, WIDTHS[-1], dilation=2)
    whole = keras.layers.GlobalAveragePooling2D(keepdims=True)(features)
    whole = keras.layers.Conv2D(WIDTHS[-1], 1, activation="relu")(whole)
    features = keras.layers.Add()([features, keras.layers.Conv2D(WIDTHS[-1], 1)(whole)])
    features = _conv(features, WIDTHS[-1])
    prior = keras.initializers.Constant(PRIOR_LOGIT)
    logits = keras.layers.Conv2D(1, 1, bias_initializer=prior, name="cells")(features)
    return keras.Model(picture, logits, name="motion")


def _conv(features: tf.Tensor, width: int, *, strides: int = 1, dilation: int = 1) -> tf.Tensor:
    features = keras.layers.Conv2D(
        width, 3, strides, "same", dilation_rate=dilation, use_bias=False
    )(features)
    return keras.layers.ReLU(6.0)(FusedNorm()(features))
