"""From averaged weights to one full-int8 TFLite file.

Every tensor is int8 (biases int32), the input is the pixel minus 128, and each output keeps a scale of
its own. Normalisations, where the network has some, are folded into the convolutions by the converter.
"""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from training.objects import designs, nanodet
from training.objects.augmentation import CAMERA_WIDTH_PX, CROPPED
from training.objects.boxes import Pixels, letterbox
from training.objects.detections import STEPS
from training.objects.examples import Example
from training.objects.ranges import hold
from training.objects.recipe import LABELS, STRIDES, Recipe, TrainingError

CALIBRATION_PICTURES = 300
# Of these, as many choose the ends of the maps: each is run in floats, map by map, and a sample is kept.
HELD_PICTURES = 64


def float_network(weights: list[np.ndarray], side_px: int | None = None) -> keras.Model:
    """Build the float32 network for use: distances end in a ReLU, never below zero."""
    keras.mixed_precision.set_global_policy("float32")
    widths = designs.widths_of(weights)
    network = designs.network(widths, side_px)
    network.set_weights(weights)
    if widths is None:
        return network
    outputs = [
        keras.layers.ReLU(name=f"reach_{index}")(one) if index % 2 else one
        for index, one in enumerate(network.outputs)
    ]
    return keras.Model(network.inputs, outputs, name="street")


def quantised(weights: list[np.ndarray], pictures: list[Pixels], side_px: int) -> bytes:
    """Convert to int8, with the ranges that these pictures show."""
    # Layers are numbered per process; counting anew makes the file the same whenever it is made.
    keras.utils.clear_session()
    model = _told(weights, side_px)
    hold(model, np.concatenate([*_calibration(pictures[:HELD_PICTURES], side_px)]))
    serve = tf.function(lambda x: tuple(model(x, training=False)))
    concrete = serve.get_concrete_function(tf.TensorSpec([1, side_px, side_px, 3], tf.float32))
    frozen = convert_variables_to_constants_v2(concrete)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([one] for one in _calibration(pictures, side_px))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def _told(weights: list[np.ndarray], side_px: int) -> keras.Model:
    """Return the network as its file answers, which the agent's decoders know."""
    model = float_network(weights, side_px)
    return nanodet.undecoded(model) if designs.widths_of(weights) is None else model


def calibration_pictures(examples: list[Example], recipe: Recipe) -> list[Pixels]:
    """Choose training pictures, each whole or as the square crop the agent would cut."""
    random = np.random.default_rng(recipe.seed)
    chosen = random.choice(len(examples), CALIBRATION_PICTURES, replace=False)
    return [_sometimes_cropped(examples[index].pixels, random) for index in chosen]


def check(file: Path, side_px: int) -> None:
    """Refuse a file that is not what the agent's decoder expects."""
    interpreter = tf.lite.Interpreter(str(file))
    interpreter.allocate_tensors()
    ends = interpreter.get_input_details() + interpreter.get_output_details()
    shapes = {tuple(one["shape"]) for one in ends[1:]}
    sides = [side_px // stride for stride in STRIDES]
    edges = 4 if (1, sides[0], sides[0], 4) in shapes else 4 * STEPS
    expected = {(1, side, side, depth) for side in sides for depth in (len(LABELS), edges)}
    loose = {one["name"] for one in interpreter.get_tensor_details() if one["dtype"] == np.float32}
    step, zero = ends[0]["quantization"]
    pixel_input = zero == np.iinfo(np.int8).min and np.isclose(step * 255, 1.0, atol=0.01)
    whole = all(one["dtype"] == np.int8 for one in ends)
    if shapes != expected or loose or not whole or not pixel_input:
        raise TrainingError(
            f"{file.name} is not full int8: outputs {sorted(shapes)}, float tensors {sorted(loose)},"
            f" input scale {step} zero point {zero}",
            "look for an operation of the network that the converter left in float",
        )


def _calibration(pictures: list[Pixels], side_px: int) -> Iterator[np.ndarray]:
    # One black and one white pixel pin the input to exactly 0..1, so that int8 is pixel - 128.
    for picture in pictures:
        canvas, _ = letterbox(picture, side_px, side_px)
        canvas[0, :2] = [[0, 0, 0], [255, 255, 255]]
        yield canvas[None].astype(np.float32) / 255


def _sometimes_cropped(pixels: Pixels, random: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    if width <= CAMERA_WIDTH_PX or random.random() > CROPPED:
        return pixels
    side = int(random.integers(160, min(height, width)))
    top, left = random.integers(0, height - side + 1), random.integers(0, width - side + 1)
    return np.ascontiguousarray(pixels[top : top + side, left : left + side])
