"""What a camera says is wrong with itself, as opposed to what is seen in its picture."""

from dataclasses import dataclass
from enum import StrEnum

from edge_agent.domain.sighting import Severity, State


class TroubleKind(StrEnum):
    """What can be wrong; names the rule and the type of the alert."""

    # Covered, turned away, sprayed: the picture is not the one it should be.
    TAMPER = "tamper"
    # A recorder that gets no signal from its channel.
    VIDEO_LOSS = "video_loss"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One trouble, new or at its end; both have the same `number`, which counts per camera."""

    kind: TroubleKind
    state: State
    number: int
    # What the camera called the moment (Unix seconds); None where it did not say.
    camera_wall: float | None
    # From the camera's first word to its last, in seconds of the box's monotonic clock.
    lasted_s: float
    # How long ago that last word was: an end waits, because it may not be one.
    ago_s: float
    severity: Severity = Severity.MEDIUM
