"""Carry a shipped int8 file back into weights that a run can go on from.

The converter folded each normalisation into its convolution; here it gets a normalisation again that
changes nothing but lets learning go on. What rounding to int8 took is gone: about a third of a percent
of each channel.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from training.objects.boxes import Pixels
from training.objects.export import quantised
from training.objects.network import FusedNorm, street_network
from training.objects.recipe import TrainingError, Widths

Arrays = list[np.ndarray]


def unfolded(file: Path, widths: Widths, pictures: list[Pixels]) -> Arrays:
    """Return weights of the network that answer as the file does; square pictures of one size.

    Raises TrainingError where the file was made of another network.
    """
    side_px = pictures[0].shape[0]
    order = _order(widths, side_px)
    found = _convolutions(file)
    network = street_network(None, widths)
    layers = [one for one in network.layers if isinstance(one, keras.layers.Conv2D)]
    shapes = [kernel.shape for kernel, _ in found]
    if len(found) != len(layers) or [layers[n].kernel.shape for n in order] != shapes:
        raise TrainingError(f"{file} is not of this network", "name another file with --from")
    norms = {id(one.input): one for one in network.layers if isinstance(one, FusedNorm)}
    for number, (kernel, bias) in zip(order, found, strict=True):
        layer = layers[number]
        norm = norms.get(id(layer.output))
        if norm is None:
            layer.set_weights([kernel, bias])
            continue
        layer.set_weights([kernel])
        _set(norm, np.zeros_like(bias), np.ones_like(bias) - norm.epsilon, bias)
    _measure(network, layers, norms, pictures)
    return [np.asarray(one) for one in network.get_weights()]


def _measure(
    network: keras.Model,
    layers: list[keras.layers.Layer],
    norms: dict[int, FusedNorm],
    pictures: list[Pixels],
) -> None:
    """Give each normalisation the mean and variance that it will meet, at the same answers."""
    normed = [one for one in layers if id(one.output) in norms]
    seen = keras.Model(network.input, [one.output for one in normed])
    maps = seen(np.stack(pictures).astype(np.float32) / 255, training=False)
    for layer, values in zip(normed, maps, strict=True):
        norm = norms[id(layer.output)]
        bias = np.asarray(norm.beta)
        mean, variance = (np.asarray(one) for one in tf.nn.moments(values, [0, 1, 2]))
        _set(norm, mean, variance, bias + mean)


def _set(norm: FusedNorm, mean: np.ndarray, variance: np.ndarray, beta: np.ndarray) -> None:
    norm.set_weights([np.sqrt(variance + norm.epsilon), beta, mean, variance])


def _order(widths: Widths, side_px: int) -> list[int]:
    """Return which layer each convolution of a converted file is, in the file's order.

    Found by converting a network of random weights and looking where each kernel went.
    """
    network = street_network(None, widths)
    random = np.random.default_rng(1)
    layers = [one for one in network.layers if isinstance(one, keras.layers.Conv2D)]
    for layer in layers:
        first, *rest = layer.get_weights()
        layer.set_weights([random.normal(0, 0.05, first.shape).astype(np.float32), *rest])
    kernels = [np.asarray(one.kernel) for one in layers]
    grey = [random.integers(0, 255, (side_px, side_px, 3)).astype(np.uint8) for _ in range(2)]
    model = quantised(network.get_weights(), grey, side_px)
    return [_same(kernel, kernels) for kernel, _ in _convolutions(model)]


def _same(kernel: np.ndarray, kernels: Arrays) -> int:
    alike = [
        float(np.corrcoef(kernel.ravel(), one.ravel())[0, 1]) if one.shape == kernel.shape else -1
        for one in kernels
    ]
    return int(np.argmax(alike))


def _convolutions(model: Path | bytes) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return kernel, as Keras lays it, and bias of each convolution, in the order of the file."""
    source = {"model_content": model} if isinstance(model, bytes) else {"model_path": str(model)}
    resolver = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = tf.lite.Interpreter(**source, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    details = {one["index"]: one for one in interpreter.get_tensor_details()}

    def real(index: int, axis: int) -> np.ndarray:
        quantised_by = details[index]["quantization_parameters"]
        raw = interpreter.get_tensor(index).astype(np.float64)
        shape = [1] * raw.ndim
        shape[axis] = -1
        return np.asarray(raw * quantised_by["scales"].reshape(shape), np.float32)

    # The one way to the graph's order that this interpreter has.
    steps = interpreter._get_ops_details()  # noqa: SLF001 (as above)
    return [
        (real(step["inputs"][1], 0).transpose(1, 2, 3, 0), real(step["inputs"][2], 0))
        for step in steps
        if step["op_name"] == "CONV_2D"
    ]
