"""What every detector family has in common when its numbers become boxes.

Scores are compared before any box is computed: of two thousand cells a handful survive.
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
    places: tuple[int, ...]

    def corners(self, cells: Places) -> Reals:
        """Return the x and y index of cells, (n, 2); they are counted row by row."""
        return np.stack((cells % self.columns, cells // self.columns), axis=1).astype(np.float32)


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
            tuple(shapes.index(_shape(card, stride, depth)) for depth in depths),
        )
        for stride in card.strides
    ]


def gather(parts: Sequence[Candidates]) -> Candidates:
    """Return the candidates of all strides as one."""
    if not parts:
        return Candidates(
            np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.intp)
        )
    return Candidates(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


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
