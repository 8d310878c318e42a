"""What a site may say about counting."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationOptions:
    """How often each camera tells the center what it saw; 0 is never."""

    every_s: int = 0
