"""The link to the broker: alerts go in with a number, and a word comes out for each number.

An alert's picture follows when the alert itself is acknowledged. Nothing is remembered over a lost
connection: whoever feeds the link feeds it again, from the disk.
"""

import json
import logging
import socket
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from edge_agent import __version__
from edge_agent.domain.alert import Alert
from edge_agent.errors import EdgeAgentError
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.mqtt.pipe import (
    MQTT_3,
    MQTT_5,
    Acknowledgement,
    Caller,
    Message,
    Pipe,
    is_about_content,
    open_pipe,
)
from edge_agent.mqtt.topics import Topics
from edge_agent.runtime.clock import Clock, SystemClock, rfc3339
from edge_agent.runtime.stop import Stop
from edge_agent.wire.answers import (
    FAILURE,
    NO_SUBSCRIBERS,
    QUOTA_EXCEEDED,
    UNSUPPORTED_PROTOCOL,
    LinkLostError,
)
from edge_agent.wire.dial import address

log = logging.getLogger(__name__)

# A restart or a short outage of the network is no reason to call a box offline.
WILL_DELAY_S = 30
# The contract of docs/reference/topics.md: a receiver takes this much, and may refuse more. Pictures
# of ours are smaller (alerts/thumbnail.py).
LARGEST_PICTURE = 65_536


# The body, and a line with its signature; each is JSON.
_TWO_LINES = "application/x-ndjson"


class Fate(Enum):
    """What became of an alert."""

    # The broker has it, and its picture.
    DELIVERED = auto()
    # The broker will not take it, now or ever.
    REFUSED = auto()
    # Taken or not, nobody got it: nobody listens, or our quota is used up. Later.
    UNHEARD = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The broker's last word on one alert."""

    number: int
    fate: Fate
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    """One message of an alert; a status message has no alert."""

    message: Message
    number: int = 0
    alert: Alert | None = None
    is_picture: bool = False


class Link:
    """Connects, sends and tells what became of it. Used by one thread, but for `wake`."""

    def __init__(
        self,
        options: BrokerOptions,
        *,
        site: str,
        box: str,
        clock: Clock | None = None,
        will_delay_s: int = WILL_DELAY_S,
        head: Callable[[], str] = lambda: "",
    ) -> None:
        """Put what `head` returns into the status: the signed head of the box's chain."""
        self._options = options
        self._head = head
        self._topics = Topics(site, box)
        self._clock: Clock = clock or SystemClock()
        self._will_delay_s = will_delay_s
        self._protocol = MQTT_5
        self._session = 0
        self._cameras: Mapping[str, str] = {}
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

    def connect(self, session: int, stop: Stop) -> None:
        """Connect, log in and publish the birth message. Raises LinkLostError."""
        self._session = session
        to = address(self._options)
        try:
            pipe = open_pipe(to, self._caller(), stop, self._awake)
        except LinkLostError as loss:
            if loss.code != UNSUPPORTED_PROTOCOL or self._protocol == MQTT_3:
                raise
            log.warning("the broker does not speak MQTT 5: going on in 3.1.1, without its reasons")
            self._protocol = MQTT_3
            pipe = open_pipe(to, self._caller(), stop, self._awake)
        self._pipe = pipe
        self._say_online()

    def announce(self, cameras: Mapping[str, str]) -> None:
        """Publish how each camera is, by its id: now, or with the birth message once connected."""
        self._cameras = cameras
        if self._pipe is not None:
            self._say_online()

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
        topics = self._topics
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

    def say_goodbye(self, seconds: float) -> None:
        """Publish that we stop on purpose and disconnect, within that time; raises nothing."""
        until = self._clock.mono() + seconds
        try:
            if self._pipe is not None:
                mine = self._pipe.publish(self._status("stopped", **self._told_head()))
                while self._clock.mono() < until and self._still_waits(mine):
                    pass
                self._pipe.say_goodbye()
                while self._clock.mono() < until:
                    self._pipe.turn(0.1, self._awake)
        except LinkLostError:
            pass  # gone, which is what we wanted
        finally:
            self._drop()
            self._awake.close()
            self._wake.close()

    def _say_online(self) -> None:
        head = self._told_head()
        message = self._status("online", cameras=dict(self._cameras), **head)
        if not self._fits(message):
            log.warning("the status goes without the cameras: too large for the broker")
            message = self._status("online", **head)
        self._waiting.append(_Part(message))
        self._pump()

    def _told_head(self) -> dict[str, str]:
        """Return the head of the chain as a member; nothing while nobody signs or the disk fails.

        A will has none: when the broker publishes it the head would be old.
        """
        try:
            head = self._head()
        except EdgeAgentError as error:
            log.warning("the status goes without the head of the chain: %s", error.report())
            return {}
        return {"head": head} if head else {}

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
            if heard.code >= FAILURE:
                log.warning("the broker refuses our status message: %s", heard.words)
        elif heard.code == QUOTA_EXCEEDED or (heard.code == NO_SUBSCRIBERS and not part.is_picture):
            self._end(part, Fate.UNHEARD, heard.words)
        elif heard.code >= FAILURE:
            what = "its picture: " if part.is_picture else ""
            self._end(part, Fate.REFUSED, what + heard.words)
        elif part.is_picture or not self._send_picture(part.number, part.alert):
            self._end(part, Fate.DELIVERED)

    def _send_picture(self, number: int, alert: Alert) -> bool:
        if not alert.thumbnail:
            return False
        message = Message(
            topic=self._topics.thumbnail(alert.camera, alert.id),
            payload=alert.thumbnail,
            content_type="image/jpeg",
            is_text=False,
            revision=alert.revision,
        )
        if len(alert.thumbnail) > LARGEST_PICTURE or not self._fits(message):
            log.warning("alert %s goes without its picture: too large for the broker", alert.id)
            return False
        self._pictures.append(_Part(message, number, alert, is_picture=True))
        return True

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
                what = "over its picture: " if part.is_picture else ""
                self._end(part, Fate.REFUSED, what + loss.what)

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

    def _caller(self) -> Caller:
        return Caller(
            client_id=self._topics.box,
            will=self._status("offline"),
            will_delay_s=self._will_delay_s,
            options=self._options,
            protocol=self._protocol,
        )

    def _status(self, state: str, **more: Mapping[str, str] | str) -> Message:
        """Birth, will and end carry the same session, so that a late will cannot deny a birth."""
        status = {
            "state": state,
            "session": self._session,
            "version": __version__,
            "time": rfc3339(self._clock.wall()),
            "site": self._topics.site,
            "box": self._topics.box,
            **more,
        }
        return Message(
            topic=self._topics.status,
            payload=json.dumps(status).encode(),
            content_type="application/json",
            is_retained=True,
        )
