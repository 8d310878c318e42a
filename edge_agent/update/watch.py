"""Watch a new version until it has proven itself, or put the old one back: once, and for good.

Every step is on the disk before it is done, so after a power cut the next boot goes on with it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from edge_agent.domain.update import TRIAL_FILE, Phase
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop
from edge_agent.update import packages
from edge_agent.update.condition import Condition, shortfall
from edge_agent.update.dpkg import Dpkg
from edge_agent.update.limits import Limits
from edge_agent.update.places import Places
from edge_agent.update.refused import refuse
from edge_agent.update.trial import Trial, read_trial, write_trial

log = logging.getLogger(__name__)

LOOK_S = 5.0
# What a power cut may make us forget of the time that was spent.
_NOTE_S = 30.0
# Somebody may be at it, between two commands.
_HANDS_OFF_S = 60.0
# The disk is full, or somebody else installs: later it may go. Each try is half a minute at least.
_MOST_TRIES = 10
_RETRY_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Whom the watcher asks: about the agent, and whether cameras and broker can be reached."""

    condition: Callable[[], Condition]
    camera_answers: Callable[[], bool]
    broker_answers: Callable[[], bool]


class Watch:
    """One trial. `run` belongs to one process; another one may write a newer trial meanwhile."""

    def __init__(
        self,
        *,
        places: Places,
        dpkg: Dpkg,
        agent: Agent,
        clock: Clock,
        stop: Stop,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
    ) -> None:
        self._places, self._dpkg, self._agent = places, dpkg, agent
        self._clock, self._stop = clock, stop
        self._limits = limits
        self._file = places.folder / TRIAL_FILE
        # Since when, and in which process, it has done as well as the old one.
        self._well_since: tuple[float, str] | None = None
        self._looked_mono = clock.mono()
        self._noted_s = 0.0
        self._said = ""
        self._broken_since: float | None = None
        self._has_finished = False
        self._tries = 0

    def run(self) -> bool:
        """Go on until it is over; tell whether it is, and not we who were told to stop."""
        while not (is_over := self.run_once()) and not self._stop.is_told:
            self._stop.wait(_RETRY_S if self._tries else LOOK_S)
        return is_over

    def run_once(self) -> bool:
        """Look once, and do what is to be done; tell whether it is over."""
        trial = read_trial(self._file)
        now = self._clock.mono()
        passed_s, self._looked_mono = now - self._looked_mono, now
        if trial is None or trial.update.phase.is_over:
            return True
        if self._dpkg.is_busy():
            self._well_since = None
            return False
        installed = self._dpkg.installed()
        if trial.update.phase is Phase.GOING_BACK:
            ours = {trial.update.old, trial.update.new}
            is_anothers = installed.is_whole and installed.version not in ours
            return self._leave(trial) if is_anothers else self._go_back(trial)
        if not installed.is_whole:
            return self._finish(trial)
        self._broken_since = None
        if installed.version == trial.update.old:
            return self._leave(trial)
        if installed.version != trial.update.new:
            # Another one came, and nobody told us: it has to prove itself like this one.
            trial = replace(trial, update=replace(trial.update, new=installed.version))
            self._write(trial)
        return self._judge(trial, passed_s)

    def _leave(self, trial: Trial) -> bool:
        """End without a word to the center: it never came, or a person has decided otherwise."""
        log.info("%s is not installed: nothing to watch", trial.update.new)
        self._file.unlink(missing_ok=True)
        return True

    def _judge(self, trial: Trial, passed_s: float) -> bool:
        now = self._agent.condition()
        lack, counts = shortfall(
            trial,
            now,
            camera_answers=self._agent.camera_answers,
            broker_answers=self._agent.broker_answers,
        )
        if not lack:
            return self._praise(trial, now, passed_s)
        self._well_since = None
        self._say(lack, counts=counts)
        if not counts:
            return False
        trial = self._spend(trial, passed_s)
        if trial.spent_s < self._limits.within_s:
            return False
        return self._give_up(trial, lack)

    def _praise(self, trial: Trial, now: Condition, passed_s: float) -> bool:
        mono = self._clock.mono()
        if self._well_since is None or self._well_since[1] != now.start:
            self._well_since = (mono, now.start)
            self._say("it does as well as the one before", counts=False)
        if mono - self._well_since[0] >= self._limits.steady_s:
            return self._end(trial, Phase.KEPT)
        self._spend(trial, passed_s)
        return False

    def _spend(self, trial: Trial, passed_s: float) -> Trial:
        # A box that slept has not watched; and not every look is worth a write.
        self._noted_s += min(passed_s, 2 * LOOK_S)
        spent = replace(trial, spent_s=trial.spent_s + self._noted_s)
        if self._noted_s >= _NOTE_S or spent.spent_s >= self._limits.within_s:
            self._write(spent)
            self._noted_s = 0.0
        return spent

    def _finish(self, trial: Trial) -> bool:
        """Let dpkg come to its end, once; a version that cannot be configured has had its chance."""
        now = self._clock.mono()
        self._broken_since = self._broken_since or now
        if now - self._broken_since < _HANDS_OFF_S:
            return False
        if self._has_finished:
            return self._give_up(trial, "dpkg cannot finish its installation")
        log.info("dpkg has not come to its end with %s: it is asked to", trial.update.new)
        self._has_finished = True
        self._dpkg.finish()
        return False

    def _give_up(self, trial: Trial, why: str) -> bool:
        log.error("%s is given up, back to %s: %s", trial.update.new, trial.update.old, why)
        turned = _turned(trial, Phase.GOING_BACK, why, self._clock.wall())
        self._write(turned)
        return self._go_back(turned)

    def _go_back(self, trial: Trial) -> bool:
        update = trial.update
        try:
            # First: were it last, a power cut could let apt take the same version again.
            refuse(self._places.refused, update.new)
        except OSError as error:
            log.warning("cannot refuse %s from now on: %s", update.new, error.strerror)
        package = packages.find(self._places.packages, update.old)
        if package is None:
            return self._end(
                trial, Phase.STUCK, f"{update.why}; no package of {update.old} is here"
            )
        self._dpkg.install(package)
        installed = self._dpkg.installed()
        if installed.is_whole and installed.version == update.old:
            return self._end(trial, Phase.ROLLED_BACK, update.why)
        self._tries += 1
        log.warning("%s could not be installed again, try %d", update.old, self._tries)
        if self._tries < _MOST_TRIES:
            return False
        return self._end(
            trial, Phase.STUCK, f"{update.why}; {update.old} cannot be installed again"
        )

    def _end(self, trial: Trial, phase: Phase, why: str = "") -> bool:
        ended = _turned(trial, phase, why, self._clock.wall())
        packages.forget(
            self._places.packages, but={self._dpkg.installed().version, trial.update.old}
        )
        log.info("%s: %s %s", trial.update.new, phase, why)
        # What nobody knows the end of is looked at again.
        return self._write(ended)

    def _write(self, trial: Trial) -> bool:
        """Note how far it is; tell whether that could be done. The way back does not wait for it."""
        try:
            write_trial(self._file, trial)
        except EdgeAgentError as error:
            log.warning("the trial of a new version is not noted: %s", error.report())
            return False
        return True

    def _say(self, what: str, *, counts: bool) -> None:
        """Say what changes, once."""
        if what != self._said:
            log.info("%s%s", what, "; the time runs" if counts else "")
            self._said = what


def _turned(trial: Trial, phase: Phase, why: str, wall: float) -> Trial:
    return replace(trial, update=replace(trial.update, phase=phase, why=why, since_wall=wall))
