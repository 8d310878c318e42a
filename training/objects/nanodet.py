"""NanoDet-m as a network that learns: its own layers and weights, our labels in place of eighty.

It has seen 118,000 photos of anything; ours are 3,802, most of them of streets. Weights come from
the ONNX file of its authors (RangiLyu/nanodet, Apache-2.0), where normalisations are folded already.
"""

from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf

from training.objects.detections import COCO_KINDS, COCO_TO_OURS, STEPS
from training.objects.detector import FAMILIES
from training.objects.recipe import LABELS, STRIDES, TrainingError
from training.objects.shuffle import Builder, Laid, Map, bent, held

Arrays = list[np.ndarray]
# Kernel [out, in, height, width] and bias.
Convolution = tuple[np.ndarray, np.ndarray]
FILE = "nanodet_m_320.onnx"
# Channels of the stem; half the channels and the blocks of each stage; channels of neck and heads:
# ShuffleNetV2 at width 1.0, as the authors' nanodet-m.yml has it.
STEM, STAGES, NECK = 24, ((58, 4), (116, 8), (232, 4)), 96
CONVOLUTIONS = 73
# Labels of ours that COCO has no word for, and their logit everywhere at first: one in a hundred.
UNKNOWN = sorted(set(range(len(LABELS))) - set(COCO_TO_OURS.values()))
UNKNOWN_LOGIT = -4.6


class MeanStep(keras.layers.Layer):  # type: ignore[misc]  # Keras ships no types
    """The distances that four distributions over steps mean, in strides."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Turn [n, s, s, 32] into [n, s, s, 4]."""
        shape = tf.shape(inputs)
        shares = tf.nn.softmax(tf.reshape(inputs, [shape[0], shape[1], shape[2], 4, STEPS]))
        return tf.reduce_sum(shares * tf.range(STEPS, dtype=tf.float32), -1)


def network(side_px: int | None = None, *, features: bool = False) -> keras.Model:
    """Build it for square pictures of 0 to 1; without a side, for any multiple of 32.

    Outputs: logits and distances in strides at stride 8, then 16, then 32; with `features` also
    what each head reads.
    """
    return _build(side_px, features=features)[0]


def undecoded(model: keras.Model) -> keras.Model:
    """Return the network as its file answers: scores, and eight numbers for each distance.

    Set the weights before: the order of its layers is another one.
    """
    said = [
        one
        for stride in STRIDES
        for one in (
            keras.layers.Activation("sigmoid")(model.get_layer(f"logits_{stride}").output),
            model.get_layer(f"steps_{stride}").output,
        )
    ]
    return keras.Model(model.inputs, said, name="street")


def weights(file: Path) -> Arrays:
    """Return weights of `network` from NanoDet-m's ONNX file; raises as `convolutions` does."""
    model, layers = _build(None, features=False)
    for laid, (kernel, bias) in zip(layers, _ours(convolutions(file)), strict=True):
        going = kernel[laid.going]
        if isinstance(laid.layer, keras.layers.DepthwiseConv2D):
            turned = going.transpose(2, 3, 0, 1)
        else:
            turned = going[:, laid.coming].transpose(2, 3, 1, 0)
        laid.layer.set_weights([turned.astype(np.float32), bias[laid.going].astype(np.float32)])
    return [np.asarray(one) for one in model.get_weights()]


def label_rows() -> list[int]:
    """Return which of the weights end in a row for each label."""
    paths = [one.path for one in network().weights]
    return [place for place, path in enumerate(paths) if path.startswith("logits_")]


def opinions(file: Path) -> Arrays:
    """Return kernel and bias, head by head, of what it says of COCO's eighty kinds."""
    heads = [one for one in convolutions(file) if _is_head(one)]
    return [
        part
        for kernel, bias in heads
        for part in (kernel[:COCO_KINDS].transpose(2, 3, 1, 0), bias[:COCO_KINDS])
    ]


