"""NanoDet-m's backbone: two branches whose channels are shuffled after every block, without shuffling.

Transposing the channels after each of the sixteen blocks is a quarter of an int8 look's time. So
each block lays its channels out in the order in which they are read (ShuffleNetV2: arXiv
1807.11164, figure 3).
"""

from dataclasses import dataclass, field

import keras
import numpy as np
from numpy.typing import NDArray

from training.objects.ranges import SLOPE, Held
from training.objects.routes import Numbers, routes


@dataclass(frozen=True, slots=True)
class Map:
    """A feature map, and which channel of NanoDet-m each of its channels is."""

    values: keras.KerasTensor
    channels: Numbers


@dataclass(frozen=True, slots=True)
class Laid:
    """A convolution, and which channels of NanoDet-m come in and go out, in this order."""

    layer: keras.layers.Layer
    coming: Numbers
    going: Numbers


@dataclass(slots=True)
class Builder:
    """Makes layers, and remembers them in NanoDet-m's order."""

    made: list[Laid] = field(default_factory=list)

    def pointwise(self, x: Map, order: Numbers) -> Map:
        """Mix channels; what goes out is laid out in this order."""
        layer = keras.layers.Conv2D(len(order), 1)
        self.made.append(Laid(layer, x.channels, order))
        return Map(layer(x.values), order)

    def said(self, x: Map, channels: int, name: str) -> keras.KerasTensor:
        """Mix channels into an output, in float32 also where the network learns in bfloat16."""
        layer = keras.layers.Conv2D(channels, 1, name=name, dtype="float32")
        self.made.append(Laid(layer, x.channels, np.arange(channels)))
        return layer(x.values)

    def depthwise(self, x: Map, stride: int = 1) -> Map:
        """Filter each channel; at a stride of two the first row and column stand alone."""
        values, padding = x.values, "same"
        if stride > 1:
            values, padding = keras.layers.ZeroPadding2D(((1, 0), (1, 0)))(values), "valid"
        layer = keras.layers.DepthwiseConv2D(3, stride, padding)
        self.made.append(Laid(layer, x.channels, x.channels))
        return Map(layer(values), x.channels)

    def stem(self, picture: keras.KerasTensor, channels: int) -> Map:
        """Look at the picture: a convolution and a pooling, both at a stride of two."""
        padded = keras.layers.ZeroPadding2D(((1, 0), (1, 0)))(picture)
        layer, order = keras.layers.Conv2D(channels, 3, 2, "valid"), np.arange(channels)
        self.made.append(Laid(layer, np.arange(3), order))
        seen = keras.layers.ZeroPadding2D(((1, 0), (1, 0)))(bent(Map(layer(padded), order)).values)
        return Map(keras.layers.MaxPooling2D(3, 2, "valid")(seen), order)

    def stage(self, x: Map, half: int, blocks: int) -> Map:
        """Halve the map and go through that many blocks of twice `half` channels."""
        orders, reads, last = routes(half, blocks)
        # What each block reads, as soon as it is made; the last waits for the stage's end.
        waiting: list[list[Map]] = [[] for _ in range(blocks + 1)]
        group = f"stage_{half}"

        def branch(read: Map, maker: int, stride: int, *, mixed: bool) -> None:
            first = bent(self.pointwise(read, np.arange(half))) if mixed else read
            order, readers = orders[maker]
            filtered = held(self.depthwise(first, stride))
            made = held(bent(self.pointwise(filtered, order)), group)
            for reader in np.unique(readers):
                waiting[reader].append(_part(made, readers == reader, maker * half))

        branch(x, 0, 2, mixed=False)
        branch(x, 1, 2, mixed=True)
        for number in range(1, blocks):
            read = _renumbered(held(joined(waiting[number]), group), reads[number])
            branch(read, number + 1, 1, mixed=True)
        return _renumbered(held(joined(waiting[blocks]), group), last)


def joined(maps: list[Map]) -> Map:
    """Put maps side by side."""
    if len(maps) == 1:
        return maps[0]
    values = keras.layers.Concatenate()([one.values for one in maps])
    return Map(values, np.concatenate([one.channels for one in maps]))


def held(x: Map, group: str = "") -> Map:
    """Let the export choose between which ends the map is int8."""
    return Map(Held(group=group)(x.values), x.channels)


def bent(x: Map) -> Map:
    """Pass the map through the network's leaky ReLU."""
    return Map(keras.layers.LeakyReLU(negative_slope=SLOPE)(Held(SLOPE)(x.values)), x.channels)


def _part(x: Map, chosen: NDArray[np.bool_], start: int) -> Map:
    """Take channels that lie side by side; from here on they are counted from `start`."""
    places = np.flatnonzero(chosen)
    values = x.values
    if len(places) < len(chosen):
        values = values[..., int(places[0]) : int(places[-1]) + 1]
    return Map(values, x.channels[places] + start)


def _renumbered(x: Map, order: Numbers) -> Map:
    """Call the channels by their place among those of NanoDet-m's map."""
    place = {int(channel): index for index, channel in enumerate(order)}
    return Map(x.values, np.asarray([place[int(one)] for one in x.channels]))
