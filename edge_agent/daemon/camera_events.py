"""One ONVIF device's events thread: subscribe, fetch, hand over; and ask its clock hourly.

A camera is never hammered: waits grow, one that falls silent under subscriptions is left alone
for an hour, and a refused password is not tried again. Nothing here touches the video.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge_agent.daemon.camera_clock import CameraClock
from edge_agent.daemon.events_patience import GOOD_S, EventsPatience
from edge_agent.daemon.listening import Listening
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.device import Device, Services, read_device, read_services
from edge_agent.onvif.events import CameraEvent
from edge_agent.onvif.exchange import DEADLINE_S, StoppedError
from edge_agent.onvif.line import FaultError, Line, PasswordRefusedError
from edge_agent.onvif.pull_point import PULL_S, PullPoint, is_unknown, subscribe
from edge_agent.onvif.video_sources import VideoSources, read_video_sources
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.stop import Stop

log = logging.getLogger(__name__)

# Saying goodbye must fit into the five seconds in which the agent ends.
_GOODBYE_S = 2.0
# A subscription that was over before this is not made anew at once.
_SHORT_S = 10.0
# How long a new address may go unnoticed while a camera is left alone.
_HEED_S = 5.0
# A refusal has another reason than the password if the camera's clock has moved by this much; and
# a digest by the old clock will be refused soon.
_CLOCK_MOVED_S = 2.0
# Between two questions for its firmware; some cameras end subscriptions every minute.
_ASK_AGAIN_S = 3600.0
OFF, ON, NOT_OFFERED = "off", "on", "not offered"


@dataclass(frozen=True, slots=True)
class Listener:
    """One camera that wants to hear: which source of the device it is, and where to."""

    source: str
    events: Mailbox[CameraEvent]


@dataclass(frozen=True, slots=True)
class EventsState:
    """What `edge-agent status` says: "on", "off", "not offered", "trying", "trying: …", "given up: …"."""

    word: str
    # Notifications since the start, those about other channels of a recorder included.
    count: int = 0


class CameraEvents:
    """Listens until told to stop. `state` and `address` are replaced as a whole, never changed."""

    def __init__(
        self,
        *,
        address: Address,
        credentials: Credentials | None,
        clock: Clock,
        stop: Stop,
        pull_s: float = PULL_S,
    ) -> None:
        self.address = address
        self.state = EventsState(OFF)
        self.camera_clock = CameraClock(clock, stop)
        # What it says of itself, and when it was asked last.
        self.device: Device | None = None
        self._asked_mono = -_ASK_AGAIN_S
        self._credentials = credentials
        # Replaced as a whole, never changed.
        self._listeners: tuple[Listener, ...] = ()
        self._clock = clock
        self._stop = stop
        self._pull_s = pull_s
        self._patience = EventsPatience()
        self._retry_mono = clock.mono()
        self._tried = address
        self._said = ""
        # What we signed with when the camera refused our password; None: it did not.
        self._refused_offset_s: float | None = None

    def add(self, listener: Listener) -> None:
        """Listen for one more camera of this device; the main thread may, at any time."""
        self._listeners = (*self._listeners, listener)
        if self.state.word == OFF:
            self._note("trying")

    def drop(self, listener: Listener) -> None:
        """Listen for this camera no longer; the main thread may, at any time."""
        self._listeners = tuple(one for one in self._listeners if one is not listener)

    def leave(self) -> None:
        """End: no camera belongs to this device any more."""
        self._stop.tell()

    def run(self) -> None:
        """Listen until told to stop, then give the camera its place back, within three seconds."""
        try:
            while not self._stop.is_told:
                self._stop.wait(min(self.run_once(), _HEED_S))
        except StoppedError:
            return

    def run_once(self) -> float:
        """Listen as long as it goes well; return after how many seconds to come again.

        Raise StoppedError.
        """
        self.camera_clock.ask_if_due(self.address)
        if not self._listeners:
            self._note(OFF)
            return self.camera_clock.wait_s
        if self.address != self._tried:
            self._tried, self._retry_mono = self.address, self._clock.mono()
            self._refused_offset_s = None
        if self._clock.mono() >= self._retry_mono:
            self._retry_mono = self._try() + self._clock.mono()
        return min(self.camera_clock.wait_s, self._retry_mono - self._clock.mono())

    def note_defect(self) -> None:
        """Say that this thread died; the camera is watched all the same.

        Nobody asks its clock any more, so nobody knows it.
        """
        self.camera_clock = CameraClock(self._clock, self._stop)
        self._note("given up: a defect of ours, see the journal")

    def _try(self) -> float:
        """Listen as long as it goes well; return how long to leave the camera alone."""
        if self._is_refused_still():
            return self._patience.after_giving_up()
        signed_s = self._offset_s
        try:
            return self._listen(self._line(self._stop))
        except StoppedError:
            raise
        except PasswordRefusedError as refusal:
            self._refused_offset_s = signed_s
            # Perhaps it was the clock, which jumped.
            self.camera_clock.ask(self.address)
            if not self._is_refused_still():
                return self._fail("trying", refusal, self._patience.after_failure())
            return self._fail("given up", refusal, self._patience.after_giving_up())
        except EdgeAgentError as error:
            return self._fail("trying", error, self._patience.after_failure())

    def _is_refused_still(self) -> bool:
        before_s = self._refused_offset_s
        return before_s is not None and not self._has_moved(before_s)

    def _has_moved(self, before_s: float) -> bool:
        return abs(self._offset_s - before_s) >= _CLOCK_MOVED_S

    def _listen(self, line: Line) -> float:
        services = read_services(line)
        if not services.events_url:
            self._ask_firmware()
            self._note(NOT_OFFERED)
            return self._patience.after_giving_up()
        sources = self._sources(line, services)
        try:
            point = subscribe(line, services.events_url, self._camera_wall)
        except FaultError as fault:
            # No place left, most likely; one may become free.
            if not is_unknown(fault):
                raise
            return self._fail("given up", fault, self._patience.after_giving_up())
        except (StoppedError, PasswordRefusedError):
            raise
        except EdgeAgentError as error:
            # It answered a moment ago. onvif_srvd announces events and hangs up on them.
            if not self._patience.is_hopeless():
                raise
            return self._fail("given up", error, self._patience.after_giving_up())
        return self._stay(point, sources)

    def _ask_firmware(self) -> None:
        """Ask who it is; nothing else depends on it. A new firmware comes with a new subscription."""
        if self._clock.mono() - self._asked_mono < _ASK_AGAIN_S:
            return
        self._asked_mono = self._clock.mono()
        try:
            self.device = read_device(self._line(self._stop))
        except StoppedError:
            raise
        except EdgeAgentError as error:
            log.info("it does not tell its firmware: %s", error.what)

    def _stay(self, point: PullPoint, sources: VideoSources) -> float:
        """Fetch until it fails or has to begin anew, then give the place back."""
        listening = Listening(point, self._clock, self._stop, self._pull_s)
        pause_s = 0.0
        try:
            # By now it has taken our password.
            self._ask_firmware()
            self._fetch(listening, sources)
        except StoppedError:
            self._leave(point)
            raise
        except PasswordRefusedError:
            # A goodbye would be the next wrong password.
            raise
        except EdgeAgentError as error:
            patience = self._patience
            wait_s = patience.after_freeze if listening.has_frozen else patience.after_failure
            pause_s = self._fail("trying", error, wait_s())
        self._leave(point)
        return pause_s if listening.age_s >= _SHORT_S else pause_s or self._patience.after_failure()

    def _fetch(self, listening: Listening, sources: VideoSources) -> None:
        offset_s, listeners = self._offset_s, self._listeners
        while not self._stop.is_told and not listening.is_over:
            events = listening.turn()
            self._patience.note_success(listening.age_s)
            if listening.age_s >= GOOD_S:
                self._said = ""
            self._hand_over(events, sources)
            self.camera_clock.ask_if_due(self.address)
            if self._has_moved(offset_s) or self.address != self._tried:
                return
            # Another camera of this device, perhaps with a channel to be told from others.
            if listeners is not self._listeners:
                return

    def _hand_over(self, events: Sequence[CameraEvent], sources: VideoSources) -> None:
        if self.state.word != ON:
            log.info("listens to what the camera itself reports")
        self.state = EventsState(ON, self.state.count + len(events))
        for listener in self._listeners:
            for event in events:
                if sources.concerns(event, listener.source):
                    listener.events.put(event)

    def _leave(self, point: PullPoint) -> None:
        try:
            point.leave(self._line(None))
        except EdgeAgentError as error:
            # It is gone already, or the camera is; in a minute it will be for certain.
            log.info("no goodbye: %s", error.what)

    def _line(self, stop: Stop | None) -> Line:
        """Return a line; without `stop` one for a last word after the stop.

        Nobody looks on here: whoever has the camera's address by now gets digests only.
        """
        return Line(
            self._tried,
            self._credentials,
            clock=self._clock,
            clock_offset_s=self._offset_s,
            deadline_s=DEADLINE_S if stop else _GOODBYE_S,
            stop=stop,
            may_show_password=False,
        )

    def _sources(self, line: Line, services: Services) -> VideoSources:
        if not any(listener.source for listener in self._listeners):
            return VideoSources({})
        return read_video_sources(line, services)

    @property
    def _offset_s(self) -> float:
        return self.camera_clock.offset_s or 0.0

    def _camera_wall(self) -> float:
        return self._clock.wall() + self._offset_s

    def _fail(self, state: str, error: EdgeAgentError, pause_s: float) -> float:
        """Say once why there are no events, and return how long to leave the camera alone."""
        self._note(f"{state}: {error.what}")
        if error.what != self._said:
            self._said = error.what
            log.warning("no events from it: %s", error.report())
        return pause_s

    def _note(self, word: str) -> None:
        self.state = replace(self.state, word=word)
