"""The link to the broker: alerts go in with a number, and a word comes out for each number.

An alert's picture follows when the alert itself is acknowledged. Nothing is remembered over a lost
connection: whoever feeds the link feeds it again, from the disk.
"""

import logging
import socket
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from paho.mqtt.enums import MQTTProtocolVersion

from edge_agent.domain.alert import Alert
from edge_agent.mqtt.message import Acknowledgement, Heard, Message
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.mqtt.outcome import Fate, Outcome
from edge_agent.mqtt.pipe import Caller, Pipe, is_about_content, open_pipe
from edge_agent.mqtt.route import Route
from edge_agent.mqtt.status import Statuses
from edge_agent.mqtt.topics import Topics
from edge_agent.runtime.clock import Clock, SystemClock
from edge_agent.runtime.stop import Stop
from edge_agent.wire.answers import (
    FAILURE,
    NO_ANSWER,
    NO_SUBSCRIBERS,
    QUOTA_EXCEEDED,
    TAKEN_OVER,
    UNSUPPORTED_PROTOCOL,
    LinkLostError,
)
from edge_agent.wire.client import MQTT_3, MQTT_5
from edge_agent.wire.dial import address

log = logging.getLogger(__name__)

# A restart or a short outage of the network is no reason to call a box offline.
WILL_DELAY_S = 30
# The contract of docs/reference/topics.md: a receiver takes this much, and may refuse more. Pictures
# of ours are smaller (alerts/thumbnail.py).
LARGEST_PICTURE = 65_536
# Logins in MQTT 5 that were hung up on, after which 3.1.1 is tried.
_SILENCES_OF_AN_OLD_ONE = 2
# Messages that are no alerts, and wait to go out.
_MOST_WAITING = 200
# The body, and a line with its signature; each is JSON.
_TWO_LINES = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class _Part:
    """One message of an alert; a status message has no alert."""

    message: Message
    number: int = 0
    alert: Alert | None = None
    is_picture: bool = False
    on_taken: Callable[[], None] = lambda: None


