"""What is in the picture: looks at parts of a frame with a network and says what it saw where.

Several crops of one frame may show the same object; it is reported once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Sighting
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.decode_fastestdet import FastestDetDecoder
from edge_agent.inference.decode_ltrb import LtrbDecoder
from edge_agent.inference.decode_nanodet import NanodetDecoder
from edge_agent.inference.decode_ssd import SsdDecoder
from edge_agent.inference.decode_yolox import YoloxDecoder
from edge_agent.inference.decoding import LABELS, Decoder
from edge_agent.inference.model_file import Decoding, ModelCard, find_card, load_card
from edge_agent.inference.options import ObjectOptions
from edge_agent.inference.pictures import Quantiser, view
from edge_agent.inference.riders import without_riders
from edge_agent.inference.runtime import Network
from edge_agent.inference.slots import Raw, Slot
from edge_agent.inference.suppression import Found, drop_cut, join, keep_best

_DECODERS: dict[Decoding, Callable[[ModelCard, Sequence[Slot]], Decoder]] = {
    "ltrb": LtrbDecoder,
    "nanodet": NanodetDecoder,
    "fastestdet": FastestDetDecoder,
    "yolox": YoloxDecoder,
    "ssd": SsdDecoder,
}


class Runnable(Protocol):
    """What the detector needs of a network."""

    @property
    def inputs(self) -> Sequence[Slot]:
        """What goes in."""
        ...

    @property
    def outputs(self) -> Sequence[Slot]:
        """What comes out."""
        ...

    def run(self, picture: Raw) -> Sequence[Raw]:
        """Return the raw outputs, in the order of `outputs`."""
        ...


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Which model it was: an alert names it, so that years later one can tell."""

    name: str
    version: str
    sha256: str


class Detector:
    """Finds persons and vehicles in parts of a frame. For one thread at a time."""

    def __init__(self, card: ModelCard, network: Runnable) -> None:
        """Fit a card to a network; raises EdgeAgentError where they do not belong together."""
        # Threads of OpenCV cost more than they bring at these sizes, and take the second core.
        cv2.setNumThreads(1)
        self._card = card
        self._network = network
        self._quantiser = Quantiser(card, _only_input(card, network.inputs))
        self._decoder = _DECODERS[card.decoding](card, network.outputs)

    @property
    def model(self) -> ModelFacts:
        """Which model looks."""
        return ModelFacts(self._card.name, self._card.version, self._card.sha256)

    @property
    def side_px(self) -> int:
        """The longer side of the network's input: crops of this size keep their pixels."""
        return max(self._card.width_px, self._card.height_px)

    def look(self, frame: Frame, crops: Sequence[Box]) -> list[Sighting]:
        """Return the objects in these parts of the frame, best first; boxes are the frame's.

        The cost is one run of the network per crop.
        """
        glances = [self.glance(frame, crop, number) for number, crop in enumerate(crops)]
        return sightings_of(glances, self._card.nms_iou)

    def glance(self, frame: Frame, crop: Box, number: int) -> Found:
        """Return what one crop shows; `number` tells it from the other crops of this frame."""
        seen = view(frame, crop, self._card)
        outputs = self._network.run(self._quantiser.quantise(seen.picture))
        candidates = self._decoder.decode(outputs)
        boxes = seen.to_frame(candidates.boxes)
        crops = np.full(len(boxes), number, np.intp)
        found = Found(boxes, candidates.scores, candidates.labels, crops, seen.is_cut(boxes))
        return keep_best(found, self._card.nms_iou)


def sightings_of(glances: Sequence[Found], iou: float) -> list[Sighting]:
    """Return each object of a frame once, best first, although several crops may show it."""
    if not glances:
        return []
    found = join(glances)
    if len(glances) > 1:
        found = keep_best(drop_cut(found), iou)
    return without_riders(
        [
            Sighting(LABELS[label], score, Box(*box))
            for label, score, box in zip(
                found.labels, found.scores.tolist(), found.boxes.tolist(), strict=True
            )
        ]
    )


def open_detector(options: ObjectOptions) -> Detector:
    """Load the model that a site chose; raises EdgeAgentError with what is wrong with it."""
    card = load_card(find_card(options.model))
    return Detector(card, Network(card.weights, threads=options.threads or 1))


def _only_input(card: ModelCard, slots: Sequence[Slot]) -> Slot:
    wanted = (1, card.height_px, card.width_px, 3)
    if [slot.shape for slot in slots] == [wanted]:
        return slots[0]
    found = ", ".join("x".join(map(str, slot.shape)) for slot in slots)
    raise EdgeAgentError(
        f'model "{card.name}" takes {found}, the card says {"x".join(map(str, wanted))}',
        hint="correct width_px and height_px in model.toml, or take weights that fit them",
    )
