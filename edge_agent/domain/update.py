"""What became of a new version on this box, of the agent or of its model; whoever watched writes it."""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

# Root's: the watcher writes there, and the agent only reads.
FOLDER = Path("/var/lib/edge-agent-updates")
TRIAL_FILE = "trial.json"


class Part(StrEnum):
    """What it is a version of."""

    AGENT = "agent"
    MODEL = "model"


class Phase(StrEnum):
    """How far it has come."""

    # It runs, and has to show that it does as well as the one before.
    WATCHED = "watched"
    # It did not: the one before is being put back.
    GOING_BACK = "going back"
    KEPT = "kept"
    ROLLED_BACK = "rolled back"
    # It did not do, and the one before could not be put back.
    STUCK = "stuck"

    @property
    def is_over(self) -> bool:
        """Whether nothing more is going to happen."""
        return self not in {Phase.WATCHED, Phase.GOING_BACK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One change of version. `why` says what was wrong with the new one; "" while nothing is."""

    phase: Phase
    part: Part = Part.AGENT
    # As Debian counts them: 0.2.0+deb12; of a model its name, too: street-1.1.0.
    old: str
    new: str
    why: str = ""
    # When the phase began, by the box's clock.
    since_wall: float = 0.0


def read_update(text: str) -> Update | None:
    """Return what a trial's file says; None where a damaged one says nothing."""
    try:
        told = json.loads(text)
        return Update(
            phase=Phase(told["phase"]),
            # Who watches the agent knows of no other part.
            part=Part(told.get("part", Part.AGENT)),
            old=str(told["old"]),
            new=str(told["new"]),
            why=str(told["why"]),
            since_wall=float(told["since_wall"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
