"""The models that sit the exams: the agent's own code cuts, decodes and suppresses.

To judge a model, the score from which it tells is lowered, and each label is asked for alone: the
agent's rules between labels (a rider is no person, a van is not also a bus) are made for the scores
that a site uses, and among faint answers they let ghosts swallow what is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Sighting
from edge_agent.inference.model_file import ModelCard, find_card, load_card
from edge_agent.inference.objects import Detector
from edge_agent.inference.runtime import Network
from edge_agent.inference.slots import Raw
from tests.inference.pictures import model_folder
from training.objects.detections import Detections
from training.objects.labels import merge_riders

# Below this nothing is asked: average precision hardly knows answers so faint.
FLOOR = 0.01
WHOLE = Box(0.0, 0.0, 1.0, 1.0)
LABELS = tuple(Label)
_RIVALS = ("nanodet", "fastestdet", "yolox")
STREET, NANODET = "street", "nanodet-m"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model thinks of one photo, faint thoughts too: as it is, and with riders joined."""

    plain: Detections
    # COCO's models box the machine alone; people here labelled it with its rider.
    joined: Detections


class Eye:
    """One model, looking at frames."""

    def __init__(self, card: ModelCard, name: str) -> None:
        self.card = card
        self.name = name
        self._network = _Remembering(Network(card.weights))
        self._agent = Detector(card, self._network)
        faint = replace(card, score=FLOOR, label_scores={})
        known = [label for label in LABELS if label in card.labels]
        self._alone = [Detector(_asking(faint, label), self._network) for label in known]
        self.side_px = self._agent.side_px

    @property
    def is_ours(self) -> bool:
        """Whether it is the model we ship, or wish to."""
        return self.name == STREET

    @property
    def scores(self) -> dict[Label, float]:
        """From which score on the agent tells of each label."""
        return {label: self.card.label_scores.get(label, self.card.score) for label in LABELS}

    def tell(self, frame: Frame, crops: Sequence[Box] = (WHOLE,)) -> Detections:
        """Return what the agent would tell of these parts of the frame, in pixels of the frame."""
        self._network.forget()
        return _pixels(self._agent.look(frame, crops), frame)

    def think(self, frame: Frame, crops: Sequence[Box] = (WHOLE,)) -> Answers:
        """Return all that the model thinks of these parts of the frame."""
        self._network.forget()
        sightings: list[Sighting] = []
        for detector in self._alone:
            sightings += detector.look(frame, crops)
            self._network.replay()
        sightings.sort(key=lambda one: -one.score)
        plain = _pixels(sightings, frame)
        return Answers(plain, plain if self.is_ours else merge_riders(plain))


class _Remembering:
    """A network that can give its latest answers once more: a second reading costs no second run."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.inputs, self.outputs = network.inputs, network.outputs
        self._kept: list[list[Raw]] = []
        self._again: list[list[Raw]] = []

    def run(self, picture: Raw) -> list[Raw]:
        """Run the network, or return what it said before."""
        if self._again:
            return self._again.pop(0)
        self._kept.append(self._network.run(picture))
        return self._kept[-1]

    def forget(self) -> None:
        """Forget all answers."""
        self._kept, self._again = [], []

    def replay(self) -> None:
        """Give all answers once more, in their order."""
        self._again = list(self._kept)


def _asking(card: ModelCard, label: Label) -> ModelCard:
    """Return the card with every other class ignored."""
    return replace(card, labels=tuple(one if one is label else None for one in card.labels))


def eyes(model: str, models: Path, folder: Path) -> list[Eye]:
    """Return our model and then its rivals; `folder` takes the rivals' cards."""
    cards = [load_card(model_folder(family, models, folder)) for family in _RIVALS]
    return [Eye(load_card(find_card(model)), STREET), *(Eye(card, card.name) for card in cards)]


def _pixels(sightings: Sequence[Sighting], frame: Frame) -> Detections:
    size = np.asarray([frame.width_px, frame.height_px] * 2, np.float32)
    boxes = [(one.box.left, one.box.top, one.box.right, one.box.bottom) for one in sightings]
    return Detections(
        np.asarray(boxes, np.float32).reshape(-1, 4) * size,
        np.asarray([one.score for one in sightings], np.float32),
        np.asarray([LABELS.index(one.label) for one in sightings], np.int64),
    )
