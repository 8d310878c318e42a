"""A new configuration from the center, on trial: it stays when the center has heard that it works.

Files are written, the agent starts anew with them, and says so to the center by the new broker. Only
when the broker has that word the files stay; otherwise they are put back as they were.
"""

from collections.abc import Callable
from pathlib import PurePosixPath

from edge_agent.config.checks import is_word
from edge_agent.config.load import AGENT_FILE, CAMERAS_FOLDER
from edge_agent.config.settings import Settings
from edge_agent.config.store import need_room
from edge_agent.contract.command import Result
from edge_agent.daemon.commands.answer import (
    Answer,
    Order,
    RefusedError,
    done,
    failed,
    refused,
)
from edge_agent.daemon.commands.args import Args
from edge_agent.daemon.commands.proposed import Proposed
from edge_agent.daemon.proposal import Journal, Proposal
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import Clock

_LEAST_S, _USUAL_S, _MOST_S = 5.0, 120.0, 900.0


class ConfigPropose:
    """Tries a configuration, and keeps it or puts the old one back."""

    name = "config_propose"

    def __init__(
        self,
        settings: Settings,
        proposal: Proposal,
        restart: Callable[[], None],
        clock: Clock,
        *,
        may_change_trust: bool,
    ) -> None:
        self._settings = settings
        self._proposal = proposal
        self._restart = restart
        self._clock = clock
        self._may_change_trust = may_change_trust
        self._began_mono = clock.mono()
        self._is_told = False

    def act(self, order: Order) -> Answer:
        """Refuse it with everything that is wrong, or have it tried."""
        told = Args(order.command.args, "files", "base", "within_s")
        files = {name: _content(name, text) for name, text in told.texts("files").items()}
        base = told.texts("base") if told.has("base") else {}
        within_s = told.number("within_s", _USUAL_S, least=_LEAST_S, most=_MOST_S)
        if not files:
            raise RefusedError("files names no file")
        if self._proposal.journal() is not None:
            raise RefusedError("another configuration is on trial")
        proposed = Proposed(self._settings.folder, files)
        if stale := proposed.stale({name: base[name] for name in base if _is_name(name)}):
            names = ", ".join(stale)
            return refused(f"not as the center read it, read it anew: {names}", stale=stale)
        problems = proposed.problems(self._settings, may_change_trust=self._may_change_trust)
        if problems:
            return refused("\n".join(problems), problems=problems)
        for folder in {(self._settings.folder / name).parent for name in files}:
            need_room(folder if folder.is_dir() else folder.parent)
        return Answer(
            Result.ACCEPTED,
            f"on trial for {within_s:g} s",
            then=lambda: self._begin(order.command.id, within_s, files),
        )

    def conclude(self, order: Order) -> Answer | None:
        """Say how the trial ended; until then see that it comes to an end."""
        journal = self._proposal.on_trial
        if journal is not None and journal.id == order.command.id:
            return self._watch(order, journal)
        there = self._proposal.journal()
        if not order.is_of_an_earlier_start or (there and there.id == order.command.id):
            # Ours to begin yet, or another agent's on the same folder.
            return None
        ended = self._proposal.ended()
        if ended is None or ended.id != order.command.id:
            return failed("the agent ended before it was tried; nothing has changed")
        if ended.why:
            return failed(f"the old configuration is back: {ended.why}")
        # Killed between the broker's word and ours: the files have stayed.
        return done("confirmed")

    def _begin(self, command_id: str, within_s: float, files: dict[str, bytes | None]) -> None:
        try:
            self._proposal.begin(command_id, within_s, files)
        except EdgeAgentError:
            self._proposal.roll_back("it could not be written")
            raise
        self._restart()

    def _watch(self, order: Order, journal: Journal) -> Answer | None:
        if not self._is_told:
            self._is_told = True
            order.say(Answer(Result.ACCEPTED, "the agent works with it; it stays if this is heard"))
            return None
        if order.is_heard:
            self._proposal.confirm()
            return done("confirmed")
        if self._clock.mono() - self._began_mono > journal.within_s:
            why = f"not confirmed within {journal.within_s:g} s"
            self._proposal.roll_back(why)
            self._restart()
            # It waits on the disk until the old configuration's broker takes it.
            return failed(f"the old configuration is back: {why}")
        return None


def _content(name: str, text: str | None) -> bytes | None:
    if not _is_name(name):
        raise RefusedError(f"{name!r} is none of {AGENT_FILE} and {CAMERAS_FOLDER}/CAMERA.toml")
    if text is None and name == AGENT_FILE:
        raise RefusedError(f"without {AGENT_FILE} there is no box")
    return None if text is None else text.encode()


def _is_name(name: str) -> bool:
    path = PurePosixPath(name)
    is_camera = path.parts == (CAMERAS_FOLDER, path.name) and is_word(path.stem)
    return name == AGENT_FILE or (is_camera and name == f"{CAMERAS_FOLDER}/{path.stem}.toml")
