"""Begin with the chosen model, and go back to the last good one where that cannot be done.

A model that ends the process (SIGILL, no memory) leaves no message: each start with one that is not
proven is counted on disk first, and after three of them the box goes back, too. How it does once it runs
is model_watch.py's.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edge_agent.config.settings import Settings
from edge_agent.daemon.assemble import CameraAssembly, make_detector
from edge_agent.daemon.update_watch import is_on_trial
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.options import ObjectOptions
from edge_agent.packs.choice import MOST_STARTS, Choice
from edge_agent.packs.store import Store
from edge_agent.runtime.clock import Clock

log = logging.getLogger(__name__)


class ModelStart:
    """Which model the agent begins with, and what came of it. `problem` is for the status."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        examine: Callable[[Path], None] | None = None,
        is_updating: Callable[[], bool] = is_on_trial,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._examine = examine or _examine
        self._store = Store(settings.state_dir)
        self._choice = Choice()
        self.is_updating = is_updating
        self.problem = ""
        # The chosen model waits until the agent's own new version is kept or gone.
        self.is_waiting = False

    def assemble(self) -> CameraAssembly:
        """Return cameras with the chosen model, the last good one, or the site file's.

        Raises EdgeAgentError where not even the last of these can be used.
        """
        if is_pinned(self._settings):
            return CameraAssembly(self._settings, self._clock)
        try:
            self._choice = self._store.choice()
        except EdgeAgentError as damaged:
            # A defect would have its stack shown; this is told once, with the next step.
            log.error("no model is chosen any more: %s", damaged.report())  # noqa: TRY400 (above)
        self._wait_for_update()
        while self._choice.wanted:
            try:
                return self._begin(self._choice.wanted)
            except EdgeAgentError as failure:
                self._give_up(failure)
        self.remember_failure()
        return CameraAssembly(self._settings, self._clock)

    @property
    def model(self) -> str:
        """What the agent began with, as the choice names it."""
        return self._choice.wanted

    def remember_failure(self) -> None:
        """Show in the status what was given up, until a model is chosen again."""
        if is_pinned(self._settings):
            return
        try:
            choice = self._store.choice()
        except EdgeAgentError:
            choice = self._choice
        choice = choice if choice.failed else self._choice
        gone = f"{choice.failed} was given up: {choice.failure}"
        self.problem = gone if choice.failed else ""

    def end_well(self) -> None:
        """Note that the agent was told to end, and did."""
        if not self._choice.is_proven:
            self._note(Choice.end_well)

    def _wait_for_update(self) -> None:
        """Begin with what is proven while a new version of the agent is watched: one change at a time.

        Else nobody could tell which of the two it was.
        """
        if not self._choice.is_proven and self.is_updating():
            log.info("the new model waits until the agent's new version has proven itself")
            self.is_waiting = True
            self._choice = Choice(wanted=self._choice.good, good=self._choice.good)

    def _begin(self, model: str) -> CameraAssembly:
        if self._choice.starts >= MOST_STARTS:
            raise EdgeAgentError(
                f"the agent died {self._choice.starts} times soon after it began with it",
                hint="see how:  journalctl -u edge-agent;  try it alone:  edge-agent model verify",
            )
        self._note(Choice.begin)
        folder = self._store.check(model, self._settings.packs.signing_keys)
        if not self._choice.is_proven:
            self._examine(folder)
        assembly = CameraAssembly(_with_model(self._settings, folder), self._clock)
        if self._choice.is_proven:
            # An update of edge-agent or of its runtime may have left this model behind.
            make_detector(assembly.card, self._settings.objects)
        self.remember_failure()
        return assembly

    def _give_up(self, failure: EdgeAgentError) -> None:
        model = self._choice.wanted
        why = failure.report().partition("\n")[0]
        if not self._note(lambda choice: choice.give_up(why)):
            self._choice = self._choice.give_up(why)
        back = self._choice.wanted or self._settings.objects.model
        log.error("model %s is given up, back to %s: %s", model, back, failure.report())

    def _note(self, change: Callable[[Choice], Choice]) -> bool:
        """Change what is on disk; tell whether it could be. Watching goes on in any case."""
        model = self._choice.wanted
        try:
            # A technician may have chosen another one meanwhile: that start is not ours to note.
            self._store.save(lambda saved: change(saved) if saved.wanted == model else saved)
        except EdgeAgentError as failure:
            log.warning("cannot note how model %s does: %s", model, failure.report())
            return False
        self._choice = change(self._choice)
        return True


def is_pinned(settings: Settings) -> bool:
    """Tell whether the site file names a model of its own: then it decides, not `model use`."""
    return settings.objects.model != ObjectOptions().model


def with_chosen_model(settings: Settings) -> Settings:
    """Return the settings with the model that the agent would begin with, if it works."""
    store = Store(settings.state_dir)
    model = "" if is_pinned(settings) else store.choice().wanted
    if not model:
        return settings
    return _with_model(settings, store.check(model, settings.packs.signing_keys))


def _with_model(settings: Settings, folder: Path) -> Settings:
    return replace(settings, objects=replace(settings.objects, model=str(folder)))


def _examine(folder: Path) -> None:
    # In this process: what a child can do, its parent may not be let to (memory, system calls).
    from edge_agent.packs.examine import examine  # noqa: PLC0415 (a proven model needs none)

    # What was allowed when it was installed is not asked again.
    examine(folder, allow_float=True)
