"""The thread that sees to the box's model: tells what became of the last one, watches a new one, takes what came.

One change at a time: nothing is judged and nothing is taken while a new version of the agent is watched, or
a configuration of the center is on trial, which a restart would end.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from edge_agent.config.settings import Settings
from edge_agent.daemon.model_offer import FOLDER, ModelOffer
from edge_agent.daemon.model_start import ModelStart
from edge_agent.daemon.model_watch import LOOK_S, ModelWatch, Reach, before_of
from edge_agent.daemon.status import AgentStatus
from edge_agent.daemon.update_watch import UpdateWatch
from edge_agent.domain.update import Update
from edge_agent.errors import EdgeAgentError
from edge_agent.packs.store import Store
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop
from edge_agent.update.limits import Limits
from edge_agent.update.reach import broker_answers, this_camera_answers

log = logging.getLogger(__name__)

_TOLD_FILE = "model_told.json"


class ModelLoop:
    """Runs until told to stop. `update` and `problem` are for the status."""

    def __init__(  # noqa: PLR0913 (what service.py hands over, by name)
        self,
        *,
        settings: Settings,
        start: ModelStart,
        keep: Callable[[Update], None],
        restart: Callable[[], None],
        clock: Clock,
        stop: Stop,
        limits: Limits,
        is_trying: Callable[[], bool] = lambda: False,
        offers: Path = FOLDER,
    ) -> None:
        """`is_trying` tells whether a configuration is on trial."""
        self._is_trying = is_trying
        self._start, self._restart = start, restart
        self._clock, self._stop, self._limits = clock, stop, limits
        store = self._store = Store(settings.state_dir)
        reach = Reach(
            camera_answers=lambda name: this_camera_answers(settings.folder, name),
            broker_answers=lambda: broker_answers(settings.folder),
        )
        self._watch = ModelWatch(store, reach, clock, limits)
        self._offer = ModelOffer(settings, store, clock, offers)
        self._ends = UpdateWatch(
            clock, settings.state_dir, keep, store.folder, _TOLD_FILE, every_s=0.0
        )
        self._began_mono = clock.mono()

    @property
    def update(self) -> Update | None:
        """The latest change of model; None where none was watched."""
        return self._ends.update

    @property
    def problem(self) -> str:
        """What somebody should see to; "" is nothing."""
        return self._offer.problem or self._start.problem

    def run(self, status: Callable[[], AgentStatus]) -> None:
        """Go round until told to stop."""
        self._ends.look()
        while not self._stop.wait(LOOK_S):
            self.run_once(status)

    def run_once(self, status: Callable[[], AgentStatus]) -> None:
        """Look once at everything, and begin anew where the model is to change."""
        try:
            if self._turn(status):
                self._restart()
            self._store.settle(self._clock.wall())
        except EdgeAgentError as failure:
            log.warning("the box's models cannot be seen to: %s", failure.report())
        self._start.remember_failure()
        self._ends.look()

    def _turn(self, status: Callable[[], AgentStatus]) -> bool:
        """Tell whether another model is to be used."""
        if self._start.is_updating() or self._is_trying():
            return False
        if self._start.is_waiting:
            return True
        self._store.settle(self._clock.wall())
        trial = self._store.on_trial()
        if trial and trial.is_going_on:
            return trial.wanted == self._start.model and self._watch.look(trial, status())
        # Who has just begun has not shown yet what it can: a new model would be asked for too little.
        if self._clock.mono() - self._began_mono < self._limits.steady_s:
            return False
        return self._offer.look(lambda: before_of(status()))
