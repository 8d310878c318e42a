"""Anybody at a broker's TLS port, with a certificate or without: what may it do there?"""

from __future__ import annotations

import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.authority import Pair

_PATIENCE_S = 10.0


class Visitor:
    """One connection; `heard` is what came, as (topic, payload)."""

    def __init__(
        self,
        port: int,
        ca_file: Path,
        pair: Pair | None = None,
        *,
        name: str = "visitor",
        protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5,
    ) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._port = port
        self._let_in, self._acknowledged = threading.Event(), threading.Event()
        self._gone = threading.Event()
        self._answer = self._code = -1
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            protocol=protocol,
            reconnect_on_failure=False,
        )
        context = ssl.create_default_context(cafile=ca_file)
        if pair:
            context.load_cert_chain(pair.certificate, pair.key)
        self._client.tls_set_context(context)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = lambda *_: self._acknowledged.set()
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    @property
    def is_let_in(self) -> bool:
        return self._answer == 0

    def listen(self, topic: str) -> Self:
        """Subscribe and wait for the broker's word, which may be a lie: reads are refused silently."""
        self._acknowledged.clear()
        self._client.subscribe(topic, options=SubscribeOptions(qos=1))
        assert self._acknowledged.wait(_PATIENCE_S)
        return self

    def publish(self, topic: str, payload: bytes = b"x") -> int:
        """Return the broker's reason code; 0x10 means that nobody listens."""
        self._acknowledged.clear()
        self._client.publish(topic, payload, qos=1)
        assert self._acknowledged.wait(_PATIENCE_S)
        return self._code

    def is_hung_up_on_after_publishing(self, topic: str) -> bool:
        """Tell whether the broker ended the connection over it, as those of MQTT 3.1.1 do."""
        self._gone.clear()
        self._client.publish(topic, b"x", qos=1)
        return self._gone.wait(_PATIENCE_S)

    def __enter__(self) -> Self:
        with suppress(OSError):
            self._client.connect("127.0.0.1", self._port)
            self._client.loop_start()
            self._let_in.wait(_PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, *told: object) -> None:
        self._answer = told[3].value  # type: ignore[attr-defined]  # paho's ReasonCode
        self._let_in.set()

    def _on_disconnect(self, *_: object) -> None:
        self._let_in.set()
        self._gone.set()

    def _on_publish(self, *told: object) -> None:
        self._code = told[3].value  # type: ignore[attr-defined]  # paho's ReasonCode
        self._acknowledged.set()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.heard.append((message.topic, message.payload))
