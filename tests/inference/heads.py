"""Outputs of made-up networks: the inverse of decoding, written independently of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge_agent.domain.sighting import Label
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.slots import Raw, Slot

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDE_PX = 320
STRIDES = (8, 16, 32)
LOGIT_SCALE, EDGE_SCALE = 0.1, 0.05
INPUT = Slot((1, SIDE_PX, SIDE_PX, 3), np.dtype(np.int8), 1 / 255, -128)


@dataclass(frozen=True)
class Thing:
    """One object for the network to see: its cell at a stride, edges in strides, and logit."""

    stride: int
    column: int
    row: int
    edges: tuple[float, float, float, float]
    label: Label = Label.PERSON
    logit: float = 3.0

    @property
    def pixels(self) -> tuple[float, float, float, float]:
        x, y = self.column + 0.5, self.row + 0.5
        left, top, right, bottom = self.edges
        corners = (x - left, y - top, x + right, y + bottom)
        return tuple(corner * self.stride for corner in corners)


def card(**changes: object) -> ModelCard:
    """Return the card of a network like ours."""
    values: dict[str, object] = {
        "name": "made-up",
        "version": "1.2.3",
        "weights": Path("made-up.tflite"),
        "sha256": "ab" * 32,
        "licence": "Apache-2.0",
        "made_by": "a test",
        "made_from": (),
        "width_px": SIDE_PX,
        "height_px": SIDE_PX,
        "channels": "rgb",
        "mean": (0.0, 0.0, 0.0),
        "scale": (255.0, 255.0, 255.0),
        "decoding": "ltrb",
        "strides": STRIDES,
        "labels": tuple(Label),
        "score": 0.5,
        "nms_iou": 0.5,
        "label_scores": {},
        "quality": {},
    }
    return ModelCard(**{**values, **changes})


def slots() -> list[Slot]:
    """Return the outputs of a network like ours, in an order that helps nobody."""
    made = []
    for stride in reversed(STRIDES):
        cells = SIDE_PX // stride
        made.append(Slot((1, cells, cells, 4), np.dtype(np.int8), EDGE_SCALE, -128))
        made.append(Slot((1, cells, cells, len(Label)), np.dtype(np.int8), LOGIT_SCALE, 20))
    return made


def outputs(things: Sequence[Thing]) -> list[Raw]:
    """Return what the network says when it sees these things and nothing else."""
    raws = []
    for slot in slots():
        stride = SIDE_PX // slot.shape[1]
        is_edges = slot.shape[3] == 4
        raw = np.full(slot.shape, -128, np.int8)
        for thing in things:
            if thing.stride != stride:
                continue
            cell = raw[0, thing.row, thing.column]
            if is_edges:
                cell[:] = [round(edge / EDGE_SCALE) - 128 for edge in thing.edges]
            else:
                cell[list(Label).index(thing.label)] = round(thing.logit / LOGIT_SCALE) + 20
        raws.append(raw)
    return raws
