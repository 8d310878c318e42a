"""One camera's watcher thread: newest frame → pipeline → spool."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from edge_agent.daemon.observer import Observer
from edge_agent.domain.alert import Alert
from edge_agent.domain.frame import Frame
from edge_agent.domain.trouble import Trouble
from edge_agent.duty import Duty
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.size_file import SizeFile
from edge_agent.onvif.camera_word import CameraWord
from edge_agent.onvif.events import CameraEvent
from edge_agent.pipeline import Pipeline, Seen
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.pace import Pace
from edge_agent.runtime.rate import Rate
from edge_agent.runtime.stop import Stop
from edge_agent.video.attention import Attention

log = logging.getLogger(__name__)

# How long a stop may go unnoticed while no frame comes.
_WAIT_S = 0.5
# Motion, or doubt about who is there, keeps every frame coming for this long: key frames alone come
# too rarely to confirm who stands still, or to find again who was missed once.
_HOLD_S = 4.0
# Without a frame for this long the camera is dark, and open visits end as of its last frame.
_DARK_S = 10.0
# What moves should not wait for a look for longer: who crosses a street needs about as much.
_LONG_WAIT_S = 5.0
# Frames over which looks are averaged: ten seconds at five a second.
_LOOK_FRAMES = 50
# Alerts kept in memory while the disk refuses them; at one visit every ten seconds, 20 minutes.
_MOST_UNKEPT = 120


class Keeper(Protocol):
    """Where alerts become safe (the spool)."""

    def append(self, alert: Alert) -> None:
        """Keep it; it is on disk when this returns. Raises EdgeAgentError when refused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WatcherState:
    """What `edge-agent status` says of the analysis."""

    frames_per_second: float = 0.0
    dropped_frames: int = 0
    looks_per_second: float = 0.0
    # Since the start; whoever sees them stand still knows that nothing is analysed.
    frames: int = 0
    looks: int = 0
    # Looks at what moves or is followed that had to wait for another frame, and frames in which
    # somebody had been waiting for too long.
    refused_looks: int = 0
    late_frames: int = 0
    # For how long light or camera have been changing everywhere, so that nobody can tell what moves
    # and the whole picture counts as moving; 0.0: they are not. And how long in all since the start.
    changing_s: float = 0.0
    changed_s: float = 0.0
    tracks: int = 0
    alerts: int = 0
    last_alert_wall: float | None = None
    # What the camera says is wrong with itself; "" is nothing, or that it does not tell.
    says: str = ""
    # Reports of the camera that came while this thread was busy, and were too many.
    dropped_events: int = 0
    # When this thread last went round, monotonic; the watchdog wants to know.
    beat_mono: float = 0.0


