"""What every detector family has in common when its numbers become boxes.

Scores are compared before any box is computed: of two thousand cells a handful survive. And the
cells of all strides are one list, because every call of numpy costs a microsecond or two, however
little it does: decoding three strides one by one took two to three times as long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.sighting import Label
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.slots import Raw, Reals, Slot

# A label travels through numpy as its place in this tuple.
LABELS = tuple(Label)
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes before suppression: (n, 4) left, top, right, bottom in pixels of the input."""

    boxes: Reals
    scores: Reals
    # Places in LABELS.
    labels: Places


class Decoder(Protocol):
    """Turns the raw outputs of one network, in the order of its slots, into candidates."""

    def decode(self, outputs: Sequence[Raw]) -> Candidates:
        """Return everything that reaches its score."""


class Wanted:
    """The classes of a network that we have a word for, and the score that each must reach."""

    def __init__(self, card: ModelCard) -> None:
        named = [(column, label) for column, label in enumerate(card.labels) if label is not None]
        self.columns: Places = np.array([column for column, _ in named], np.intp)
        self.labels: Places = np.array([LABELS.index(label) for _, label in named], np.intp)
        scores = [card.label_scores.get(label, card.score) for _, label in named]
        self.scores: Reals = np.array(scores, np.float32)
        self._are_all = len(named) == len(card.labels)

    def of(self, classes: Raw) -> Raw:
        """Return the wanted columns, in the order of `labels`, row after row in memory."""
        return classes if self._are_all else classes.take(self.columns, axis=1)

    @property
    def lowest(self) -> Reals:
        """The lowest of the scores, as an array of one."""
        lowest: Reals = self.scores.min(keepdims=True)
        return lowest


@dataclass(frozen=True, slots=True)
class Level:
    """The outputs of one stride: `places` are theirs among all outputs, in the order asked for."""

    stride: int
    columns: int
    rows: int
    places: tuple[int, ...]

    def corners(self) -> Reals:
        """Return the x and y index of all cells, (n, 2); they are counted row by row."""
        cells = np.arange(self.rows * self.columns)
        return np.stack((cells % self.columns, cells // self.columns), axis=1).astype(np.float32)


class Cells:
    """The cells of all strides of a network as one list, finest stride first as in the card.

    A network has outputs of several depths at each stride; `depth` is a place in the tuple that
    they were asked for with. Raises EdgeAgentError where the network's outputs do not fit.
    """

    def __init__(self, card: ModelCard, slots: Sequence[Slot], depths: Sequence[int]) -> None:
        levels = find_levels(card, slots, depths)
        self._sizes = [level.rows * level.columns for level in levels]
        self._places = [[level.places[depth] for level in levels] for depth in range(len(depths))]
        self._slots = [[slots[place] for place in places] for places in self._places]
        self._zeros = [self._each([one.zero for one in same]) for same in self._slots]
        # A network that speaks in real numbers has scale 0; taking them once changes nothing.
        self._scales = [self._each([one.scale or 1.0 for one in same]) for same in self._slots]
        # Both (n, 1) or (n, 2): what a cell's numbers are counted from, and in.
        self.corners: Reals = np.concatenate([level.corners() for level in levels])
        self.strides: Reals = self._each([level.stride for level in levels])

    def raw(self, outputs: Sequence[Raw], depth: int) -> Raw:
        """Return the raw outputs of one depth, a row for each cell."""
        parts = [outputs[place] for place in self._places[depth]]
        parts = [part.reshape(-1, part.shape[-1]) for part in parts]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def real(self, raw: Raw, depth: int, cells: Places) -> Reals:
        """Return what the raw rows (n, …) of these cells mean."""
        values = raw.astype(np.float32)
        values -= self._zeros[depth][cells]
        values *= self._scales[depth][cells]
        return values

    def least_raw(self, real: Reals, depth: int) -> Raw:
        """Return the smallest raw numbers that mean at least these, a row of them for each cell."""
        rows = [slot.least_raw(real) for slot in self._slots[depth]]
        least = np.repeat(np.stack(rows), self._sizes, axis=0)
        dtype = self._slots[depth][0].dtype
        # Bytes with bytes: 0.5 us against 3 us for wider limits; those out of their reach stay so.
        fits = all(slot.dtype == dtype for slot in self._slots[depth])
        return least.astype(dtype) if fits and (least == least.astype(dtype)).all() else least

    def _each(self, values: Sequence[float]) -> Reals:
        """Return one value per level as one row per cell."""
        return np.repeat(np.array(values, np.float32), self._sizes)[:, None]


def find_levels(card: ModelCard, slots: Sequence[Slot], depths: Sequence[int]) -> list[Level]:
    """Tell the outputs of a network apart by shape: one of each depth at each stride.

    Raises EdgeAgentError where an output is missing, left over, or cannot be told from another.
    """
    if len(set(depths)) < len(depths):
        raise _misfit(card, slots, f"with {len(card.labels)} classes two of them look the same")
    shapes = [slot.shape for slot in slots]
    wanted = [_shape(card, stride, depth) for stride in card.strides for depth in depths]
    if sorted(wanted) != sorted(shapes):
        raise _misfit(card, slots, f"the card needs {_list(wanted)}")
    return [
        Level(
            stride,
            card.width_px // stride,
            card.height_px // stride,
            tuple(shapes.index(_shape(card, stride, depth)) for depth in depths),
        )
        for stride in card.strides
    ]


def true_places(table: NDArray[np.bool_]) -> tuple[Places, Places]:
    """Return the rows and the columns where a table is true: np.nonzero, in a fifth of its time."""
    places = np.flatnonzero(table)
    return np.divmod(places, table.shape[1])


def sigmoid(values: Reals) -> Reals:
    """Return 1 / (1 + e^-x); large negative numbers become 0 without a warning."""
    shares: Reals = (0.5 * (1.0 + np.tanh(0.5 * values))).astype(np.float32)
    return shares


def logit(scores: Reals) -> Reals:
    """Return the inverse of `sigmoid`; 0 and 1 become very large numbers, not infinite ones."""
    inside = np.clip(scores.astype(np.float64), 1e-9, 1 - 1e-9)
    logits: Reals = np.log(inside / (1 - inside)).astype(np.float32)
    return logits


def softmax(values: Reals) -> Reals:
    """Return the shares along the last axis."""
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    shares: Reals = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares


def _shape(card: ModelCard, stride: int, depth: int) -> tuple[int, ...]:
    return (1, card.height_px // stride, card.width_px // stride, depth)


def _list(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join("x".join(str(size) for size in shape) for shape in shapes)


def _misfit(card: ModelCard, slots: Sequence[Slot], why: str) -> EdgeAgentError:
    found = _list([slot.shape for slot in slots])
    return EdgeAgentError(
        f'model "{card.name}" cannot be read as "{card.decoding}": its outputs are {found}; {why}',
        hint="correct decoding, strides and labels in model.toml, or take weights that fit them",
    )
