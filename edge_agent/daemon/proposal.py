"""A configuration on trial: the files before it are kept, and come back unless the center confirms.

`.proposal/` in the configuration's folder is the journal. What a kill or a power cut leaves is put
back at the next start, before a file is read; so is one with which the agent cannot begin.
"""

import fcntl
import json
import logging
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from edge_agent.config.store import not_written
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.files import write_whole

log = logging.getLogger(__name__)

FOLDER = ".proposal"
_JOURNAL, _BEFORE, _ENDED, _PREVIOUS = "journal.json", "before", "ended.json", "previous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """What is on trial: whose command it was, how long it has, which files it wrote."""

    id: str
    within_s: float
    names: tuple[str, ...]
    # False as long as the files are being written.
    is_whole: bool = False
    # How often the agent began with it.
    starts: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """A trial that ended, for the center to be told; `why` is "" where the new files stay."""

    id: str
    why: str


class Proposal:
    """The trial of one folder. Every method raises EdgeAgentError where the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._place = self._folder / FOLDER
        self._lock: int | None = None
        # What this start of the agent tries.
        self.on_trial: Journal | None = None

    def begin(self, command_id: str, within_s: float, files: Mapping[str, bytes | None]) -> None:
        """Write these files; None removes one. From here on only `confirm` makes them stay."""
        names = tuple(files)
        try:
            self._place.mkdir(mode=0o700, exist_ok=True)
            self._hold()
            shutil.rmtree(self._place / _BEFORE, ignore_errors=True)
            (self._place / _ENDED).unlink(missing_ok=True)
            for name in names:
                self._keep(name)
            journal = Journal(id=command_id, within_s=within_s, names=names)
            self._note(journal)
            for name, content in files.items():
                self._put(name, content)
            self._note(replace(journal, is_whole=True))
        except OSError as error:
            raise not_written(self._place, error) from error

    def start(self) -> None:
        """Begin with what is on trial, or put it back where it had its chance.

        Where another agent holds the trial it is left alone.
        """
        journal = self.journal()
        if journal is None or not self._hold():
            return
        if not journal.is_whole or journal.starts:
            why = (
                "the agent ended before it was confirmed" if journal.starts else "it was cut short"
            )
            self.roll_back(why)
            return
        self.on_trial = self.take_up(journal)

    def take_up(self, journal: Journal) -> Journal:
        """Note on the disk that it had its chance, whatever comes; return it, not on trial yet."""
        begun = replace(journal, starts=1)
        try:
            self._note(begun)
        except OSError as error:
            raise not_written(self._place, error) from error
        return begun

    def journal(self) -> Journal | None:
        """Return what is on trial; None where nothing is."""
        told = self._told(_JOURNAL)
        if told is None:
            return None
        return Journal(**{**told, "names": tuple(told["names"])})  # type: ignore[arg-type]  # as we wrote it

    def confirm(self) -> None:
        """Let the new files stay; those before them are kept beside, until the next time."""
        journal = self.on_trial
        if journal is None:
            return
        try:
            # Before the journal goes: no journal and no word of its end is a trial that never was.
            self._end(journal, "")
            shutil.rmtree(self._place / _PREVIOUS, ignore_errors=True)
            (self._place / _JOURNAL).unlink(missing_ok=True)
            _sync(self._place)
            if (self._place / _BEFORE).exists():
                (self._place / _BEFORE).rename(self._place / _PREVIOUS)
        except OSError as error:
            raise not_written(self._place, error) from error
        self.on_trial = None
        self._let_go()

    def roll_back(self, why: str) -> None:
        """Put the files back that were there before, and note why."""
        journal = self.journal()
        if journal is None:
            return
        try:
            for name in journal.names:
                kept = self._place / _BEFORE / name
                self._put(name, kept.read_bytes() if kept.exists() else None)
            self._end(journal, why)
            (self._place / _JOURNAL).unlink(missing_ok=True)
            _sync(self._place)
        except OSError as error:
            raise not_written(self._place, error) from error
        log.error("the configuration from the center was put back: %s", why)
        self.on_trial = None
        self._let_go()

    def ended(self) -> Ended | None:
        """Return how the last trial ended; None where none has, or another was begun since."""
        told = self._told(_ENDED)
        return Ended(str(told["id"]), str(told["why"])) if told else None

    def _told(self, name: str) -> dict[str, object] | None:
        file = self._place / name
        try:
            told = json.loads(file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise EdgeAgentError(
                f"{file} is damaged: nobody knows which configuration is on trial",
                hint=f"look at the files in {self._folder}, then: sudo rm -r {self._place}",
            ) from error
        return dict(told)

    def _note(self, journal: Journal) -> None:
        content = json.dumps(asdict(journal), indent=2).encode()
        write_whole(self._place / _JOURNAL, content, mode=0o600)

    def _end(self, journal: Journal, why: str) -> None:
        ended = json.dumps(asdict(Ended(journal.id, why))).encode()
        write_whole(self._place / _ENDED, ended, mode=0o600)

    def _keep(self, name: str) -> None:
        """Copy a file before it is changed; one that is not there yet leaves no copy."""
        file, copy = self._folder / name, self._place / _BEFORE / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if file.exists():
            write_whole(copy, file.read_bytes(), mode=file.stat().st_mode & 0o777)
        _sync(copy.parent)
        _sync(self._place)

    def _put(self, name: str, content: bytes | None) -> None:
        file, copy = self._folder / name, self._place / _BEFORE / name
        file.parent.mkdir(exist_ok=True)
        if content is None:
            file.unlink(missing_ok=True)
            _sync(file.parent)
            return
        mode = copy.stat().st_mode & 0o777 if copy.exists() else 0o644
        write_whole(file, content, mode=mode)

    def _hold(self) -> bool:
        """Keep other agents away from the trial; released when we end, however that is."""
        if self._lock is None:
            handle = os.open(self._place, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return False
            self._lock = handle
        return True

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
