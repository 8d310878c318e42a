"""From averaged weights to one full-int8 TFLite file, its cells between 0 and 1."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from training.motion.network import motion_network
from training.motion.world import HEIGHT_PX, WIDTH_PX

Planes = NDArray[np.uint8]


def quantised(weights: list[np.ndarray], calibration: list[Planes]) -> bytes:
    """Convert to int8: the input is the byte minus 128, the output a chance in 1/256."""
    keras.utils.clear_session()
    network = motion_network()
    network.set_weights(weights)
    serve = tf.function(lambda x: tf.nn.sigmoid(network(x, training=False)))
    shape = tf.TensorSpec([1, HEIGHT_PX, WIDTH_PX, 3], tf.float32)
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
        # A black and a white byte pin the input to exactly 0..1, so that int8 is the byte - 128.
        pinned = each.copy()
        pinned[0, 0], pinned[0, 1] = 0, 255
        yield [pinned[None].astype(np.float32) / 255]
