"""What the models saw, what it was followed as, and what a rule made of it."""

from dataclasses import dataclass
from enum import StrEnum

from edge_agent.domain.geometry import Box


class Label(StrEnum):
    """What an object can be.

    A rider is part of the two-wheeler, not a person. Garbage is what lies about, bags and heaps of
    it; a bin is none.
    """

    PERSON = "person"
    TWO_WHEELER = "two_wheeler"
    CAR = "car"
    BUS = "bus"
    TRUCK = "truck"
    GARBAGE = "garbage"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One object in one frame. `score` is the model's own confidence, 0..1."""

    label: Label
    score: float
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One object followed over frames. All times are on the camera's stream clock, in seconds."""

    id: int
    label: Label
    # The median over the latest sightings: one lucky frame does not make a person.
    score: float
    box: Box
    first_seen: float
    # Seen, or surely there: what stands still is not looked at again as long as nothing moves there.
    last_seen: float
    # Seen often enough, and well enough, to be judged by rules.
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Expected:
    """A track with the box where it should be by now, and whether to look at it though it is calm."""

    track: Track
    is_due: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything followed in one camera's picture at one moment of the stream clock."""

    taken_at: float
    tracks: tuple[Track, ...]


class State(StrEnum):
    """Where in its life an alert is."""

    NEW = "new"
    UPDATE = "update"
    END = "end"


class Severity(StrEnum):
    """How much an alert matters; what a full disk may cost is decided by it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule's word about one visit. The same `visit` goes from new over updates to end."""

    rule: str
    kind: str
    zone: str
    severity: Severity
    state: State
    visit: int
    track: Track
    # Stream seconds: when the visit began, and how long it has lasted so far.
    began_at: float
    lasted_s: float
