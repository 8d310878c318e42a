"""Where a thing moves, and not merely light, rain, leaves or the mast: on every frame.

A gate of cells that stand out costs next to nothing while a street is quiet. What passes it is
shown to a small int8 network, which has learned what a thing looks like when it moves; its word
adds up over a few frames, so that a walker by night is found and a raindrop is not.

Give it one camera's frames in order; all times are frame times, never the box's clock.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.evidence import Evidence, Mask
from edge_agent.inference.global_change import GlobalChange
from edge_agent.inference.options import MotionOptions
from edge_agent.inference.scenery import (
    COLUMNS,
    HEIGHT_PX,
    PLANES,
    ROWS,
    WIDTH_PX,
    Difference,
    Scenery,
)
from edge_agent.inference.slots import Raw, Slot

# Seconds after the start or a global change in which the network looks at every picture: what the gate
# knows of each cell's noise is of another light.
WATCHFUL_S = 3.0
# Seconds after which what moves on one spot without a pause is the new usual.
PARKED_S = 10.0
_NEIGHBOURS = np.ones((3, 3), np.uint8)
# Around a thing's outline, in pixels of 320: hair and shoes are fainter than a coat.
_ROOM_PX = 2


@dataclass(frozen=True, slots=True)
class Motion:
    """Where something moves in one frame.

    `is_global`: light or camera changed everywhere, and no area is known; if that lasts, also on and
    off, the one area is the whole frame wherever none is known.
    """

    areas: tuple[Box, ...]
    is_global: bool
    # For how many seconds that has lasted; 0.0 until it is too long to wait for its end.
    changing_s: float = 0.0

    @property
    def is_known(self) -> bool:
        """Tell whether something is known to move, and where."""
        return bool(self.areas) and self.areas != (_WHOLE,)


_WHOLE = Box(0.0, 0.0, 1.0, 1.0)
_NOTHING = Motion((), is_global=False)


class CellNetwork(Protocol):
    """What it needs of a network."""

    @property
    def inputs(self) -> tuple[Slot, ...]:
        """What goes in: the planes."""
        ...

    @property
    def outputs(self) -> tuple[Slot, ...]:
        """What comes out: a logit a cell."""
        ...

    def run(self, picture: Raw) -> list[Raw]:
        """Return the raw logits."""
        ...


class MovingCells:
    """One camera's motion; ready from the second frame on.

    After a global change (lamps, the infrared filter) areas mean movement again with the next
    frame that is like the one before; if it goes on, or comes and goes, the whole frame is one area.
    What stops is no longer reported, and belongs to the picture within ten seconds.
    """

    def __init__(self, network: CellNetwork, options: MotionOptions) -> None:
        """Take a network of its own; raises EdgeAgentError if it is not one for motion."""
        cv2.setNumThreads(1)
        _require_shape(network)
        self._network = network
        self._slot = network.outputs[0]
        self._evidence = Evidence(_logit(options.least_score))
        self._scenery: Scenery | None = None
        self._shape: tuple[int, ...] = ()
        self._seen_at = 0.0
        self._change = GlobalChange()
        self._watchful_until = 0.0
        # When each cell last did not move.
        self._calm_at: NDArray[np.float64] = np.zeros((ROWS, COLUMNS))

    def adjust(self, options: MotionOptions) -> None:
        """Judge by these from the next frame on."""
        self._evidence.ask(_logit(options.least_score))

    def watch(self, frame: Frame) -> Motion:
        """Return what moves in this frame; of the first frame, nothing is known yet."""
        taken_at = frame.taken_at
        passed_s, self._seen_at = taken_at - self._seen_at, taken_at
        scenery = self._scenery
        if scenery is None or frame.luma.shape != self._shape:
            self._begin(frame)
            return _NOTHING
        difference = scenery.compare(frame.luma, taken_at)
        changing_s = self._change.note(taken_at, is_global=difference.is_global)
        if difference.is_global:
            scenery.start_again(taken_at)
            self._forget(taken_at)
            areas: tuple[Box, ...] = ()
        else:
            areas = self._moving(taken_at, passed_s, scenery, difference)
        if changing_s:
            return Motion(areas or (_WHOLE,), is_global=True, changing_s=changing_s)
        return Motion(areas, is_global=difference.is_global)

    def _moving(
        self, taken_at: float, passed_s: float, scenery: Scenery, difference: Difference
    ) -> tuple[Box, ...]:
        """Return where something moves in a picture that is mostly like the one before."""
        if not (
            difference.standing_out.any()
            or self._evidence.is_alive
            or scenery.is_grainy
            or taken_at < self._watchful_until
        ):
            scenery.learn(taken_at, None)
            self._calm_at[:] = taken_at
            return ()
        raw = self._network.run(scenery.planes(taken_at)[None])[0]
        logits = self._slot.real(raw)[0, :, :, 0]
        moving = self._evidence.weigh(
            logits, passed_s, is_grainy=scenery.is_grainy, lit=scenery.lit
        )
        areas = _areas(moving, scenery)
        scenery.learn(taken_at, self._held(moving, taken_at))
        return areas

    def _begin(self, frame: Frame) -> None:
        self._scenery, self._shape = Scenery(frame.luma, frame.taken_at), frame.luma.shape
        self._change = GlobalChange()
        self._forget(frame.taken_at)

    def _forget(self, taken_at: float) -> None:
        """Begin anew in this light: what moved before tells nothing, and the gate knows little."""
        self._evidence.forget()
        self._calm_at[:] = taken_at
        self._watchful_until = taken_at + WATCHFUL_S

    def _held(self, moving: Mask, taken_at: float) -> Mask:
        """Return the cells that must not become the usual picture: what moves, and its rim."""
        self._calm_at[~moving] = taken_at
        is_new = taken_at - self._calm_at < PARKED_S
        rim = cv2.dilate((moving & is_new).view(np.uint8), _NEIGHBOURS).view(np.bool_)
        return np.asarray(rim & is_new, np.bool_)


def _areas(moving: Mask, scenery: Scenery) -> tuple[Box, ...]:
    """Return the boxes around what differs in connected moving cells, a pixel of room around it."""
    if not moving.any():
        return ()
    count, labels = cv2.connectedComponents(moving.view(np.uint8))
    outlines = [scenery.outline(np.asarray(labels == label)) for label in range(1, count)]
    return tuple(
        Box(
            max(0, left - _ROOM_PX) / WIDTH_PX,
            max(0, top - _ROOM_PX) / HEIGHT_PX,
            min(WIDTH_PX, right + _ROOM_PX) / WIDTH_PX,
            min(HEIGHT_PX, bottom + _ROOM_PX) / HEIGHT_PX,
        )
        for left, top, right, bottom in outlines
    )


def _logit(score: float) -> float:
    return math.log(score / (1 - score))


def _require_shape(network: CellNetwork) -> None:
    wanted = [(1, HEIGHT_PX, WIDTH_PX, PLANES)], [(1, ROWS, COLUMNS, 1)]
    found = [slot.shape for slot in network.inputs], [slot.shape for slot in network.outputs]
    if found != wanted:
        raise EdgeAgentError(
            f"the motion network takes and gives {found}, not {wanted}",
            hint="install edge-agent again: the network belongs to its version",
        )
