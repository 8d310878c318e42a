"""A new version on trial, as it stands on the disk: after a power cut the watcher goes on from here."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from edge_agent.domain.update import Phase, Update, read_update
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.files import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What happened, and what the one before could: only that is asked of the new one."""

    update: Update
    was_seeing: bool = False
    was_connected: bool = False
    # Which start of the agent was the old one's: what still runs is not the new one.
    old_start: str = ""
    # For how long it has been seen not to do.
    spent_s: float = 0.0


def read_trial(file: Path) -> Trial | None:
    """Return it; None where there is none, or nothing that we wrote."""
    try:
        text = file.read_text(encoding="utf-8")
        told = json.loads(text)
        update = read_update(text)
        if update is None:
            return None
        return Trial(
            update=update,
            was_seeing=bool(told["was_seeing"]),
            was_connected=bool(told["was_connected"]),
            old_start=str(told["old_start"]),
            spent_s=float(told["spent_s"]),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_trial(file: Path, trial: Trial) -> None:
    """Keep it, whole or not at all; everybody may read it. Raises EdgeAgentError."""
    told = asdict(trial)
    content = json.dumps({"v": 1, **told.pop("update"), **told}, indent=2).encode()
    try:
        write_whole(file, content + b"\n")
    except OSError as error:
        raise EdgeAgentError(
            f"cannot write {file}: {(error.strerror or '').lower()}",
            hint="see  df -h /  whether the disk is full",
        ) from error


def is_going_on(trial: Trial | None) -> bool:
    """Tell whether somebody still has to watch, or to put the old one back."""
    return trial is not None and trial.update.phase in {Phase.WATCHED, Phase.GOING_BACK}
