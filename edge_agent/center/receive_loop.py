"""From the broker to the database and back: store, then acknowledge, then tell the boxes.

One loop outside, straight lines inside. What the database refuses is not acknowledged: the
connection is given up, and the broker sends it again after the next one.
"""

import logging
import socket
import threading
from collections import deque
from collections.abc import Iterable

from edge_agent.center.broker import Broker, open_broker
from edge_agent.center.intake import Intake
from edge_agent.center.post import Outgoing
from edge_agent.center.settings import BrokerOptions
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.backoff import Backoff
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop
from edge_agent.wire.answers import NO_ANSWER, UNSUPPORTED_PROTOCOL, LinkLostError
from edge_agent.wire.client import MQTT_3, MQTT_5
from edge_agent.wire.dial import address

log = logging.getLogger(__name__)

# How long a turn may last when nothing happens; a nudge ends it early.
_TURN_S = 0.5
# Between tries to connect: first, and at most. Shorter than a box's: there is one center.
_FIRST_RETRY_S, _LAST_RETRY_S = 0.5, 30.0
# A connection that held for this long was a good one: begin with short waits again.
_GOOD_S = 60.0
# Logins in MQTT 5 that ended without a word, until an older protocol is tried.
_SILENCES_OF_AN_OLD_ONE = 2
# What is to be told to boxes, and waits: receipts are repeated, so the oldest may be forgotten.
_MOST_WAITING = 10_000


class ReceiveLoop:
    """`run` belongs to one thread; the other public methods are for any."""

    def __init__(self, options: BrokerOptions, intake: Intake, clock: Clock, stop: Stop) -> None:
        self._options = options
        self._intake = intake
        self._clock = clock
        self._stop = stop
        self._protocol = MQTT_5
        self._silences = 0
        self._retries = Backoff(_FIRST_RETRY_S, _LAST_RETRY_S)
        self._forgotten = 0
        # Since when boxes can be heard; None while there is no connection.
        self._hears_since_mono: float | None = None
        # For the supervisor: when it last went round, what is stored, and why nothing comes.
        self.beat_mono = clock.mono()
        self.taken = 0
        self.problem: str | None = ""
        # Protects the list only.
        self._guard = threading.Lock()
        self._waiting: deque[Outgoing] = deque(maxlen=_MOST_WAITING)
        self._awake, self._wake = socket.socketpair()
        self._awake.settimeout(0)
        self._wake.settimeout(0)

    def post(self, several: Iterable[Outgoing]) -> None:
        """Tell boxes something, as soon as there is a connection; the oldest makes room."""
        with self._guard:
            for outgoing in several:
                self._forgotten += len(self._waiting) == _MOST_WAITING
                self._waiting.append(outgoing)
        self.wake()

    def wake(self) -> None:
        """End the current turn early."""
        try:
            self._wake.send(b"!")
        except OSError:
            return  # it is being woken already, or has been closed

    @property
    def hears_for_s(self) -> float:
        """For how long boxes could be heard without a break; 0 while they cannot."""
        since = self._hears_since_mono
        return 0.0 if since is None else self._clock.mono() - since

    def run(self) -> None:
        """Receive until told to stop."""
        try:
            while not self._stop.is_told:
                self._run_once()
        finally:
            log.info(
                "stored %d messages since the start; %d receipts had to make room",
                *(self.taken, self._forgotten),
            )
            self._awake.close()
            self._wake.close()

    def _run_once(self) -> None:
        connected_mono = self.beat_mono = self._clock.mono()
        try:
            broker = self._connect()
            connected_mono = self._clock.mono()
            log.info("connected to %s", self._options.url)
            self._serve(broker)
        except EdgeAgentError as failure:
            if self._stop.is_told:
                return
            log.warning("nothing is received: %s", failure.report())
            self.problem = failure.what
            if self._clock.mono() - connected_mono >= _GOOD_S:
                self._retries.reset()
            self._stop.wait(self._retries.next_s())

    def _connect(self) -> Broker:
        to = address(self._options, self._options.url)
        try:
            broker = open_broker(to, self._options, self._protocol, self._stop, self._awake)
        except LinkLostError as loss:
            self._silences += loss.code == NO_ANSWER
            # RabbitMQ 3.10 hangs up without a word. Once, any broker may that is just dying.
            is_old = loss.code == UNSUPPORTED_PROTOCOL or self._silences >= _SILENCES_OF_AN_OLD_ONE
            if not is_old or self._protocol == MQTT_3:
                raise
            broker = open_broker(to, self._options, MQTT_3, self._stop, self._awake)
            log.warning("the broker does not speak MQTT 5: every center gets every message")
            self._protocol = MQTT_3
        self._silences = 0
        return broker

    def _serve(self, broker: Broker) -> None:
        is_polite = False
        self._hears_since_mono = self._clock.mono()
        self.problem = None
        try:
            while not self._stop.is_told:
                self.beat_mono = self._clock.mono()
                arrived = broker.turn(_TURN_S, self._awake)
                if arrived:
                    letters = self._intake.take([arrival for _, arrival in arrived])
                    broker.acknowledge([packet_id for packet_id, _ in arrived])
                    self.post(letters)
                    self.taken += len(arrived)
                self._send(broker)
            is_polite = True
        finally:
            self._hears_since_mono = None
            broker.close(is_polite=is_polite)

    def _send(self, broker: Broker) -> None:
        for _ in range(broker.room):
            with self._guard:
                if not self._waiting:
                    return
                outgoing = self._waiting.popleft()
            broker.post(outgoing)
