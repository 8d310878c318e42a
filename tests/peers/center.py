"""The command center's side of the broker: a subscriber that keeps and checks what arrives."""

from __future__ import annotations

import json
import threading
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_agent.contract import Chain, Report, split

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# The session outlives every outage a test makes.
_SESSION_S = 3600


class Center:
    """Subscribes to every box at QoS 1, with a session that survives an outage of its own.

    With `socket_path` it comes by that Unix socket: so a broker in another network is reached.
    """

    def __init__(self, port: int, socket_path: Path | None = None) -> None:
        self._host, self._port = str(socket_path or "127.0.0.1"), port
        self._lock = threading.Lock()
        self._alerts: list[dict[str, Any]] = []
        self._pictures: dict[str, list[bytes]] = {}
        self._statuses: list[dict[str, Any]] = []
        self._signed: list[bytes] = []
        self._subscribed = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id="center",
            protocol=mqtt.MQTTv5,
            transport="unix" if socket_path else "tcp",
        )
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(0.2, 1)

    def __enter__(self) -> Self:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = _SESSION_S
        self._client.connect_async(self._host, self._port, clean_start=False, properties=properties)
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def listens(self) -> Self:
        assert self._subscribed.wait(15), "the center could not subscribe"
        return self

    def alerts(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._alerts)

    def statuses(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._statuses)

    def records(self, kind: str) -> list[dict[str, Any]]:
        """Return the signed records of one type, in their order."""
        with self._lock:
            bodies = [json.loads(split(payload)[0]) for payload in self._signed]
        return [body for body in bodies if body.get("type") == kind]

    def report(self, site: str, box: str, key: bytes) -> Report:
        """Return what the signatures of one box tell of all that came."""
        chain = Chain(site, box, [key])
        with self._lock:
            heads = [one["head"].encode() for one in self._statuses if "head" in one]
            for payload in (*self._signed, *heads):
                chain.take(payload)
        return chain.report()

    def got(self) -> set[tuple[str, int]]:
        """Return id and revision of every alert."""
        return {(alert["id"], alert["revision"]) for alert in self.alerts()}

    def verified(self) -> list[dict[str, Any]]:
        """Return the alerts whose picture arrived and is the one they name."""
        with self._lock:
            return [
                alert
                for alert in self._alerts
                if alert["thumb"]
                and alert["thumb"]["sha256"]
                in {sha256(jpeg).hexdigest() for jpeg in self._pictures.get(alert["id"], [])}
            ]

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe("city/v1/+/+/up/#", qos=1)

    def _on_subscribe(self, *_: object) -> None:
        self._subscribed.set()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        kind, *rest = message.topic.split("/")[5:]
        with self._lock:
            if kind in {"alert", "record"}:
                self._signed.append(message.payload)
            if kind == "alert":
                self._alerts.append(json.loads(split(message.payload)[0]))
            elif kind == "thumb":
                self._pictures.setdefault(rest[1], []).append(message.payload)
            elif kind == "status" and message.payload:
                self._statuses.append(json.loads(message.payload))


def until(is_so: Callable[[], object], within_s: float, why: Callable[[], object] = str) -> None:
    """Wait for something that other processes do; fail with `why()` when it does not come."""
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"it did not come to that within {within_s} s: {why()}"
        time.sleep(0.05)  # noqa: TID251 (another process's doings have no clock of ours)
