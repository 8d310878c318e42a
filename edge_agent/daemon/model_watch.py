"""Watch a new model until the box does as well with it as before, or go back: once, and for good.

As a new version of the agent is watched (update/watch.py), with each camera asked by itself: what a model
breaks is one camera's analysis more often than all.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from edge_agent.daemon.status import AgentStatus, CameraStatus, ask_status
from edge_agent.errors import EdgeAgentError
from edge_agent.packs.choice import Choice
from edge_agent.packs.on_trial import Before, OnTrial
from edge_agent.packs.store import Store
from edge_agent.runtime.clock import Clock
from edge_agent.update.limits import Limits

log = logging.getLogger(__name__)

LOOK_S = 5.0
# Where nothing moves, pictures come every two seconds and the model looks every 30 s (sweep.py): who
# shows nothing for these does not do what he did before.
_FRAME_S, _MODEL_S = 20.0, 60.0
# What a power cut may make us forget of the time that was spent.
_NOTE_S = 30.0
_NOBODY_YET = "no camera's pictures were looked at yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whether what is missing could be reached at all: a camera by its name, any broker."""

    camera_answers: Callable[[str], bool]
    broker_answers: Callable[[], bool]


def before_of(status: AgentStatus) -> Before:
    """Return what is asked of a new model: what the box does now."""
    return Before(
        cameras=tuple(
            one.id
            for one in status.cameras
            if one.is_streaming and one.analysed_fps > 0 and not one.hung_s
        ),
        is_connected=status.broker.is_connected,
    )


def ask_before(state_dir: Path) -> Before:
    """Return the same, from the running agent; nothing where none answers."""
    try:
        return before_of(ask_status(state_dir))
    except EdgeAgentError:
        return Before()


class Progress:
    """When each camera's analysis last came on, by its counts."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, int]] = {}
        self._frames: dict[str, float] = {}
        self._looks: dict[str, float] = {}

    def note(self, cameras: Mapping[str, CameraStatus], now: float) -> None:
        """Compare with what was noted before."""
        for name, camera in cameras.items():
            frames, looks = self._counts.get(name, (0, 0))
            if camera.analysed_frames > frames:
                self._frames[name] = now
            if camera.looks > looks:
                self._looks[name] = now
            self._counts[name] = (camera.analysed_frames, camera.looks)

    def is_seen(self, name: str, now: float) -> bool:
        """Whether its pictures are analysed."""
        return now - self._frames.get(name, -_FRAME_S) < _FRAME_S

    def is_looked_at(self, name: str, now: float) -> bool:
        """Whether the model looks at its pictures."""
        return now - self._looks.get(name, -_MODEL_S) < _MODEL_S


class ModelWatch:
    """Of one run of the agent. `look` is for one thread."""

    def __init__(self, store: Store, reach: Reach, clock: Clock, limits: Limits) -> None:
        self._store, self._reach, self._clock, self._limits = store, reach, clock, limits
        self._progress = Progress()
        self._well_since: float | None = None
        self._looked_mono = clock.mono()
        self._noted_s = 0.0
        self._said = ""

    def look(self, trial: OnTrial, status: AgentStatus) -> bool:
        """Look once; prove the model, or give it up: tell whether the agent must begin with another one.

        Raises EdgeAgentError where the disk refuses to note that.
        """
        now = self._clock.mono()
        passed_s, self._looked_mono = min(now - self._looked_mono, 2 * LOOK_S), now
        cameras = {one.id: one for one in status.cameras}
        self._progress.note(cameras, now)
        lack, counts = self._shortfall(trial.before, cameras, status, now)
        self._say(lack or "it does as well as the one before", counts=counts)
        if not lack:
            self._praise(trial, passed_s, now)
            return False
        self._well_since = None
        if not counts:
            return False
        spent_s = self._spend(trial, passed_s)
        if spent_s < self._limits.within_s:
            return False
        self._decide(trial, lambda choice: choice.give_up(lack))
        log.error("model %s is given up, back to %s: %s", trial.update.new, trial.update.old, lack)
        return True

    def _shortfall(
        self, before: Before, cameras: Mapping[str, CameraStatus], status: AgentStatus, now: float
    ) -> tuple[str, bool]:
        """Return what the box does worse than before, "" for nothing, and whether that counts."""
        hung = [name for name, camera in cameras.items() if camera.hung_s]
        if hung:
            return f"the analysis of {hung[0]} hangs", True
        # One that was taken out meanwhile is not asked for.
        for name in (one for one in before.cameras if one in cameras):
            if not self._progress.is_seen(name, now):
                return f"the pictures of {name} are not analysed", self._reach.camera_answers(name)
            if not self._progress.is_looked_at(name, now):
                return f"the model does not look at the pictures of {name}", True
        if before.is_connected and not status.broker.is_connected:
            return "the broker is not reached", self._reach.broker_answers()
        if not any(self._progress.is_looked_at(name, now) for name in cameras):
            # A box that was blind before: the model is no worse, and has not shown anything.
            return _NOBODY_YET, False
        return "", False

    def _praise(self, trial: OnTrial, passed_s: float, now: float) -> None:
        self._well_since = now if self._well_since is None else self._well_since
        if now - self._well_since < self._limits.steady_s:
            self._spend(trial, passed_s)
            return
        self._decide(trial, Choice.prove)
        log.info("model %s works; a later one that fails gives way to it", trial.update.new)

    def _decide(self, trial: OnTrial, change: Callable[[Choice], Choice]) -> None:
        # A technician may have chosen another one meanwhile: that one is not ours to judge.
        self._store.save(lambda saved: change(saved) if saved.wanted == trial.wanted else saved)

    def _spend(self, trial: OnTrial, passed_s: float) -> float:
        """Count the time; not every look is worth a write, and the way back does not wait for one."""
        self._noted_s += passed_s
        spent_s = trial.spent_s + self._noted_s
        if self._noted_s >= _NOTE_S:
            try:
                self._store.note_trial(replace(trial, spent_s=spent_s))
                self._noted_s = 0.0
            except EdgeAgentError as failure:
                log.warning("the trial of a new model is not noted: %s", failure.report())
        return spent_s

    def _say(self, what: str, *, counts: bool) -> None:
        """Say what changes, once."""
        if what != self._said:
            log.info("new model: %s%s", what, "; the time runs" if counts else "")
            self._said = what
