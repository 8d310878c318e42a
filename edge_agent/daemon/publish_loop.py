"""The publisher thread: from the spool to the broker, in order, until the broker has it.

What the spool holds is the truth. The link is fed only while it is connected, and from the oldest
alert on after each new connection. An alert leaves the disk when the broker has acknowledged it and
its picture, or, where the site waits for that, when the center has confirmed them.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from edge_agent.contract.receipt import RECEIPT
from edge_agent.daemon.receipts import PATIENCE_S, Receipts
from edge_agent.errors import EdgeAgentError
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.message import Heard, Message
from edge_agent.mqtt.outcome import Fate, Outcome
from edge_agent.runtime.backoff import Backoff
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.mailbox import Mailbox
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
_NO_RECEIPT = f"no receipt of the center within {PATIENCE_S:.0f} s"
_SILENT = f"nobody gets our alerts: {_NO_RECEIPT}"
# Between two words on the cameras: one that comes and goes must not fill a mobile link.
_CAMERAS_GAP_S = 10.0
# The broker says "Not authorized" at most; its log says which rule.
_REFUSED_HINT = (
    "check at the broker what this box may send: its access rules (ACL), its size limits"
)
_GOODBYE_S = 2.0
# What is no alert and waits for the publisher's next round; the oldest makes room.
_MOST_SAYINGS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerState:
    """How it stands with the broker, for `edge-agent status`."""

    is_connected: bool = False
    # When it became so, by the box's clock; None before the first connection.
    since_wall: float | None = None
    last_error: str = ""
    # Which broker.
    url: str = ""
    # Alerts delivered since the start: the broker's word, or the center's where we wait for that.
    sent: int = 0
    # Taken by the broker, not confirmed by the center yet, and receipts that were not believed.
    unconfirmed: int = 0
    refused_receipts: int = 0
    # Connections that ended, and those of them over somebody else with our name.
    losses: int = 0
    takeovers: int = 0
    # When the loop last went round, by the monotonic clock; ahead of it while it may take long.
    beat_mono: float = 0.0


class PublishLoop:
    """Delivers the spool. `run` belongs to one thread; the other public methods are for any."""

    def __init__(
        self,
        spool: Spool,
        link: Link,
        clock: Clock,
        stop: Stop,
        receipts: Receipts | None = None,
        on_letter: Callable[[Heard], None] = lambda _: None,
    ) -> None:
        """Without receipts the broker's word is enough. `on_letter` gets what else the center sends."""
        self._spool = spool
        self._link = link
        self._receipts = receipts
        self._on_letter = on_letter
        self._sayings: Mailbox[tuple[Message, Callable[[], None]]] = Mailbox(size=_MOST_SAYINGS)
        self._clock = clock
        self._stop = stop
        self._state = BrokerState(beat_mono=clock.mono())
        # By which way to go on; taken up by the publisher's thread.
        self._following: tuple[Link, Receipts | None] | None = None
        self._session: int | None = None
        self._retries = Backoff(_FIRST_RETRY_S, _LAST_RETRY_S)
        self._retry_at_mono = 0.0
        self._connected_mono = 0.0
        self._probes = Backoff(_FIRST_PROBE_S, _LAST_PROBE_S)
        self._probe_at_mono = 0.0
        # Whether one alert is sent to see if somebody is subscribed again.
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
        if self._following:
            self._change(*self._following)
        if not self._link.is_connected and now < self._retry_at_mono:
            self._stop.wait(min(_TURN_S, self._retry_at_mono - now))
            return
        try:
            if not self._link.is_connected:
                self._connect()
            self._tell_changes()
            self._say()
            self._feed()
            self._take_in(self._link.turn(_TURN_S))
            self._listen()
        except LinkLostError as loss:
            self._lose(loss)
        except SpoolDamagedError:
            raise
        except EdgeAgentError as error:
            log.error("the publisher waits for the spool: %s", error.report())  # noqa: TRY400 (not a defect)
            self._must_rewind = True
            self._stop.wait(_TURN_S)

    def go_on_by(self, link: Link, receipts: Receipts | None) -> None:
        """Deliver by this link from now on. For any thread; until it is done nothing is said.

        Nothing is lost: what the old one has not acknowledged goes again.
        """
        self._following = link, receipts
        self._link.wake()

    def nudge(self) -> None:
        """Say that there is something new on the disk."""
        self._link.wake()

    def announce(self, cameras: Mapping[str, str]) -> None:
        """Say how each camera is, by its id; the center hears of a change within ten seconds."""
        if cameras != self._cameras:
            self._cameras = MappingProxyType(dict(cameras))
            self._link.wake()

    def say(self, message: Message, on_taken: Callable[[], None] = lambda: None) -> bool:
        """Send what is no alert; False where nobody would get it now. Any thread may call it.

        `on_taken` is called by the publisher's thread when the broker has it, and somebody listens;
        perhaps never.
        """
        if not self._state.is_connected or self._following:
            return False
        self._sayings.put((message, on_taken))
        self._link.wake()
        return True

    def connection(self) -> int | None:
        """Return which connection this is; None while there is none. What was said may be lost with it."""
        is_there = self._state.is_connected and not self._following
        return self._link.losses if is_there else None

    def session(self) -> int:
        """Return the number of this start, as the status carries it; 0 before the first connection."""
        return self._session or 0

    def state(self) -> BrokerState:
        """Return how it stands with the broker."""
        receipts = self._receipts
        return replace(
            self._state,
            url=self._link.url,
            unconfirmed=receipts.unconfirmed if receipts else 0,
            refused_receipts=receipts.refused if receipts else 0,
            losses=self._link.losses,
            takeovers=self._link.takeovers,
        )

    def _change(self, link: Link, receipts: Receipts | None) -> None:
        """Leave one broker for another, or the same one to come in another way."""
        if self._link.leave_to(link, _GOODBYE_S):
            log.info("left the broker: another one, or another way in, is asked for")
        if receipts and self._receipts:
            receipts.refused = self._receipts.refused
        self._link, self._receipts = link, receipts
        self._state = replace(
            self._state, is_connected=False, since_wall=self._clock.wall(), last_error=""
        )
        # What was said and not sent is said anew, by whom it matters to.
        while self._sayings.get(0) is not None:
            pass
        self._must_rewind = self._is_probing = False
        self._retries.reset()
        self._probes.reset()
        self._retry_at_mono = 0.0
        # Last: from here on there is something to be said by.
        self._following = None

    def _connect(self) -> None:
        now = self._clock.mono()
        self._state = replace(self._state, beat_mono=now + _CONNECT_PATIENCE_S)
        if self._session is None:
            self._session = self._spool.begin_session(self._clock.wall())
        self._tell_cameras()
        self._link.connect(self._session, self._stop)
        self._start_over()
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
            self._start_over()
        self._ask_again()
        for kept in self._spool.oldest(room, after=self._cursor) if (room := self._room()) else ():
            self._cursor = kept.number
            if kept.number not in self._delivered:
                self._link.send(kept.number, kept.alert)

    def _room(self) -> int:
        if self._is_probing:
            return int(self._link.is_idle)
        return min(self._link.room, self._receipts.room) if self._receipts else self._link.room

    def _start_over(self) -> None:
        self._cursor, self._must_rewind = 0, False
        if self._receipts:
            self._receipts.start_over()

    def _say(self) -> None:
        while (saying := self._sayings.get(0)) is not None:
            self._link.say(*saying)

    def _listen(self) -> None:
        for heard in self._link.heard():
            if heard.kind != RECEIPT:
                self._on_letter(heard)
            elif self._receipts and (count := self._receipts.take(heard.payload)):
                self._note_heard(count)
        if self._receipts:
            self._note_silence(is_silent=self._receipts.is_silent)

    def _note_silence(self, *, is_silent: bool) -> None:
        if is_silent and not self._state.last_error:
            log.warning("nobody gets our alerts (%s): they wait here", _NO_RECEIPT)
            self._state = replace(self._state, last_error=_SILENT)
        elif not is_silent and self._state.last_error == _SILENT:
            self._state = replace(self._state, last_error="")

    def _ask_again(self) -> None:
        """Send again what the center should have confirmed by now."""
        receipts = self._receipts
        if receipts is None or self._is_probing:
            return
        for number in receipts.due(self._link.room):
            kept = self._spool.oldest(1, after=number - 1)
            if kept and kept[0].number == number:
                self._link.send(number, kept[0].alert)
            else:
                receipts.forget(number)

    def _take_in(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            match outcome.fate:
                case Fate.DELIVERED:
                    self._note_delivered(outcome)
                case Fate.REFUSED:
                    self._park(outcome)
                case Fate.UNHEARD:
                    self._note_unheard(outcome.reason)
        if self._delivered:
            self._spool.done(sorted(self._delivered))
            self._delivered.clear()

    def _note_delivered(self, outcome: Outcome) -> None:
        if outcome.reason:
            log.warning("an alert went without its picture: %s", outcome.reason)
            self._spool.drop_picture(outcome.number)
        if self._receipts:
            self._receipts.expect(outcome.number)
            self._probes.reset()
            self._is_probing = False
        else:
            self._delivered.add(outcome.number)
            self._note_heard(1)

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

    def _note_heard(self, count: int) -> None:
        self._state = replace(self._state, sent=self._state.sent + count, last_error="")
        self._probes.reset()
        self._is_probing = False

    def _note_unheard(self, reason: str) -> None:
        if self._must_rewind:
            return  # the others of the same batch have told already
        log.warning("nobody gets our alerts (%s): they wait here", reason)
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