def convolutions(file: Path) -> list[Convolution]:
    """Return every convolution, in the file's order.

    Raises TrainingError where the file is missing or not NanoDet-m.
    """
    hint = f"fetch {FILE} into the data's models/ again"
    if not file.is_file():
        raise TrainingError(f"no {file}", hint)
    try:
        # Its older engine keeps the weights of each layer where they can be read.
        net = cv2.dnn.readNetFromONNX(str(file), engine=cv2.dnn.ENGINE_CLASSIC)
    except cv2.error as error:
        raise TrainingError(f"{file} cannot be read: {error.err}", hint) from error
    layers = [net.getLayer(name) for name in net.getLayerNames()]
    blobs = [one.blobs for one in layers if one.type == "Convolution"]
    found = [(kernel, bias.ravel()) for kernel, bias in (one for one in blobs if len(one) > 1)]
    heads = [len(kernel) for kernel, _ in filter(_is_head, found)]
    if len(found) != CONVOLUTIONS or len(found[0][0]) != STEM or len(heads) != len(STRIDES):
        raise TrainingError(f"{file} is not NanoDet-m", hint)
    return found


def _build(side_px: int | None, *, features: bool) -> tuple[keras.Model, list[Laid]]:
    picture = keras.Input((side_px, side_px, 3), name="picture")
    builder, maps = Builder(), []
    x = builder.stem(picture, STEM)
    for half, blocks in STAGES:
        x = builder.stage(x, half, blocks)
        maps.append(x)
    outputs, seen = [], []
    for stride, one in zip(STRIDES, _neck(builder, maps), strict=True):
        read, said = _head(builder, one, stride)
        seen.append(read)
        outputs += said
    return keras.Model(picture, outputs + seen * features, name="nanodet"), builder.made


def _neck(builder: Builder, maps: list[Map]) -> list[Map]:
    """Mix the three maps downwards, then upwards, with nothing but sums."""
    order = np.arange(NECK)
    eight, sixteen, thirty_two = (held(builder.pointwise(one, order)).values for one in maps)

    def up(x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.layers.UpSampling2D(2, interpolation="bilinear")(x)

    def down(x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.layers.AveragePooling2D(2)(x)

    def sum_of(*maps: keras.KerasTensor) -> keras.KerasTensor:
        return held(Map(keras.layers.Add()(maps), order)).values

    sixteen = sum_of(sixteen, up(thirty_two))
    eight = sum_of(eight, up(sixteen))
    sixteen = sum_of(sixteen, down(eight))
    thirty_two = sum_of(thirty_two, down(sixteen))
    return [Map(one, order) for one in (eight, sixteen, thirty_two)]


def _head(
    builder: Builder, x: Map, stride: int
) -> tuple[keras.KerasTensor, list[keras.KerasTensor]]:
    for _ in range(2):
        x = bent(builder.pointwise(bent(builder.depthwise(x)), np.arange(NECK)))
    logits = builder.said(x, len(LABELS), f"logits_{stride}")
    steps = builder.said(x, 4 * STEPS, f"steps_{stride}")
    return x.values, [logits, MeanStep(dtype="float32")(steps)]


def _is_head(convolution: Convolution) -> bool:
    return len(convolution[0]) == COCO_KINDS + 4 * STEPS


def _ours(found: list[Convolution]) -> list[Convolution]:
    """Fold the input's normalisation into the first layer, and part labels from steps in the last.

    Its input was blue first, less a mean and in units of a scale; ours is red first, of 0 to 1.
    """
    family = FAMILIES["nanodet"]
    mean, scale = np.array(family.mean), np.array(family.scale)
    kernel, bias = found[0]
    bias = bias - kernel.sum((2, 3)) @ (mean / scale)
    kernel = (kernel * (255.0 / scale)[:, None, None])[:, ::-1]
    parted = [(kernel, bias)]
    for one in found[1:]:
        if not _is_head(one):
            parted.append(one)
            continue
        kernel, bias = one
        kinds = [
            [kind for kind, own in COCO_TO_OURS.items() if own == n] for n in range(len(LABELS))
        ]
        rows, sureness = zip(*(_row(kernel[same], bias[same]) for same in kinds), strict=True)
        parted.append((np.stack(rows), np.asarray(sureness)))
        parted.append((kernel[COCO_KINDS:], bias[COCO_KINDS:]))
    return parted


def _row(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, float]:
    """Make one label's row of a head out of those of its kinds in COCO.

    What rides is the mean of bicycle and motorcycle, as sure as the surer of them. Of garbage COCO
    knows nothing.
    """
    if not len(kernel):
        return np.zeros(kernel.shape[1:], kernel.dtype), UNKNOWN_LOGIT
    return kernel.mean(0), bias.max()
