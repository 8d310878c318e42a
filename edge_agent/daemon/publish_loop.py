"""The publisher thread: from the spool to the broker, in order, until the broker has it.

What the spool holds is the truth. The link is fed only while it is connected, and from the oldest
alert on after each new connection; an alert leaves the disk when the broker acknowledged it and
its picture.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from edge_agent.errors import EdgeAgentError
from edge_agent.mqtt.link import Fate, Link, Outcome
from edge_agent.runtime.backoff import Backoff
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop
from edge_agent.spool.file import SpoolDamagedError
from edge_agent.spool.spool import Spool
from edge_agent.wire.answers import LinkLostError

log = logging.getLogger(__name__)

# How long a turn of the link may last when nothing happens; a nudge ends it early.
_TURN_S = 0.5
# Between tries to connect: first, and at most (notes of the messaging study, section 4).
_FIRST_RETRY_S, _LAST_RETRY_S = 1.0, 120.0
# A connection that held for this long was a good one: begin with short waits again.
_GOOD_S = 60.0
# Between questions whether somebody listens by now. A question is one alert without its picture.
_FIRST_PROBE_S, _LAST_PROBE_S = 2.0, 60.0
# Name look-ups cannot be interrupted and dead name servers take their time; the watchdog waits.
_CONNECT_PATIENCE_S = 60.0
# Between two words on the cameras: one that comes and goes must not fill a mobile link.
_CAMERAS_GAP_S = 10.0
# The broker says "Not authorized" at most; its log says which rule.
_REFUSED_HINT = (
    "check at the broker what this box may send: its access rules (ACL), its size limits"
)
_GOODBYE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerState:
    """How it stands with the broker, for `edge-agent status`."""

    is_connected: bool = False
    # When it became so, by the box's clock; None before the first connection.
    since_wall: float | None = None
    last_error: str = ""
    # Alerts delivered since the start.
    sent: int = 0
    # When the loop last went round, by the monotonic clock; ahead of it while it may take long.
    beat_mono: float = 0.0


class PublishLoop:
    """Delivers the spool. `run` belongs to one thread; the other public methods are for any."""

    def __init__(self, spool: Spool, link: Link, clock: Clock, stop: Stop) -> None:
        self._spool = spool
        self._link = link
        self._clock = clock
        self._stop = stop
        self._state = BrokerState(beat_mono=clock.mono())
        self._session: int | None = None
        self._retries = Backoff(_FIRST_RETRY_S, _LAST_RETRY_S)
        self._retry_at_mono = 0.0
        self._connected_mono = 0.0
        self._probes = Backoff(_FIRST_PROBE_S, _LAST_PROBE_S)
        self._probe_at_mono = 0.0
        self._is_probing = False
        # The greatest number given to the link; back to 0 where something has to go again.
        self._cursor = 0
        self._must_rewind = False
        # Delivered, but still on disk because the disk refused.
        self._delivered: set[int] = set()
        # How the cameras are, what of it the center was told last, and when of a change.
        self._cameras: Mapping[str, str] = {}
        self._told_cameras: Mapping[str, str] = {}
        self._told_mono = -_CAMERAS_GAP_S

    def run(self) -> None:
        """Publish until told to stop, then say so to the broker and leave, within two seconds.

        Raises SpoolDamagedError: only opening the spool anew, that is a restart, heals it.
        """
        while not self._stop.is_told:
            self.run_once()
        self._link.say_goodbye(_GOODBYE_S)

    def run_once(self) -> None:
        """Connect if need be, feed the link, and take in what the broker said."""
        now = self._clock.mono()
        self._state = replace(self._state, beat_mono=now)
        if not self._link.is_connected and now < self._retry_at_mono:
            self._stop.wait(min(_TURN_S, self._retry_at_mono - now))
            return
        try:
            if not self._link.is_connected:
                self._connect()
            self._tell_changes()
            self._feed()
            self._take_in(self._link.turn(_TURN_S))
        except LinkLostError as loss:
            self._lose(loss)
        except SpoolDamagedError:
            raise
        except EdgeAgentError as error:
            log.error("the publisher waits for the spool: %s", error.report())  # noqa: TRY400 (not a defect)
            self._must_rewind = True
            self._stop.wait(_TURN_S)

    def nudge(self) -> None:
        """Say that there is something new on the disk."""
        self._link.wake()

    def announce(self, cameras: Mapping[str, str]) -> None:
        """Say how each camera is, by its id; the center hears of a change within ten seconds."""
        if cameras != self._cameras:
            self._cameras = MappingProxyType(dict(cameras))
            self._link.wake()

    def state(self) -> BrokerState:
        """Return how it stands with the broker."""
        return self._state

    def _connect(self) -> None:
        now = self._clock.mono()
        self._state = replace(self._state, beat_mono=now + _CONNECT_PATIENCE_S)
        if self._session is None:
            self._session = self._spool.begin_session(self._clock.wall())
        self._tell_cameras()
        self._link.connect(self._session, self._stop)
        self._cursor = 0
        self._connected_mono = self._clock.mono()
        self._state = replace(
            self._state, is_connected=True, since_wall=self._clock.wall(), last_error=""
        )
        log.info("connected to the broker; %d alerts wait", self._spool.state().waiting)

    def _tell_changes(self) -> None:
        now = self._clock.mono()
        if self._cameras != self._told_cameras and now - self._told_mono >= _CAMERAS_GAP_S:
            self._told_mono = now
            self._tell_cameras()

    def _tell_cameras(self) -> None:
        self._told_cameras = self._cameras
        self._link.announce(self._told_cameras)

    def _feed(self) -> None:
        if self._must_rewind:
            if not self._link.is_idle or self._clock.mono() < self._probe_at_mono:
                return
            self._cursor, self._must_rewind = 0, False
        room = int(self._link.is_idle) if self._is_probing else self._link.room
        for kept in self._spool.oldest(room, after=self._cursor) if room else ():
            self._cursor = kept.number
            if kept.number not in self._delivered:
                self._link.send(kept.number, kept.alert)

    def _take_in(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            match outcome.fate:
                case Fate.DELIVERED:
                    self._delivered.add(outcome.number)
                    self._note_heard()
                case Fate.REFUSED:
                    self._park(outcome)
                case Fate.UNHEARD:
                    self._note_unheard(outcome.reason)
        if self._delivered:
            self._spool.done(sorted(self._delivered))
            self._delivered.clear()

    def _park(self, refused: Outcome) -> None:
        why = f"{refused.reason}\n  next: {_REFUSED_HINT}"
        # By the name it was kept under; a full spool may have dropped it meanwhile.
        for kept in self._spool.oldest(1, after=refused.number - 1):
            if kept.number == refused.number:
                alert = kept.alert
                log.error(
                    "the broker refused alert %s revision %d: %s", alert.id, alert.revision, why
                )
        self._spool.park(refused.number, refused.reason)

    def _note_heard(self) -> None:
        self._state = replace(self._state, sent=self._state.sent + 1, last_error="")
        self._probes.reset()
        self._is_probing = False

    def _note_unheard(self, reason: str) -> None:
        if self._must_rewind:
            return  # the others of the same batch have told already
        log.warning("the broker passes our alerts on to nobody (%s): they wait here", reason)
        self._state = replace(self._state, last_error=f"nobody gets our alerts: {reason}")
        self._is_probing = self._must_rewind = True
        self._probe_at_mono = self._clock.mono() + self._probes.next_s()

    def _lose(self, loss: LinkLostError) -> None:
        now = self._clock.mono()
        if self._state.is_connected:
            log.warning("lost the broker: %s", loss.report())
            if now - self._connected_mono >= _GOOD_S:
                self._retries.reset()
            self._state = replace(self._state, is_connected=False, since_wall=self._clock.wall())
        elif not self._stop.is_told:
            log.warning("no broker: %s", loss.report())
        self._state = replace(self._state, last_error=loss.what, beat_mono=now)
        self._retry_at_mono = now + self._retries.next_s()
