"""What became of an alert that was given to the link."""

from dataclasses import dataclass
from enum import Enum, auto


class Fate(Enum):
    """What became of an alert."""

    # The broker has it, and its picture unless there is a reason why not.
    DELIVERED = auto()
    # The broker will not take it, now or ever.
    REFUSED = auto()
    # Taken or not, nobody got it: nobody listens, or our quota is used up. Later.
    UNHEARD = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The broker's last word on one alert. A reason beside DELIVERED: why its picture did not go."""

    number: int
    fate: Fate
    reason: str = ""
