"""The street network: dense convolutions, three strides, two plain outputs per stride.

Dense 3x3 convolutions and not inverted residuals: in bf16 on a CPU they train faster, and in int8
they run no slower. Nothing is decoded in the graph, so every output keeps a scale of its own.
"""

import math

import keras
import tensorflow as tf

from training.objects.recipe import LABELS, STRIDES, Widths

# A cell holds an object of one given class about once in a hundred: start there, not at a half.
PRIOR = 0.01


@keras.saving.register_keras_serializable("edge_agent")
class FusedNorm(keras.layers.Layer):  # type: ignore[misc]  # Keras ships no types
    """Batch normalisation by TensorFlow's fused kernel.

    Keras 3 spells it out in float32 elementwise steps.
    """

    momentum = 0.97
    epsilon = 1e-3

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create scale, offset and the two running statistics."""
        channels = (input_shape[-1],)
        options = {"shape": channels, "dtype": "float32", "autocast": False}
        add = self.add_weight
        self.gamma = add(name="gamma", initializer="ones", **options)
        self.beta = add(name="beta", initializer="zeros", **options)
        self.mean = add(name="mean", initializer="zeros", trainable=False, **options)
        self.variance = add(name="variance", initializer="ones", trainable=False, **options)

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:  # noqa: FBT001 (Keras' signature)
        """Normalise by the batch while training, by the running statistics otherwise."""
        gamma, beta = tf.convert_to_tensor(self.gamma), tf.convert_to_tensor(self.beta)
        mean, variance = tf.convert_to_tensor(self.mean), tf.convert_to_tensor(self.variance)
        if not training:
            scale = gamma * tf.math.rsqrt(variance + self.epsilon)
            offset = beta - mean * scale
            return inputs * tf.cast(scale, inputs.dtype) + tf.cast(offset, inputs.dtype)
        result = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=gamma,
            offset=beta,
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            is_training=True,
        )
        self.mean.assign(self.mean * self.momentum + result.batch_mean * (1 - self.momentum))
        self.variance.assign(
            self.variance * self.momentum + result.batch_variance * (1 - self.momentum)
        )
        return result.y


def conv(
    x: keras.KerasTensor, channels: int, kernel: int = 3, stride: int = 1
) -> keras.KerasTensor:
    """Convolution, normalisation, ReLU6 (its fixed range suits int8)."""
    x = keras.layers.Conv2D(channels, kernel, stride, "same", use_bias=False)(x)
    return keras.layers.ReLU(6.0)(FusedNorm()(x))


def cross_stage(x: keras.KerasTensor, channels: int, depth: int) -> keras.KerasTensor:
    """Half the channels go through `depth` residual pairs, half go straight on."""
    half = channels // 2
    short, deep = conv(x, half, 1), conv(x, half, 1)
    for _ in range(depth):
        deep = keras.layers.Add()([deep, conv(conv(deep, half), half)])
    return conv(keras.layers.Concatenate()([deep, short]), channels, 1)


def pooled(x: keras.KerasTensor, channels: int) -> keras.KerasTensor:
    """Let a cell of the coarsest map see the whole picture (SPPF)."""
    x = conv(x, channels // 2, 1)
    near = keras.layers.MaxPooling2D(5, 1, "same")(x)
    far = keras.layers.MaxPooling2D(5, 1, "same")(near)
    return conv(keras.layers.Concatenate()([x, near, far]), channels, 1)


def backbone(x: keras.KerasTensor, widths: Widths) -> list[keras.KerasTensor]:
    """Return the feature maps at strides 8, 16 and 32."""
    x = conv(x, widths.stem, stride=2)
    x = cross_stage(conv(x, widths.four, stride=2), widths.four, 1)
    eight = cross_stage(conv(x, widths.eight, stride=2), widths.eight, 2)
    sixteen = cross_stage(conv(eight, widths.sixteen, stride=2), widths.sixteen, 2)
    last = widths.thirty_two
    thirty_two = cross_stage(conv(sixteen, last, stride=2), last, 1)
    return [eight, sixteen, pooled(thirty_two, last)]


def neck(maps: list[keras.KerasTensor], channels: int) -> list[keras.KerasTensor]:
    """Mix the three maps downwards, then upwards (a PAN with sums in place of concatenations)."""
    eight, sixteen, thirty_two = (conv(one, channels, 1) for one in maps)
    sixteen = conv(summed(sixteen, doubled(thirty_two)), channels)
    eight = conv(summed(eight, doubled(sixteen)), channels)
    sixteen = conv(summed(sixteen, conv(eight, channels, stride=2)), channels)
    thirty_two = conv(summed(thirty_two, conv(sixteen, channels, stride=2)), channels)
    return [eight, sixteen, thirty_two]


def summed(first: keras.KerasTensor, second: keras.KerasTensor) -> keras.KerasTensor:
    """Add two maps of one size."""
    return keras.layers.Add()([first, second])


def doubled(x: keras.KerasTensor) -> keras.KerasTensor:
    """Repeat each cell twice in both directions."""
    return keras.layers.UpSampling2D(2, interpolation="nearest")(x)


def head(x: keras.KerasTensor, stride: int) -> list[keras.KerasTensor]:
    """Class logits and the four distances, in strides, of each cell."""
    logits = keras.layers.Conv2D(
        len(LABELS),
        1,
        name=f"logits_{stride}",
        dtype="float32",
        bias_initializer=keras.initializers.Constant(-math.log((1 - PRIOR) / PRIOR)),
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
    )(x)
    distances = keras.layers.Conv2D(
        4,
        1,
        name=f"distances_{stride}",
        dtype="float32",
        bias_initializer=keras.initializers.Constant(2.0),
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
    )(x)
    return [logits, distances]


def street_network(side_px: int | None, widths: Widths, *, features: bool = False) -> keras.Model:
    """Build the network for square pictures; without a side, for any multiple of 32.

    Outputs: logits and distances at stride 8, then 16, then 32; with `features` also the maps that
    each head reads, at the end.
    """
    picture = keras.Input((side_px, side_px, 3), name="picture")
    maps = neck(backbone(picture, widths), widths.neck)
    seen = [conv(x, widths.head) for x in maps]
    outputs = [one for stride, x in zip(STRIDES, seen, strict=True) for one in head(x, stride)]
    return keras.Model(picture, outputs + seen * features, name="street")


def echo_network(channels: int, kinds: int) -> keras.Model:
    """Build the layers that repeat a teacher's opinion from what our heads read; never shipped."""
    seen = [keras.Input((None, None, channels)) for _ in STRIDES]
    bias = keras.initializers.Constant(-math.log((1 - PRIOR) / PRIOR))
    said = [keras.layers.Conv2D(kinds, 1, dtype="float32", bias_initializer=bias)(x) for x in seen]
    return keras.Model(seen, said, name="echo")
