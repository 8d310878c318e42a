"""The command center's ear: a subscriber of its own, with its own connection."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_agent.contract import split

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Heard:
    """One message, and when it came by the monotonic clock."""

    topic: str
    payload: bytes
    is_retained: bool
    content_type: str
    at_mono: float
    correlation: bytes = b""
    qos: int = 0
    # How long the broker would still keep it (MQTT 5); None: for ever.
    expiry_s: int | None = None


class Listener:
    """Hears everything it wants from the moment it is entered.

    It comes back after a restart of the broker, with the session that a broker with persistence
    has kept for it. An old one speaks MQTT 3.1.1 and so hears no properties.
    """

    def __init__(
        self,
        port: int,
        username: str = "",
        password: str = "",
        *,
        is_old: bool = False,
        wants: str = "city/v1/#",
        name: str = "center",
    ) -> None:
        self._heard: list[Heard] = []
        self._changed = threading.Condition()
        self._is_subscribed = False
        self._is_old = is_old
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            clean_session=False if is_old else None,
            protocol=paho.MQTTv311 if is_old else paho.MQTTv5,
        )
        self._client.reconnect_delay_set(1, 1)
        if username:
            self._client.username_pw_set(username, password)
        self._client.on_connect = lambda client, *_: client.subscribe(wants, qos=1)
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._message
        self._port = port

    def __enter__(self) -> Self:
        if self._is_old:
            self._client.connect("127.0.0.1", self._port)
        else:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 3600
            self._client.connect("127.0.0.1", self._port, clean_start=False, properties=properties)
        self._client.loop_start()
        with self._changed:
            assert self._changed.wait_for(lambda: self._is_subscribed, 5), "no subscription"
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def heard(self) -> list[Heard]:
        with self._changed:
            return list(self._heard)

    def publish(self, topic: str, payload: bytes, correlation: bytes = b"") -> None:
        """Send something to a box."""
        properties = None
        if correlation:
            properties = Properties(PacketTypes.PUBLISH)
            properties.CorrelationData = correlation
        self._client.publish(topic, payload, qos=1, properties=properties).wait_for_publish(5)

    def of(self, kind: str) -> list[Heard]:
        """Return what came on city/v1/SITE/BOX/up/KIND/…"""
        return [one for one in self.heard if one.topic.split("/")[5] == kind]

    def ids(self) -> list[str]:
        """Return the ids of the alerts as they came, repeats included."""
        return [json.loads(split(one.payload)[0])["id"] for one in self.of("alert")]

    def states(self) -> list[str]:
        return [json.loads(one.payload)["state"] for one in self.of("status")]

    def wait_for(self, wanted: Callable[[Listener], bool], seconds: float = 10.0) -> None:
        """Wait until it holds; fail with what was heard."""
        deadline = time.monotonic() + seconds
        while not wanted(self):
            left = deadline - time.monotonic()
            assert left > 0, f"heard only {[one.topic for one in self.heard]}"
            with self._changed:
                self._changed.wait(min(left, 0.1))

    def _subscribed(self, *_: object) -> None:
        with self._changed:
            self._is_subscribed = True
            self._changed.notify_all()

    def _message(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        with self._changed:
            self._heard.append(
                Heard(
                    topic=message.topic,
                    payload=bytes(message.payload),
                    is_retained=message.retain,
                    content_type=getattr(message.properties, "ContentType", ""),
                    at_mono=time.monotonic(),
                    correlation=getattr(message.properties, "CorrelationData", b""),
                    qos=message.qos,
                    expiry_s=getattr(message.properties, "MessageExpiryInterval", None),
                )
            )
            self._changed.notify_all()
