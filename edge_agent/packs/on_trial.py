"""A model on trial, as it stands on the disk beside the choice: what it must do as well as the one before.

Whether it was kept or given up is the choice's to say; how that ended is written here from there, so
that a power cut between the two costs nothing.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from edge_agent.domain.update import TRIAL_FILE, Part, Phase, Update, read_update
from edge_agent.packs.choice import Choice
from edge_agent.packs.pack_file import writing
from edge_agent.runtime.files import write_whole

# Older ones have long been followed by newer ones.
MOST_REFUSED = 20
_REFUSED_FILE = "refused.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """How the box did with the model before: only that is asked of the new one."""

    # Whose pictures were analysed.
    cameras: tuple[str, ...] = ()
    is_connected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTrial:
    """One change of model, from its choice to its end."""

    update: Update
    # As the choice names it.
    wanted: str
    before: Before = Before()
    # For how long it has been seen not to do.
    spent_s: float = 0.0

    @property
    def is_going_on(self) -> bool:
        """Whether somebody still has to watch."""
        return self.update.phase is Phase.WATCHED


def read_on_trial(folder: Path) -> OnTrial | None:
    """Return it; None where there is none, or nothing that we wrote."""
    try:
        text = (folder / TRIAL_FILE).read_text(encoding="utf-8")
        told, update = json.loads(text), read_update(text)
        if update is None or update.part is not Part.MODEL:
            return None
        return OnTrial(
            update=update,
            wanted=str(told["wanted"]),
            before=Before(
                cameras=tuple(map(str, told["cameras"])), is_connected=bool(told["is_connected"])
            ),
            spent_s=float(told["spent_s"]),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def write_on_trial(folder: Path, trial: OnTrial, owner: tuple[int, int] | None = None) -> None:
    """Keep it, whole or not at all. Raises EdgeAgentError."""
    told = asdict(trial)
    flat = {"v": 1, **told.pop("update"), **told.pop("before"), **told}
    content = json.dumps(flat, indent=2).encode() + b"\n"
    with writing(folder / TRIAL_FILE):
        write_whole(folder / TRIAL_FILE, content, owner=owner)


def refused(folder: Path) -> tuple[str, ...]:
    """Return the models that this box went back from, the oldest first: none comes again by itself."""
    try:
        told = json.loads((folder / _REFUSED_FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return ()
    return tuple(map(str, told)) if isinstance(told, list) else ()


def refuse(folder: Path, model: str, owner: tuple[int, int] | None = None) -> None:
    """Let this name and version not be chosen again but by a person. Raises EdgeAgentError."""
    names = [one for one in refused(folder) if one != model]
    content = json.dumps([*names, model][-MOST_REFUSED:]).encode() + b"\n"
    with writing(folder / _REFUSED_FILE):
        write_whole(folder / _REFUSED_FILE, content, owner=owner)


def has_ended(choice: Choice, trial: OnTrial) -> tuple[Phase, str] | None:
    """Return how a trial that goes on has ended, and why, as the choice has it; None: not yet."""
    if choice.wanted == trial.wanted:
        return (Phase.KEPT, "") if choice.is_proven else None
    is_given_up = choice.failure and choice.failed == trial.wanted
    return (Phase.ROLLED_BACK, choice.failure) if is_given_up else None


def is_untold(choice: Choice, trial: OnTrial | None) -> bool:
    """Tell whether a model was given up that no trial was about: it failed long after it was proven."""
    if not choice.failure or (trial and trial.is_going_on):
        return False
    is_told = trial and trial.update.phase is Phase.ROLLED_BACK and trial.wanted == choice.failed
    return not is_told