class Link:
    """Connects, sends and tells what became of it. Used by one thread, but for `wake`."""

    def __init__(  # noqa: PLR0913 (what it is, and what it says of itself)
        self,
        options: BrokerOptions,
        *,
        site: str,
        box: str,
        clock: Clock | None = None,
        will_delay_s: int = WILL_DELAY_S,
        head: Callable[[], str] = lambda: "",
        about: Callable[[bool], Mapping[str, object]] = lambda _: {},
    ) -> None:
        """Put the signed head of the box's chain into each status, and `about` while it is online."""
        self.topics = Topics(site, box)
        # Connections that ended, and those of them over somebody with our name, since the start.
        self.losses = 0
        self.takeovers = 0
        self._options = options
        self._listens = False
        self._route = Route(options.urls)
        self._clock: Clock = clock or SystemClock()
        self._statuses = Statuses(self.topics, self._clock, head, about)
        self._will_delay_s = will_delay_s
        self._protocol = MQTT_5
        self._silences = 0
        self._pipe: Pipe | None = None
        self._loss: LinkLostError | None = None
        # Pictures go before alerts that were not sent yet, else they would wait for all of them.
        self._pictures: deque[_Part] = deque()
        self._waiting: deque[_Part] = deque()
        # By packet id, in the order sent; the broker must acknowledge in that order.
        self._under_way: dict[int, _Part] = {}
        self._head_since_mono = 0.0
        self._outcomes: list[Outcome] = []
        # Messages still to be sent one at a time, to find which one the broker hangs up over.
        self._cautious = 0
        self._awake, self._wake = socket.socketpair()
        self._awake.settimeout(0)
        self._wake.settimeout(0)

    def listen(self) -> None:
        """Ask for what the center sends, from the next connection on; it comes out of `heard`."""
        self._listens = True

    def connect(self, session: int, stop: Stop) -> None:
        """Connect, log in and publish the birth message. Raises LinkLostError."""
        self._statuses.session = session
        try:
            self._pipe = self._open(stop)
        except LinkLostError as loss:
            self._count(loss)
            raise
        if self._listens:
            self._pipe.listen(self.topics.everything_down)
        self._say_online(is_birth=True)

    def announce(self, cameras: Mapping[str, str]) -> None:
        """Publish how each camera is, by its id: now, or with the birth message once connected."""
        self._statuses.cameras = cameras
        if self._pipe is not None:
            self._say_online()

    @property
    def url(self) -> str:
        """Which broker it is, or is to be."""
        return self._route.url

    @property
    def urls(self) -> tuple[str, ...]:
        """Every broker that it may go to."""
        return self._options.urls

    @property
    def is_connected(self) -> bool:
        """Whether the broker has let us in, and no `turn` has told of the end yet."""
        return self._pipe is not None or self._loss is not None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._parts

    @property
    def room(self) -> int:
        """How many alerts may be sent now."""
        if self._pipe is None:
            return 0
        return max(0, self._options.in_flight - self._parts)

    def send(self, number: int, alert: Alert) -> None:
        """Send an alert, then its picture; what became of it comes out of a `turn`.

        Only while there is `room`.
        """
        topics = self.topics
        message = Message(
            topic=topics.alert(alert.camera) if alert.camera else topics.record,
            payload=alert.body,
            content_type=_TWO_LINES,
        )
        if not self._fits(message):
            reason = f"{len(alert.body)} bytes are more than the broker takes"
            self._outcomes.append(Outcome(number, Fate.REFUSED, reason))
            return
        self._waiting.append(_Part(message, number, alert))
        self._pump()

    def say(self, message: Message, on_taken: Callable[[], None] = lambda: None) -> bool:
        """Send what is no alert; False where it cannot go now, and nothing will come of it.

        `on_taken` is called in a `turn`, once the broker has acknowledged it.
        """
        if self._pipe is None or len(self._waiting) >= _MOST_WAITING or not self._fits(message):
            return False
        self._waiting.append(_Part(message, on_taken=on_taken))
        self._pump()
        return True

    def heard(self) -> list[Heard]:
        """Return what the center has sent since the last time, oldest first."""
        return self._pipe.heard() if self._pipe else []

    def turn(self, seconds: float) -> list[Outcome]:
        """Send and receive for at most that long; return what became of alerts.

        Raises LinkLostError when the connection has ended, or only looks alive: then everything
        without an outcome is to be sent again after the next `connect`.
        """
        if self._pipe is None:
            loss, self._loss = self._loss, None
            raise loss or LinkLostError("not connected", hint="none needed: it will connect")
        try:
            for heard in self._pipe.turn(0.0 if self._outcomes else seconds, self._awake):
                self._settle(heard)
            self._pump()
            self._check_deadline()
        except LinkLostError as loss:
            self._count(loss)
            self._learn(loss)
            self._drop()
            if not self._outcomes:
                raise
            self._loss = loss  # first what is known, at the next turn the rest
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def wake(self) -> None:
        """End the current `turn` early. Any thread may call it."""
        try:
            self._wake.send(b"!")
        except (BlockingIOError, OSError):
            return  # it is being woken already, or has been closed

    def leave_to(self, other: "Link", seconds: float) -> bool:
        """Let another link go on in this one's place; return whether there was a connection.

        At the same broker nothing is said: it holds the will back until the other has come. At
        another one it is, within that time: the box has left there on purpose.
        """
        was_connected = self._pipe is not None
        other.losses, other.takeovers = self.losses + was_connected, self.takeovers
        if self.url in other.urls:
            self._close()
        else:
            self.say_goodbye(seconds)
        return was_connected

    def say_goodbye(self, seconds: float) -> None:
        """Publish that we stop on purpose and disconnect, within that time; raises nothing."""
        until = self._clock.mono() + seconds
        try:
            if self._pipe is not None:
                mine = self._pipe.publish(self._statuses.stopped())
                while self._clock.mono() < until and self._still_waits(mine):
                    pass
                self._pipe.say_goodbye()
                while self._clock.mono() < until:
                    self._pipe.turn(0.1, self._awake)
        except LinkLostError:
            pass  # gone, which is what we wanted
        finally:
            self._close()

    def _close(self) -> None:
        self._drop()
        self._awake.close()
        self._wake.close()

    def _say_online(self, *, is_birth: bool = False) -> None:
        self._waiting.append(_Part(self._statuses.online(self._fits, is_birth=is_birth)))
        self._pump()

    def _still_waits(self, packet_id: int) -> bool:
        assert self._pipe is not None  # noqa: S101 (the one caller has looked)
        heard = self._pipe.turn(0.1, self._awake)
        return packet_id not in {answer.packet_id for answer in heard}

    def _pump(self) -> None:
        if self._pipe is None:
            return
        most = min(self._options.in_flight, self._pipe.receive_maximum)
        if self._cautious:
            most = 1
        while (self._pictures or self._waiting) and len(self._under_way) < most:
            part = (self._pictures or self._waiting).popleft()
            if not self._under_way:
                self._head_since_mono = self._clock.mono()
            self._under_way[self._pipe.publish(part.message)] = part

    def _settle(self, heard: Acknowledgement) -> None:
        part = self._under_way.get(heard.packet_id)
        if part is None:
            return
        if next(iter(self._under_way)) == heard.packet_id:
            self._head_since_mono = self._clock.mono()
        del self._under_way[heard.packet_id]
        self._cautious = max(0, self._cautious - 1)
        if part.alert is None:
            _settle_said(part, heard)
        elif part.is_picture:
            self._settle_picture(part, heard)
        else:
            self._settle_alert(part, part.alert, heard)

    def _settle_alert(self, part: _Part, alert: Alert, heard: Acknowledgement) -> None:
        if heard.code in {QUOTA_EXCEEDED, NO_SUBSCRIBERS}:
            self._end(part, Fate.UNHEARD, heard.words)
        elif heard.code >= FAILURE:
            self._end(part, Fate.REFUSED, heard.words)
        elif alert.thumbnail:
            self._send_picture(part, alert)
        else:
            self._end(part, Fate.DELIVERED)

    def _settle_picture(self, part: _Part, heard: Acknowledgement) -> None:
        if heard.code == QUOTA_EXCEEDED:
            self._end(part, Fate.UNHEARD, heard.words)
        else:
            # Nobody has to want pictures: that nobody is subscribed is as good as taken.
            self._end(part, Fate.DELIVERED, heard.words if heard.code >= FAILURE else "")

    def _send_picture(self, part: _Part, alert: Alert) -> None:
        message = Message(
            topic=self.topics.thumbnail(alert.camera, alert.id),
            payload=alert.thumbnail,
            content_type="image/jpeg",
            is_text=False,
            revision=alert.revision,
        )
        if len(alert.thumbnail) > LARGEST_PICTURE or not self._fits(message):
            self._end(part, Fate.DELIVERED, "too large for the broker")
            return
        self._pictures.append(_Part(message, part.number, alert, is_picture=True))

    def _end(self, part: _Part, fate: Fate, reason: str = "") -> None:
        self._outcomes.append(Outcome(part.number, fate, reason))

    def _fits(self, message: Message) -> bool:
        return self._pipe is None or message.most_bytes <= self._pipe.largest_packet

    def _check_deadline(self) -> None:
        waited_s = self._clock.mono() - self._head_since_mono
        if self._under_way and waited_s > self._options.acknowledge_s:
            raise LinkLostError(
                f"the broker acknowledged nothing for {self._options.acknowledge_s:g} s",
                hint="check the network between this box and the broker, and the broker's log",
            )

    def _learn(self, loss: LinkLostError) -> None:
        """Find the message that the broker hangs up over: resending it would go on for ever."""
        if not is_about_content(loss):
            return
        suspects = list(self._under_way.values())
        if len(suspects) > 1 or not self._cautious:
            # Twice: each alert is followed by its picture. One: the birth message.
            self._cautious = 2 * self._parts + 1
            return
        self._cautious = 0
        for part in suspects:
            if part.alert is not None:
                self._end(part, Fate.DELIVERED if part.is_picture else Fate.REFUSED, loss.what)

    def _open(self, stop: Stop) -> Pipe:
        to = address(self._options, self._route.url)
        try:
            pipe = open_pipe(to, self._caller(self._protocol), stop, self._awake)
        except LinkLostError as loss:
            self._silences += loss.code == NO_ANSWER
            # RabbitMQ 3.10 hangs up without a word. Once, any broker may that is just dying.
            is_old = loss.code == UNSUPPORTED_PROTOCOL or self._silences >= _SILENCES_OF_AN_OLD_ONE
            if not is_old or self._protocol == MQTT_3:
                raise
            pipe = open_pipe(to, self._caller(MQTT_3), stop, self._awake)
            log.warning("the broker does not speak MQTT 5: going on in 3.1.1, without its reasons")
            self._protocol = MQTT_3
        self._silences = 0
        return pipe

    def _count(self, loss: LinkLostError) -> None:
        self.losses += 1
        self.takeovers += loss.code == TAKEN_OVER
        # What a broker says about our message, the next one would say, too.
        if not is_about_content(loss):
            self._route.go_on()

    def _drop(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        self._pipe = None
        self._pictures.clear()
        self._waiting.clear()
        self._under_way.clear()

    @property
    def _parts(self) -> int:
        return len(self._under_way) + len(self._pictures) + len(self._waiting)

    def _caller(self, protocol: MQTTProtocolVersion) -> Caller:
        return Caller(
            client_id=self.topics.box,
            will=self._statuses.will(),
            will_delay_s=self._will_delay_s,
            options=self._options,
            protocol=protocol,
        )


def _settle_said(part: _Part, heard: Acknowledgement) -> None:
    if heard.code >= FAILURE:
        what = part.message.topic.rpartition("/")[2]
        log.warning("the broker refuses our %s message: %s", what, heard.words)
    elif heard.code != NO_SUBSCRIBERS:
        part.on_taken()
