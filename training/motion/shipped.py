"""The weights of a finished int8 file, so that training can go on from what is shipped."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from training.motion.network import motion_network
from training.objects.network import FusedNorm

Arrays = list[np.ndarray]


def weights_of(file: Path, samples: Sequence[np.ndarray]) -> Arrays:
    """Return the weights that make the network do what the file does, as `get_weights` has them.

    Normalisation was folded into the file's convolutions. It is unfolded again such that on these
    samples (planes, int8) it changes nothing, with statistics that are true of them: going on with
    wrong ones would undo in a hundred steps what the file knows. Raises ValueError for a file that
    is not of this network.
    """
    keras.utils.clear_session()
    network = motion_network()
    planes = np.stack(samples).astype(np.float32) / 128
    layers = [layer for layer in network.layers if layer.weights]
    convolutions = [layer for layer in layers if isinstance(layer, keras.layers.Conv2D)]
    kernels = _convolutions(file)
    if [kernel.shape for kernel, _ in kernels] != [layer.kernel.shape for layer in convolutions]:
        raise ValueError(f"{file} is not of this network")
    found = iter(kernels)
    for layer, following in pairwise([*layers, None]):
        if isinstance(layer, FusedNorm):
            continue
        kernel, bias = next(found)
        if not isinstance(following, FusedNorm):
            layer.set_weights([kernel, bias])
            continue
        layer.set_weights([kernel])
        seen = keras.Model(network.input, layer.output).predict(planes, verbose=0)
        mean, variance = seen.mean(axis=(0, 1, 2)), seen.var(axis=(0, 1, 2))
        scale = np.sqrt(variance + following.epsilon)
        following.set_weights([scale, bias + mean, mean, variance])
    return [np.asarray(one) for one in network.get_weights()]


def _convolutions(file: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return kernel (height, width, in, out) and bias of each convolution, in their order."""
    # Delegates would hide the operations that they take over.
    plain = tf.lite.experimental.OpResolverType.BUILTIN_REF
    interpreter = tf.lite.Interpreter(str(file), experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    details = {one["index"]: one for one in interpreter.get_tensor_details()}
    found = []
    for operation in interpreter._get_ops_details():  # noqa: SLF001 (there is no public way)
        if operation["op_name"] == "CONV_2D":
            _, kernel, bias = (details[index] for index in operation["inputs"])
            values = [_real(interpreter.get_tensor(one["index"]), one) for one in (kernel, bias)]
            found.append((values[0].transpose(1, 2, 3, 0), values[1]))
    return found


def _real(values: np.ndarray, detail: dict) -> np.ndarray:
    """Return what quantised values stand for; one scale for each output channel, the first axis."""
    scales = np.asarray(detail["quantization_parameters"]["scales"], np.float32)
    return values.astype(np.float32) * scales.reshape(-1, *[1] * (values.ndim - 1))
