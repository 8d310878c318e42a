"""One connection to a broker, as long as it lasts. paho lives here, and remembers nothing for us.

A new connection is a new paho client: what a connection leaves unacknowledged is sent again from
the disk, in order. paho would do it from memory, out of order (measured: docs/design/0002).
"""

import logging
import select
import socket
import time
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.mqtt.message import Acknowledgement, Heard, Message
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime.stop import Stop
from edge_agent.wire.answers import ABOUT_CONTENT, NO_ANSWER, LinkLostError, hang_up, refusal
from edge_agent.wire.dial import Address, dial, unreachable
from edge_agent.wire.line import Line

log = logging.getLogger(__name__)

MQTT_5 = MQTTProtocolVersion.MQTTv5
MQTT_3 = MQTTProtocolVersion.MQTTv311
# From CONNECT to the broker's answer.
_ANSWER_S = 5.0
# How soon a wait notices Stop.
_SLICE_S = 0.2
# What MQTT 5 grants where the broker says nothing (sections 3.2.2.3.3 and 3.2.2.3.6).
_RECEIVE_MAXIMUM = 65_535
_LARGEST_PACKET = 268_435_455
# A protocol error is what paho calls an answer that it cannot read. mosquitto 2.0.11 answers a
# message over message_size_limit with a PUBACK 0x95, which the standard does not know there.
_UNREADABLE = 0x82
# The session outlives a restart of the box, so that what the center sends meanwhile is not lost.
_SESSION_S = 3600
# A letter of the center has 64 KiB at most; topic and properties come on top. A broker of MQTT 5
# keeps larger ones away from us.
_LARGEST_HEARD = 72 * 1024
# Letters that wait for the next turn: more than a broker sends before we acknowledge.
_MOST_HEARD = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who we say we are when we connect, and what the broker says of us when we vanish."""

    client_id: str
    will: Message
    will_delay_s: int
    options: BrokerOptions
    protocol: MQTTProtocolVersion


class _Client(paho.Client):
    """paho on a connection that we have dialled: its own dialling cannot be told to stop."""

    def __init__(self, caller: Caller, connection: socket.socket) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=caller.client_id,
            clean_session=None if caller.protocol == MQTT_5 else False,
            protocol=caller.protocol,
            reconnect_on_failure=False,
        )
        self.line = Line(connection)
        # No limit of paho's: the link keeps the broker's, which paho does not read.
        self.max_inflight_messages_set(0)

    def _create_socket(self) -> Line:
        return self.line


class Pipe:
    """An accepted connection. Made by `open_pipe`; used by one thread."""

    def __init__(self, client: _Client, to: Address) -> None:
        self.receive_maximum = _RECEIVE_MAXIMUM
        self.largest_packet = _LARGEST_PACKET
        self.can_retain = True
        self._client = client
        self._to = to
        self._answer: ReasonCode | None = None
        self._loss: LinkLostError | None = None
        self._acknowledgements: list[Acknowledgement] = []
        self._heard: list[Heard] = []
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect

    def publish(self, message: Message) -> int:
        """Send a message and return its packet id; a lost connection shows at the next turn."""
        return self._client.publish(
            message.topic,
            message.payload,
            qos=message.qos,
            retain=message.is_retained and self.can_retain,
            properties=_properties(message) if self._is_5 else None,
        ).mid

    def listen(self, topic: str) -> None:
        """Ask the broker for what the center sends there; it comes out of `heard`."""
        self._client.subscribe(topic, qos=1)

    def heard(self) -> list[Heard]:
        """Return what has come since the last time, oldest first."""
        heard, self._heard = self._heard, []
        return heard

    def turn(self, seconds: float, wake: socket.socket) -> list[Acknowledgement]:
        """Send and receive until something came, `wake` is readable, or the time is over.

        Raises LinkLostError when the connection has ended.
        """
        if self._client.socket() is not None:
            self._work(seconds, wake)
        if self._acknowledgements:
            heard, self._acknowledgements = self._acknowledgements, []
            return heard
        if self._loss is not None or self._client.socket() is None:
            raise self._loss or self._lost()
        return []

    def wait_for_answer(self, stop: Stop, wake: socket.socket) -> None:
        """Wait until the broker lets us in. Raises LinkLostError when it does not."""
        until = time.monotonic() + _ANSWER_S
        while self._answer is None:
            try:
                self.turn(_SLICE_S, wake)
            except LinkLostError:
                # paho hangs up in the same breath as it hears a refusal.
                if self._answer is None:
                    raise
            if stop.is_told:
                raise LinkLostError("told to stop while connecting", hint="none needed")
            if time.monotonic() > until:
                raise LinkLostError(
                    f"the broker took the connection but said nothing for {_ANSWER_S:g} s",
                    hint="check that this port belongs to an MQTT broker, and that it is well",
                )
        if self._answer.is_failure:
            raise refusal(self._answer.value, str(self._answer))

    def say_goodbye(self) -> None:
        """Tell the broker that we leave on purpose, so that it does not send our will."""
        self._client.disconnect()

    def close(self) -> None:
        """Drop the connection."""
        self._client.line.close()

    @property
    def _is_5(self) -> bool:
        return self._client.protocol == MQTT_5

    def _work(self, seconds: float, wake: socket.socket) -> None:
        line = self._client.line
        if line.pending():
            seconds = 0.0
        poller = select.poll()
        outgoing = select.POLLOUT if self._client.want_write() else 0
        poller.register(line.fileno(), select.POLLIN | outgoing)
        poller.register(wake, select.POLLIN)
        ready = dict(poller.poll(1000 * seconds))
        if wake.fileno() in ready:
            wake.recv(4096)
        if line.fileno() in ready or seconds == 0.0:
            self._client.loop_read()
        if self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()

    def _on_connect(
        self,
        client: paho.Client,  # noqa: ARG002 (paho's signature)
        userdata: object,  # noqa: ARG002 (paho's signature)
        flags: paho.ConnectFlags,  # noqa: ARG002 (paho's signature)
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._answer = reason
        self.receive_maximum = getattr(properties, "ReceiveMaximum", _RECEIVE_MAXIMUM)
        self.largest_packet = getattr(properties, "MaximumPacketSize", _LARGEST_PACKET)
        self.can_retain = bool(getattr(properties, "RetainAvailable", 1))

    def _on_publish(
        self,
        client: paho.Client,  # noqa: ARG002 (paho's signature)
        userdata: object,  # noqa: ARG002 (paho's signature)
        packet_id: int,
        reason: ReasonCode,
        properties: Properties,  # noqa: ARG002 (paho's signature)
    ) -> None:
        self._acknowledgements.append(Acknowledgement(packet_id, reason.value, str(reason)))

    def _on_message(
        self,
        client: paho.Client,  # noqa: ARG002 (paho's signature)
        userdata: object,  # noqa: ARG002 (paho's signature)
        message: paho.MQTTMessage,
    ) -> None:
        # What was not taken comes again: receipts are repeated, and a command is asked for anew.
        if len(message.payload) > _LARGEST_HEARD or len(self._heard) >= _MOST_HEARD:
            log.warning(
                "too much came on %s at once: %d bytes ignored", message.topic, len(message.payload)
            )
            return
        correlation = getattr(message.properties, "CorrelationData", b"")
        kind = message.topic.rpartition("/")[2]
        self._heard.append(Heard(kind, bytes(message.payload), correlation))

    def _on_subscribe(
        self,
        client: paho.Client,  # noqa: ARG002 (paho's signature)
        userdata: object,  # noqa: ARG002 (paho's signature)
        packet_id: int,  # noqa: ARG002 (paho's signature)
        reasons: list[ReasonCode],
        properties: Properties | None,  # noqa: ARG002 (paho's signature)
    ) -> None:
        for reason in reasons:
            if reason.is_failure:
                log.warning("the broker does not let us hear the center: %s", reason)

    def _on_disconnect(
        self,
        client: paho.Client,  # noqa: ARG002 (paho's signature)
        userdata: object,  # noqa: ARG002 (paho's signature)
        flags: paho.DisconnectFlags,
        reason: ReasonCode | None,
        properties: Properties | None,  # noqa: ARG002 (paho's signature)
    ) -> None:
        if self._loss is not None or reason is None:
            return
        if self._client.line.tls_failure is not None:
            self._loss = unreachable(self._to, self._client.line.tls_failure)
        elif flags.is_disconnect_packet_from_server:
            self._loss = hang_up(reason.value, str(reason))
        elif reason.value == _UNREADABLE:
            self._loss = LinkLostError(
                "the broker answered in a way that MQTT does not know",
                hint="see the broker's log: a message too large for message_size_limit?",
                code=_UNREADABLE,
            )
        else:
            self._loss = self._lost()

    def _lost(self) -> LinkLostError:
        return LinkLostError(
            "the connection to the broker broke",
            # mosquitto 2.0.11 throws out a client of the same name without a word.
            hint="check the network, the broker's log, and that no second box has this box's name",
            code=NO_ANSWER if self._answer is None else 0,
        )


def open_pipe(to: Address, caller: Caller, stop: Stop, wake: socket.socket) -> Pipe:
    """Dial, log in and wait for the broker's answer. Raises LinkLostError."""
    client = _client(caller, dial(to, stop))
    pipe = Pipe(client, to)
    keepalive_s = caller.options.keepalive_s
    try:
        if caller.protocol == MQTT_5:
            properties = _no_properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = _SESSION_S
            properties.MaximumPacketSize = _LARGEST_HEARD
            client.connect(to.host, to.port, keepalive_s, clean_start=False, properties=properties)
        else:
            client.connect(to.host, to.port, keepalive_s)
        pipe.wait_for_answer(stop, wake)
    except BaseException:
        pipe.close()
        raise
    return pipe


