"""What the site asks of one camera: what nobody may see, what is watched for, and whom it concerns.

It may change while the camera is watched, so it is one value; whoever takes it on is a pipeline.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol

from edge_agent.alerts.compose import Origin
from edge_agent.domain.frame import Frame
from edge_agent.domain.sighting import Finding, Label, Scene
from edge_agent.domain.zone import Watch
from edge_agent.inference.motion import Motion
from edge_agent.inference.options import MotionOptions
from edge_agent.video.masks import Masks


class MotionStage(Protocol):
    """Says where something moves: blocks today, a quantized model tomorrow."""

    def watch(self, frame: Frame) -> Motion:
        """Return what moves in this frame."""
        ...

    def adjust(self, options: MotionOptions) -> None:
        """Judge by these from the next frame on."""
        ...


class Rule(Protocol):
    """Judges scenes."""

    def judge(self, scene: Scene) -> list[Finding]:
        """Return what changed with this scene."""
        ...

    def finish(self) -> list[Finding]:
        """Return what has to be said when nothing will be seen for a while."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Everything that may be another from one frame to the next."""

    masks: Masks
    motion: MotionOptions
    watch: Watch
    labels: frozenset[Label]
    # By what makes a rule another one: whose key stays keeps its visits.
    rules: Mapping[Hashable, Rule]
    origin: Origin