class CameraLoop:
    """Watches until told to stop. `state` is replaced as a whole, never changed."""

    def __init__(  # noqa: PLR0913 (what assemble.py hands over, by name)
        self,
        *,
        frames: Mailbox[Frame],
        events: Mailbox[CameraEvent],
        pipeline: Pipeline,
        attention: Attention,
        spool: Keeper,
        nudge: Callable[[], None],
        sizes: SizeFile | None = None,
        observer: Observer | None = None,
        frames_per_second: float,
        clock: Clock,
        stop: Stop,
    ) -> None:
        self.state = WatcherState(beat_mono=clock.mono())
        self._frames = frames
        self._events = events
        self._word = CameraWord()
        self._pipeline = pipeline
        self._attention = attention
        self._spool = spool
        self._nudge = nudge
        self._sizes = sizes
        self._observer = observer
        # What it is to watch for from now on: the latest word counts.
        self._duties: Mailbox[tuple[Duty, Observer | None]] = Mailbox()
        self._looks: deque[int] = deque(maxlen=_LOOK_FRAMES)
        self._pace = Pace(frames_per_second)
        self._clock = clock
        self._stop = stop
        self._rate = Rate()
        self._unkept: deque[Alert] = deque()
        self._frame_mono = clock.mono()
        # What the center may be shown; replaced as a whole.
        self.latest: Frame | None = None

    def run(self) -> None:
        """Watch until told to stop, then end what is open and keep what is not kept yet."""
        while not self._stop.is_told:
            self.run_once()
        self._finish()
        self._report(self._word.finish(self._clock.mono()))
        self._keep()
        if self._sizes:
            self._sizes.keep()

    def take_on(self, duty: Duty, observer: Observer | None) -> None:
        """Watch for this from the next round on, and tell what is seen that way. For any thread."""
        self._duties.put((duty, observer))

    def run_once(self) -> None:
        """Wait for one frame, for at most half a second, and see it through."""
        self._change()
        frame = self._frames.get(_WAIT_S)
        now = self._clock.mono()
        self.state = replace(self.state, beat_mono=now, dropped_frames=self._frames.dropped)
        if frame is not None and self._pace.is_its_turn(frame.taken_at):
            self._see(frame, now)
        if frame is not None:
            self._frame_mono = now
        elif now - self._frame_mono > _DARK_S:
            self._finish()
            self.state = replace(self.state, changing_s=0.0)
        self._heed(now)
        if self._unkept:
            self._keep()
        if self._sizes:
            self._sizes.keep_now_and_then()

    def _change(self) -> None:
        """Take on the latest duty, if there is a new one."""
        news = self._duties.get(0.0)
        if news is None:
            return
        duty, observer = news
        self._count(self._pipeline.take_on(duty))
        if observer is None or self._observer is None or observer.every_s != self._observer.every_s:
            if self._observer:
                self._observer.finish()
            self._observer = observer

    def _see(self, frame: Frame, now: float) -> None:
        seen = self._pipeline.watch(frame)
        self._note(seen, now)
        if self._observer:
            self._observer.take(frame, seen)

    def _note(self, seen: Seen, now: float) -> None:
        self.latest = seen.frame
        if seen.motion.areas or seen.is_in_doubt:
            self._attention.hold(_HOLD_S)
        self._count(seen.alerts)
        is_late = seen.waited_s > _LONG_WAIT_S
        if is_late:
            log.warning("something that moves waits too long for a look: too much moves at once")
        changing_s, before_s = seen.motion.changing_s, self.state.changing_s
        if changing_s and not before_s:
            log.warning("the whole picture goes on changing: nobody can tell what moves there")
        self._looks.append(len(seen.crops))
        frames_per_second = self._rate.tick(now)
        self.state = replace(
            self.state,
            frames_per_second=frames_per_second,
            frames=self.state.frames + 1,
            looks=self.state.looks + len(seen.crops),
            looks_per_second=frames_per_second * sum(self._looks) / len(self._looks),
            refused_looks=self.state.refused_looks + seen.refused_looks,
            late_frames=self.state.late_frames + is_late,
            changing_s=changing_s,
            changed_s=self.state.changed_s + max(0.0, changing_s - before_s),
            tracks=len(seen.scene.tracks),
        )

    def _heed(self, now: float) -> None:
        """Take in what the camera reported meanwhile: motion wakes, trouble is an alert."""
        while (event := self._events.get(0.0)) is not None:
            self._word.take(event, now)
        if self._word.is_waking(now):
            self._attention.hold(_HOLD_S)
        self._report(self._word.judge(now))
        self.state = replace(
            self.state, says=self._word.standing(now), dropped_events=self._events.dropped
        )

    def _report(self, troubles: Sequence[Trouble]) -> None:
        wall = self._clock.wall()
        self._count([self._pipeline.report(trouble, wall) for trouble in troubles])

    def _finish(self) -> None:
        self._count(self._pipeline.finish())
        if self._observer:
            self._observer.finish()

    def _count(self, alerts: Sequence[Alert]) -> None:
        self._unkept.extend(alerts)
        if alerts:
            self.state = replace(
                self.state,
                alerts=self.state.alerts + len(alerts),
                last_alert_wall=self._clock.wall(),
            )

    def _keep(self) -> None:
        """Bring alerts to the disk, oldest first; what it refuses waits in memory, counted."""
        try:
            while self._unkept:
                self._spool.append(self._unkept[0])
                alert = self._unkept.popleft()
                log.info("alert %s revision %d kept", alert.id, alert.revision)
                self._nudge()
        except EdgeAgentError as error:
            log.error("alerts wait in memory: %s", error.report())  # noqa: TRY400 (not a defect)
            while len(self._unkept) > _MOST_UNKEPT:
                lost = self._unkept.popleft()
                log.error("alert %s revision %d is lost", lost.id, lost.revision)  # noqa: TRY400 (as above)
