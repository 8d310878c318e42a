"""Shows alerts in other people's formats too: after they are kept, and only while connected.

A mirror delays nothing and loses nothing: it speaks when the alert is on the disk, at QoS 0, through
a bounded mailbox. What it could not say it says anew after the next connection.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from edge_agent.alerts.home_assistant import (
    OFF,
    ON,
    discovery_topic,
    sensor_name,
    write_discovery,
)
from edge_agent.alerts.onvif_event import onvif_event, onvif_topic
from edge_agent.alerts.standing import Standing, Standings
from edge_agent.config.settings import CameraSettings, Settings
from edge_agent.daemon.camera_loop import Keeper
from edge_agent.daemon.publish_loop import BrokerState
from edge_agent.domain.alert import Alert
from edge_agent.domain.trouble import TroubleKind
from edge_agent.mqtt.message import Message
from edge_agent.mqtt.topics import Topics
from edge_agent.onvif.options import Events
from edge_agent.runtime.clock import Clock, rfc3339

_JSON, _TEXT = "application/json", "text/plain"
# Said in one round after a connection; the publisher's mailbox holds more, and alerts go on.
_AT_ONCE = 10


class Mirrors:
    """Stands before the spool: keeps alerts there, then shows them. Any thread may append."""

    def __init__(
        self, settings: Settings, spool: Keeper, say: Callable[[Message], object], clock: Clock
    ) -> None:
        self._settings = settings
        self._options = settings.mirrors
        self._topics = Topics(settings.site, settings.box)
        self._spool = spool
        self._say = say
        self._clock = clock
        self._standings = Standings(_of_site(settings))
        # Of the connection that was told last, and what is still to be told on it.
        self._told_wall: float | None = None
        self._to_tell: deque[Message] = deque()

    def append(self, alert: Alert) -> None:
        """Keep the alert; it is on disk when this returns. Raises EdgeAgentError when refused."""
        self._spool.append(alert)
        if not (self._options.onvif or self._options.home_assistant):
            return
        standing = self._standings.take(alert)
        for message in self._messages(standing) if standing else ():
            self._say(message)

    def settle(self, settings: Settings) -> None:
        """Show these cameras and rules from now on, and of those that are gone that nothing is wrong."""
        gone = [replace(one, is_on=False) for one in self._standings.settle(_of_site(settings))]
        last_words = [message for one in gone for message in self._messages(one)]
        self._settings, self._options = settings, settings.mirrors
        self._to_tell = deque([*last_words, *self._everything()])

    def turn(self, broker: BrokerState) -> None:
        """Tell a new connection how everything stands, a part in each round. For one thread."""
        if not broker.is_connected:
            return
        if broker.since_wall != self._told_wall:
            self._told_wall = broker.since_wall
            self._to_tell = deque(self._everything())
        for _ in range(min(_AT_ONCE, len(self._to_tell))):
            self._say(self._to_tell.popleft())

    def _everything(self) -> list[Message]:
        standings = self._standings.all()
        told = [message for one in standings for message in self._messages(one)]
        return [self._discovery(standings), *told] if self._options.home_assistant else told

    def _messages(self, standing: Standing) -> list[Message]:
        told = []
        if self._options.onvif:
            topic = self._topics.onvif(onvif_topic(standing))
            timed = standing if standing.time else self._since_now(standing)
            told.append(_retained(topic, onvif_event(timed), _JSON))
        if self._options.home_assistant:
            topic = self._topics.home(sensor_name(standing))
            told.append(_retained(topic, ON if standing.is_on else OFF, _TEXT))
        return told

    def _since_now(self, standing: Standing) -> Standing:
        return Standing(
            camera=standing.camera,
            rule=standing.rule,
            kind=standing.kind,
            time=rfc3339(self._clock.wall()),
        )

    def _discovery(self, standings: tuple[Standing, ...]) -> Message:
        settings = self._settings
        body = write_discovery(
            standings,
            site=settings.site,
            box=settings.box,
            name=settings.place.name if settings.place and settings.place.name else settings.box,
            status_topic=self._topics.status,
            state_topic=self._topics.home,
        )
        return _retained(discovery_topic(settings.site, settings.box), body, _JSON)


def _retained(topic: str, payload: bytes, content_type: str) -> Message:
    return Message(topic=topic, payload=payload, content_type=content_type, is_retained=True, qos=0)


def _of_site(settings: Settings) -> tuple[Standing, ...]:
    return tuple(one for camera in settings.cameras for one in _of_camera(camera))


def _of_camera(camera: CameraSettings) -> list[Standing]:
    """Return what can be wrong at one camera: its rules, and what it may report of itself."""
    found = [Standing(camera=camera.id, rule=rule.name, kind="intrusion") for rule in camera.rules]
    if camera.onvif_url and camera.onvif_events is Events.AUTO:
        found += [Standing(camera=camera.id, rule=kind, kind=kind) for kind in TroubleKind]
    return found
