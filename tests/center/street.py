"""Boxes on a real broker: they send until they are receipted, as boxes do."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.contract import open_letter, read_key, read_receipt

if TYPE_CHECKING:
    from edge_agent.center.post import Arrival
    from tests.center.boxes import Sender


class Street:
    """One MQTT client for all boxes; `receipted` has what the center has confirmed, by box."""

    def __init__(self, port: int, public_key: str, *, protocol: int = mqtt.MQTTv5) -> None:
        key = read_key(public_key)
        assert key
        self._keys = [key]
        self._port = port
        self._lock = threading.Lock()
        self._stored: dict[str, dict[int, str]] = {}
        self._pictures: dict[str, set[int]] = {}
        self.receipts = 0
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=protocol)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe("city/v1/+/+/down/#", qos=1)
        self._client.reconnect_delay_set(0.1, 0.5)
        self._client.max_inflight_messages_set(0)

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, *arrivals: Arrival, qos: int = 1, retain: bool = False) -> None:
        sent = [
            self._client.publish(one.topic, one.payload, qos=qos, retain=retain) for one in arrivals
        ]
        if sent:
            sent[-1].wait_for_publish(10)

    def send_missing(self, sender: Sender) -> None:
        """Send again what was not receipted, oldest first."""
        known = self.receipted(sender)
        self.send(*(one for seq, one in sorted(sender.signed.items()) if seq not in known))

    def receipted(self, sender: Sender) -> dict[int, str]:
        """Return the numbers, and for the last one of each range the hash."""
        with self._lock:
            return dict(self._stored.get(str(sender.box), {}))

    def pictures(self, sender: Sender) -> set[int]:
        with self._lock:
            return set(self._pictures.get(str(sender.box), ()))

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        _, _, site, box, *_ = message.topic.split("/")
        opened = open_letter(message.payload, self._keys, kind="receipt", site=site, box=box)
        receipt = read_receipt(opened.members)
        assert receipt, opened.verdict
        with self._lock:
            self.receipts += 1
            stored = self._stored.setdefault(f"{site}/{box}", {})
            for one in receipt.stored:
                stored.update(dict.fromkeys(range(one.range.first, one.range.last), ""))
                stored[one.range.last] = one.sha256
            shown = self._pictures.setdefault(f"{site}/{box}", set())
            for each in receipt.pictures:
                shown.update(range(each.first, each.last + 1))
