"""From averaged weights to one full-int8 TFLite file."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from edge_agent.inference.scenery import HEIGHT_PX, PLANES, WIDTH_PX
from training.motion.network import motion_network

Planes = NDArray[np.int8]


def quantised(weights: list[np.ndarray], calibration: list[Planes]) -> bytes:
    """Convert to int8: the input is the planes as they are, the output a logit a cell."""
    keras.utils.clear_session()
    network = motion_network()
    network.set_weights(weights)
    serve = tf.function(lambda x: network(x, training=False))
    shape = tf.TensorSpec([1, HEIGHT_PX, WIDTH_PX, PLANES], tf.float32)
    frozen = convert_variables_to_constants_v2(serve.get_concrete_function(shape))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _calibration(calibration)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def _calibration(planes: list[Planes]) -> Iterator[list[np.ndarray]]:
    for each in planes:
        # The two ends pin the input's scale to exactly 1/128 and its zero to 0.
        pinned = each.copy()
        pinned[0, 0], pinned[0, 1] = -128, 127
        yield [pinned[None].astype(np.float32) / 128]
