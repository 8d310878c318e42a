"""The models installed on this box, and which of them is chosen: `models/` in the state folder.

A model is there whole or not at all. A handful stay; what is in use or was before is never removed.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edge_agent.domain.update import TRIAL_FILE, Part, Phase, Update
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import MODELS, find_card, load_card, shipped_models
from edge_agent.inference.options import ObjectOptions
from edge_agent.packs.choice import Choice, read_choice, write_choice
from edge_agent.packs.names import PackName, read_pack_name
from edge_agent.packs.on_trial import (
    Before,
    OnTrial,
    has_ended,
    is_untold,
    read_on_trial,
    refuse,
    refused,
    write_on_trial,
)
from edge_agent.packs.pack_file import (
    HEAD,
    check_folder,
    check_installed,
    open_pack,
    read_parts,
    reading,
    telling_of_pack,
    unpack,
    writing,
)
from edge_agent.packs.signature import check_signature
from edge_agent.runtime.files import write_whole
from edge_agent.runtime.stop import Stop

# The chosen one, the one before it, and two to try: 64 MB at the very most.
MOST_INSTALLED = 4
_CHOICE = "choice.json"
# Begins the folder of a pack that is on its way in; what a power cut left is found by it.
_COMING = ".coming-"
# Another command holds the folder for a file or two; a slow card takes a second for them.
_LOCK_S = 5.0
_LOCK_ROUND_S = 0.05


@dataclass(frozen=True, slots=True)
class Arrival:
    """What `install` did, and what had to go for it."""

    name: PackName
    # Whose signature was checked; "" where the site trusts everybody.
    key_id: str
    is_new: bool
    removed: tuple[PackName, ...] = ()


class Store:
    """Finds, installs and removes models. Writing commands wait for each other."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / "models"

    def installed(self) -> tuple[PackName, ...]:
        """Return what is installed, by name, the oldest version first."""
        try:
            # Not `glob`: it calls a folder empty that we may not read.
            with reading(self.folder):
                folders = [each for each in self.folder.iterdir() if each.is_dir()]
        except EdgeAgentError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            folders = []
        found = [read_pack_name(folder.name) for folder in folders]
        names = [name for name in found if name is not None]
        return tuple(sorted(names, key=lambda each: (each.name, each.age)))

    def find(self, model: str) -> str:
        """Return the exact name of a model: a shipped one, an installed one, or its youngest.

        Raises EdgeAgentError with the names there are.
        """
        installed = self.installed()
        known = [*shipped_models(), *map(str, installed)]
        if model in known:
            return model
        versions = [each for each in installed if each.name == model]
        if versions:
            return str(versions[-1])
        for name in shipped_models():
            if model.startswith(name) and model == f"{name}-{load_card(find_card(name)).version}":
                return name
        raise EdgeAgentError(
            f'no model "{model}" is installed',
            hint=f"choose one of: {', '.join(known)}; or bring it: edge-agent model install FILE",
        )

    def folder_of(self, model: str) -> Path:
        """Return the folder of a model by its exact name. Raises EdgeAgentError."""
        name = self.find(model)
        return find_card(name) if name in shipped_models() else self.folder / name

    def check(self, model: str, trusted: tuple[str, ...]) -> Path:
        """Return the folder of a model whose files and signature are still right."""
        folder = self.folder_of(model)
        if folder.parent != MODELS:
            check_signature(check_installed(folder), trusted)
        return folder

    def choice(self) -> Choice:
        """Return what was chosen. Raises EdgeAgentError where that file is damaged."""
        return read_choice(self.folder / _CHOICE)

    def save(self, change: Callable[[Choice], Choice]) -> Choice:
        """Change what was chosen, and return it; a damaged file is begun anew."""
        with self._locked():
            try:
                choice = self.choice()
            except EdgeAgentError:
                choice = Choice()
            changed = change(choice)
            if changed != choice:
                write_choice(self.folder / _CHOICE, changed, self._owner())
            return changed

    def choose(self, model: str, wanted: str, before: Before, at_wall: float) -> None:
        """Want this model from the next start on, `wanted` being its name there, and have it watched.

        `before` is how the box does now. Raises EdgeAgentError where another command removed the
        model while it was tried.
        """

        def change(choice: Choice) -> Choice:
            self.find(model)
            chosen = choice.choose(wanted)
            trial = self.on_trial()
            is_second = trial and trial.is_going_on and trial.wanted == choice.wanted
            self._begin_trial(chosen, trial.before if trial and is_second else before, at_wall)
            return chosen

        self.save(change)

    def on_trial(self) -> OnTrial | None:
        """Return the latest change of model; None where none was watched."""
        return read_on_trial(self.folder)

    def note_trial(self, trial: OnTrial) -> None:
        """Keep how far it is. Raises EdgeAgentError."""
        with self._locked():
            write_on_trial(self.folder, trial, self._owner())

    def refused(self) -> tuple[str, ...]:
        """Return the models that this box does not choose again by itself."""
        return refused(self.folder)

    def settle(self, at_wall: float) -> None:
        """Note the end of a trial that has ended, by what the choice says. Raises EdgeAgentError.

        A choice of before there were trials gets one.
        """
        if not any((self.folder / name).exists() for name in (_CHOICE, TRIAL_FILE)):
            return
        with self._locked():
            choice, trial = self.choice(), self.on_trial()
            ended = has_ended(choice, trial) if trial and trial.is_going_on else None
            if trial and ended:
                phase, why = ended
                update = replace(trial.update, phase=phase, why=why, since_wall=at_wall)
                self._end(replace(trial, update=update))
            elif is_untold(choice, trial):
                update = self._update(Phase.ROLLED_BACK, choice.wanted, choice.failed, at_wall)
                self._end(OnTrial(update=replace(update, why=choice.failure), wanted=choice.failed))
            elif trial and trial.is_going_on and trial.wanted != choice.wanted:
                # The power failed before it was chosen, or the choice is lost.
                (self.folder / TRIAL_FILE).unlink(missing_ok=True)
            elif not choice.is_proven and not (trial and trial.is_going_on):
                self._begin_trial(choice, Before(), at_wall)

    def _end(self, trial: OnTrial) -> None:
        # First: were it last, a power cut could let the same model be chosen again.
        if trial.update.phase is Phase.ROLLED_BACK:
            refuse(self.folder, trial.wanted, self._owner())
        write_on_trial(self.folder, trial, self._owner())

    def _begin_trial(self, chosen: Choice, before: Before, at_wall: float) -> None:
        """Note it before the choice: a trial of what is not chosen ends by itself."""
        if chosen.is_proven:
            # Who chooses the last good one has decided: nobody watches.
            (self.folder / TRIAL_FILE).unlink(missing_ok=True)
            return
        update = self._update(Phase.WATCHED, chosen.good, chosen.wanted, at_wall)
        trial = OnTrial(update=update, wanted=chosen.wanted, before=before)
        write_on_trial(self.folder, trial, self._owner())

    def _update(self, phase: Phase, old: str, new: str, at_wall: float) -> Update:
        old, new = self._full_name(old), self._full_name(new)
        return Update(phase=phase, part=Part.MODEL, old=old, new=new, since_wall=at_wall)

    def _full_name(self, wanted: str) -> str:
        """Return name and version, also of the shipped ones; "" is what agent.toml says by itself."""
        name = wanted or ObjectOptions().model
        if name not in shipped_models():
            return name
        card = load_card(find_card(name))
        return f"{card.name}-{card.version}"

    def install(
        self, pack: Path, trusted: tuple[str, ...], examine: Callable[[Path], None]
    ) -> Arrival:
        """Bring a pack in, after `examine` of its folder raised nothing.

        Raises EdgeAgentError where it is damaged, not trusted, or another model of its name and
        version is there; nothing has changed then.
        """
        with open_pack(pack) as (file, head):
            key_id = check_signature(head, trusted)
            parts = read_parts(file, head)
        with self._coming() as folder:
            unpack(self.folder, head, parts, folder)
            with telling_of_pack(folder):
                name = check_folder(folder, head)
                # Also where it is there already: that one may be damaged, and be replaced by this.
                examine(folder)
            target = self.folder / str(name)
            with self._locked():
                if self._is_there(name, folder):
                    return Arrival(name, key_id, is_new=False)
                self._settle(folder, target)
                return Arrival(name, key_id, is_new=True, removed=self._make_room(name))

    def remove(self, model: str) -> None:
        """Remove an installed model. Raises EdgeAgentError where it is needed, or shipped."""
        name = self.find(model)
        if name in shipped_models():
            raise EdgeAgentError(
                f"{name} comes with edge-agent and stays",
                hint="choose another one with `edge-agent model use NAME`",
            )
        with self._locked():
            choice = self.choice()
            if name in {choice.wanted, choice.good}:
                raise EdgeAgentError(
                    f"{name} is the chosen model, or the one to go back to",
                    hint="choose another one, restart the agent, and wait until it is proven",
                )
            self._discard(name)

    def _is_there(self, name: PackName, folder: Path) -> bool:
        """Tell whether the same model is installed and sound; a damaged one is cleared away."""
        target = self.folder / str(name)
        if not target.exists():
            return False
        coming = check_installed(folder)
        try:
            there = check_installed(target)
        except EdgeAgentError:
            self._discard(str(name))
            return False
        if (there.card, there.weights) != (coming.card, coming.weights):
            raise EdgeAgentError(
                f"another model is installed as {name}",
                hint="give the new one a new version in its card, and pack it again",
            )
        # It may have been signed meanwhile.
        with writing(target):
            write_whole(target / HEAD, coming.content(), owner=self._owner())
        return True

    def _settle(self, folder: Path, target: Path) -> None:
        with writing(target):
            folder.chmod(0o755)
            self._give(folder)
            for file in folder.iterdir():
                self._give(file)
            folder.rename(target)
            _sync(self.folder)

    def _make_room(self, newest: PackName) -> tuple[PackName, ...]:
        """Remove the longest installed that nobody needs, until the number is right."""
        try:
            choice = self.choice()
        except EdgeAgentError:
            # Nobody knows which of them is needed.
            return ()
        needed = {choice.wanted, choice.good, str(newest)}
        free = [name for name in self.installed() if str(name) not in needed]
        free.sort(key=lambda name: (self.folder / str(name)).stat().st_mtime)
        many = free[: max(0, len(self.installed()) - MOST_INSTALLED)]
        for name in many:
            self._discard(str(name))
        return tuple(many)

    def _discard(self, name: str) -> None:
        # Out of sight first: half a folder must not look like a model.
        with writing(self.folder / name):
            gone = Path(tempfile.mkdtemp(dir=self.folder, prefix=_COMING))
            (self.folder / name).rename(gone / name)
            _sync(self.folder)
            shutil.rmtree(gone)

    @contextmanager
    def _coming(self) -> Iterator[Path]:
        """Make a folder to fill, held by a lock as long as we live; it vanishes if not renamed."""
        with self._locked(), writing(self.folder):
            self._sweep()
            folder = Path(tempfile.mkdtemp(dir=self.folder, prefix=_COMING))
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield folder
        finally:
            os.close(handle)
            shutil.rmtree(folder, ignore_errors=True)

    def _make(self) -> None:
        # The state folder itself is the agent's, or the package's, to make and to give.
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if not self.folder.exists():
            self.folder.mkdir(mode=0o755)
            self._give(self.folder)

    def _sweep(self) -> None:
        """Remove what commands left that were killed: nobody holds its lock."""
        for left in self.folder.glob(".*.json.*"):
            left.unlink(missing_ok=True)
        for left in self.folder.glob(f"{_COMING}*/"):
            handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            except BlockingIOError:
                continue
            finally:
                os.close(handle)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with writing(self.folder):
            self._make()
            handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _lock(handle)
            yield
        finally:
            os.close(handle)

    def _owner(self) -> tuple[int, int] | None:
        """Return whose the state folder is, where we may give files away: the agent's."""
        if os.geteuid() != 0:
            return None
        status = self.folder.parent.stat()
        return status.st_uid, status.st_gid

    def _give(self, path: Path) -> None:
        if owner := self._owner():
            os.chown(path, *owner, follow_symlinks=False)


def _lock(handle: int) -> None:
    stop, busy = Stop(), BlockingIOError()
    for _ in range(round(_LOCK_S / _LOCK_ROUND_S)):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            busy = error
            stop.wait(_LOCK_ROUND_S)
        else:
            return
    raise EdgeAgentError(
        "another command is changing the models of this box",
        hint="wait for it to end, then try again",
    ) from busy


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