def is_about_content(loss: LinkLostError) -> bool:
    """Tell whether the connection ended over something that we sent."""
    return loss.code in ABOUT_CONTENT


def _client(caller: Caller, connection: socket.socket) -> _Client:
    client = _Client(caller, connection)
    will = caller.will
    properties = None
    if caller.protocol == MQTT_5:
        properties = _no_properties(PacketTypes.WILLMESSAGE)
        properties.WillDelayInterval = caller.will_delay_s
        properties.ContentType = will.content_type
        properties.PayloadFormatIndicator = 1
    client.will_set(will.topic, will.payload, qos=1, retain=True, properties=properties)
    if caller.options.username:
        client.username_pw_set(caller.options.username, caller.options.password.reveal())
    return client


def _properties(message: Message) -> Properties:
    properties = _no_properties(PacketTypes.PUBLISH)
    properties.ContentType = message.content_type
    properties.PayloadFormatIndicator = int(message.is_text)
    if message.revision is not None:
        properties.UserProperty = ("revision", str(message.revision))
    if message.expiry_s is not None:
        properties.MessageExpiryInterval = message.expiry_s
    if message.correlation:
        properties.CorrelationData = message.correlation
    return properties


def _no_properties(packet_type: int) -> Properties:
    return Properties(packet_type)  # type: ignore[no-untyped-call]  # paho leaves this one out
