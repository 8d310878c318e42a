"""Hears what became of a new version, of us or of the model, and has its end told in the chain, once.

Who watches a new version of us is apart from the agent and outlives it (update/); a model's the agent
itself watches (model_watch.py). Both leave a file.
"""

import json
import logging
from collections.abc import Callable
from pathlib import Path

from edge_agent.domain.update import FOLDER, TRIAL_FILE, Update, read_update
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.files import write_whole

log = logging.getLogger(__name__)

# The file changes once a week; the box's status may be this much behind.
_LOOK_S = 10.0
_TOLD_FILE = "update_told.json"


def is_on_trial(folder: Path = FOLDER) -> bool:
    """Tell whether a new version of us is being watched, or being taken back."""
    update = _read(folder / TRIAL_FILE)
    return update is not None and not update.phase.is_over


class UpdateWatch:
    """`update` is the latest; None where no version was ever watched on this box."""

    def __init__(
        self,
        clock: Clock,
        state_dir: Path,
        keep: Callable[[Update], None],
        folder: Path = FOLDER,
        told_file: str = _TOLD_FILE,
        every_s: float = _LOOK_S,
    ) -> None:
        self._clock = clock
        self._told_file = state_dir / told_file
        self._keep = keep
        self._file = folder / TRIAL_FILE
        self._every_s = every_s
        self._looked_mono = clock.mono() - every_s
        self.update: Update | None = None

    def look(self) -> None:
        """Read the file, if it is time; have an end kept that was not, and ask a full disk again."""
        now = self._clock.mono()
        if now - self._looked_mono < self._every_s:
            return
        self._looked_mono = now
        self.update = _read(self._file)
        if self.update and self.update.phase.is_over and self._name() != self._told():
            self._tell(self.update)

    def _tell(self, update: Update) -> None:
        try:
            self._keep(update)
            # A power cut between these two has it told twice, which does no harm.
            write_whole(self._told_file, self._name().encode(), mode=0o600)
        except EdgeAgentError as error:
            log.warning("what became of an update could not be kept: %s", error.report())
        except OSError as error:
            log.warning("what became of an update could not be noted: %s", error.strerror)

    def _name(self) -> str:
        update = self.update
        return json.dumps([update.phase, update.new, update.since_wall]) if update else ""

    def _told(self) -> str:
        try:
            return self._told_file.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return ""


def _read(file: Path) -> Update | None:
    try:
        return read_update(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
