"""A step of the box's clock, as evidence needs it: what it said, and what it says now."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """One step, at one moment of one boot. The moment is `mono_ms`, which alerts carry, too."""

    boot: str
    mono_ms: int
    # What the clock would have said without the step, and what it said (Unix seconds).
    was_wall: float
    is_wall: float
    # Whether the kernel says that it is disciplined now, and by how much it may still be wrong.
    is_synced: bool
    error_ms: float | None
