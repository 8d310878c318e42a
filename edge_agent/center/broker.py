"""One connection of the center to a broker, as long as it lasts. The center's own use of paho.

The broker's messages are acknowledged by hand, after they are stored: what is not stored stays with
the broker, which sends it again after the next connection.
"""

import logging
import math
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge_agent.center.post import Arrival, Outgoing
from edge_agent.center.settings import BrokerOptions
from edge_agent.runtime.stop import Stop
from edge_agent.wire.answers import (
    NO_ANSWER,
    UNSUPPORTED_PROTOCOL,
    LinkLostError,
    hang_up,
    refusal,
)
from edge_agent.wire.client import MQTT_3, MQTT_5, DialledClient, properties_for, said_nothing
from edge_agent.wire.dial import Address, address, dial

log = logging.getLogger(__name__)

_EVERYTHING = "city/v1/+/+/up/#"
# Shared subscriptions get no retained messages (MQTT 5, 4.8.2): who is there is asked for apart.
_STATUSES = "city/v1/+/+/up/status"
# From CONNECT to the broker's answer, and from SUBSCRIBE to its word.
_ANSWER_S = 5.0
# How soon a wait notices Stop.
_SLICE_S = 0.2
# A picture, or a letter of two lines, and what the packet says besides.
_LARGEST_PACKET = 1_048_576
# What MQTT 5 grants where the broker says nothing (section 3.2.2.3.3).
_RECEIVE_MAXIMUM = 65_535
# Without a word from the broker we send it no more than this at once; it keeps the rest from us.
_UNANSWERED_3 = 20
# In one transaction, so that others get their turn, and in memory: 1,000 messages of 500 KB that a box
# pours out without acknowledgement took 439 MiB, with this 136 (bench/center/memory.py).
_MOST_A_TURN = 1_000
_MOST_A_TURN_BYTES = 32 * 1024 * 1024
# MQTT 5, 3.8.3.1: retained messages only where the subscription is a new one.
_RETAINED_IF_NEW = 1


class Broker:
    """An accepted connection that is subscribed. Made by `open_broker`; used by one thread."""

    def __init__(self, client: DialledClient, to: Address) -> None:
        self._client = client
        self._to = to
        self._answer: ReasonCode | None = None
        self._refused: str | None = None
        self._heard_of = 0
        self._loss: LinkLostError | None = None
        self._under_way: set[int] = set()
        self._most_under_way = _UNANSWERED_3
        self._waiting: deque[Outgoing] = deque()
        # Each with its packet id; 0 for what needs no acknowledgement.
        self._arrived: list[tuple[int, Arrival]] = []
        self._arrived_bytes = 0
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect

    def turn(self, seconds: float, wake: socket.socket) -> list[tuple[int, Arrival]]:
        """Send and receive until something came, `wake` is readable, or the time is over.

        What came is to be acknowledged when it is stored. Raises LinkLostError when the connection
        has ended.
        """
        if self._client.socket() is not None:
            self._client.turn(0.0 if self._arrived else seconds, wake, self._read_all)
        if self._arrived:
            arrived, self._arrived = self._arrived, []
            self._arrived_bytes = 0
            return arrived
        self._complain_of_a_loss()
        return []

    def acknowledge(self, packet_ids: list[int]) -> None:
        """Let the broker forget what is stored, in the order in which it came."""
        for packet_id in packet_ids:
            if packet_id:
                self._client.ack(packet_id, 1)

    def post(self, outgoing: Outgoing) -> None:
        """Send it when the broker takes it; what a lost connection leaves unsent is gone."""
        self._waiting.append(outgoing)
        self._pump()

    @property
    def room(self) -> int:
        """How many more may be posted without anything waiting."""
        return max(0, self._most_under_way - len(self._under_way) - len(self._waiting))

    def begin(
        self, options: BrokerOptions, stop: Stop, wake: socket.socket, only: Sequence[str] = ()
    ) -> None:
        """Wait until the broker lets us in, and subscribe. Raises LinkLostError."""
        self._wait(lambda: self._answer is not None, stop, wake)
        if self._answer is not None and self._answer.is_failure:
            raise refusal(self._answer.value, str(self._answer))
        asked = self._subscribe(options, only)
        self._wait(lambda: self._heard_of >= asked, stop, wake)
        if self._refused is not None:
            raise LinkLostError(
                f"the broker does not let us hear the boxes: {self._refused.lower()}",
                hint="let this user read city/v1/+/+/up/# and write city/v1/+/+/down/# there",
            )

    def close(self, *, is_polite: bool = False) -> None:
        """Drop the connection; the broker keeps what comes meanwhile."""
        if is_polite and self._client.socket() is not None:
            self._client.disconnect()
            self._client.loop_write()
        self._client.line.close()

    def _subscribe(self, options: BrokerOptions, only: Sequence[str]) -> int:
        """Ask for what boxes send, or for some of it; return how many answers are to come."""
        if only:
            self._client.subscribe([(topic, 1) for topic in only])
            return len(only)
        if not self._client.is_5:
            self._client.subscribe(_EVERYTHING, qos=1)
            return 1
        if_new = SubscribeOptions(qos=1, retainHandling=_RETAINED_IF_NEW)
        shared = f"$share/{options.group}/{_EVERYTHING}"
        self._client.subscribe([(shared, SubscribeOptions(qos=1)), (_STATUSES, if_new)])
        return 2

    def _wait(self, is_so: Callable[[], bool], stop: Stop, wake: socket.socket) -> None:
        until = time.monotonic() + _ANSWER_S
        while not is_so():
            # What the session has kept comes before the answer to a subscription, and waits.
            if self._client.socket() is not None:
                self._client.turn(_SLICE_S, wake, lambda: self._read_all(math.inf))
            # paho hangs up in the same breath as it hears a refusal.
            if is_so():
                return
            self._complain_of_a_loss()
            if stop.is_told:
                raise LinkLostError("told to stop while connecting", hint="none needed")
            if time.monotonic() > until:
                raise said_nothing(_ANSWER_S)

    def _complain_of_a_loss(self) -> None:
        if self._loss is not None or self._client.socket() is None:
            raise self._loss or self._lost()

    def _read_all(self, most_bytes: float = _MOST_A_TURN_BYTES) -> None:
        """Read packets as long as some are there: together they are one transaction.

        The broker ends it, which sends no more than Receive Maximum before we acknowledge; what
        needs no acknowledgement does not end.
        """
        before = -1
        while self._client.socket() is not None and before < len(self._arrived) < _MOST_A_TURN:
            if self._arrived_bytes > most_bytes:
                return
            before = len(self._arrived)
            self._client.loop_read()

    def _pump(self) -> None:
        while self._waiting and len(self._under_way) < self._most_under_way:
            outgoing = self._waiting.popleft()
            sent = self._client.publish(
                outgoing.topic, outgoing.payload, qos=1, properties=self._properties(outgoing)
            )
            self._under_way.add(sent.mid)

    def _properties(self, outgoing: Outgoing) -> Properties | None:
        if not self._client.is_5:
            return None
        properties = properties_for(PacketTypes.PUBLISH)
        properties.ContentType = "application/x-ndjson"
        properties.PayloadFormatIndicator = 1
        if outgoing.expiry_s is not None:
            properties.MessageExpiryInterval = outgoing.expiry_s
        return properties

    def _on_connect(
        self,
        client: paho.Client,  # noqa: ARG002 (paho's signature)
        userdata: object,  # noqa: ARG002 (paho's signature)
        flags: paho.ConnectFlags,  # noqa: ARG002 (paho's signature)
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._answer = reason
        if self._client.is_5:
            self._most_under_way = getattr(properties, "ReceiveMaximum", _RECEIVE_MAXIMUM)

    def _on_subscribe(
        self,
        client: paho.Client,  # noqa: ARG002 (paho's signature)
        userdata: object,  # noqa: ARG002 (paho's signature)
        packet_id: int,  # noqa: ARG002 (paho's signature)
        reasons: list[ReasonCode],
        properties: Properties | None,  # noqa: ARG002 (paho's signature)
    ) -> None:
        self._heard_of += len(reasons)
        for reason in reasons:
            if reason.is_failure:
                self._refused = str(reason)

    def _on_publish(
        self,
        client: paho.Client,  # noqa: ARG002 (paho's signature)
        userdata: object,  # noqa: ARG002 (paho's signature)
        packet_id: int,
        reason: ReasonCode,
        properties: Properties,  # noqa: ARG002 (paho's signature)
    ) -> None:
        self._under_way.discard(packet_id)
        if reason.is_failure:
            log.warning("the broker does not pass on what we tell a box: %s", reason)
        self._pump()

    def _on_message(
        self,
        client: paho.Client,  # noqa: ARG002 (paho's signature)
        userdata: object,  # noqa: ARG002 (paho's signature)
        message: paho.MQTTMessage,
    ) -> None:
        packet_id = message.mid if message.qos else 0
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._arrived_bytes += len(message.payload)
        self._arrived.append((packet_id, Arrival(topic, bytes(message.payload), message.retain)))

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
        if tls_loss := self._client.tls_loss(self._to):
            self._loss = tls_loss
        elif flags.is_disconnect_packet_from_server:
            self._loss = hang_up(reason.value, str(reason))
        else:
            self._loss = self._lost()

    def _lost(self) -> LinkLostError:
        return LinkLostError(
            "the connection to the broker broke",
            # mosquitto 2.0.11 throws out a client of the same name without a word.
            hint="check the network, the broker's log, and that no second center has this client_id",
            code=NO_ANSWER if self._answer is None else 0,
        )


def open_broker(
    to: Address,
    options: BrokerOptions,
    protocol: MQTTProtocolVersion,
    stop: Stop,
    wake: socket.socket,
    only: Sequence[str] = (),
) -> Broker:
    """Dial, log in and subscribe: to all boxes, or to some topics only. Raises LinkLostError."""
    client = DialledClient(
        dial(to, stop),
        client_id=options.client_id,
        protocol=protocol,
        is_clean=options.session_s == 0,
        manual_ack=True,
    )
    if options.username:
        client.username_pw_set(options.username, options.password.reveal())
    broker = Broker(client, to)
    try:
        if protocol == MQTT_5:
            properties = properties_for(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = options.session_s
            properties.ReceiveMaximum = options.in_flight
            properties.MaximumPacketSize = _LARGEST_PACKET
            client.connect(
                to.host,
                to.port,
                options.keepalive_s,
                clean_start=options.session_s == 0,
                properties=properties,
            )
        else:
            client.connect(to.host, to.port, options.keepalive_s)
        broker.begin(options, stop, wake, only)
    except BaseException:
        broker.close()
        raise
    return broker


def try_broker(
    options: BrokerOptions, stop: Stop, wake: socket.socket, only: Sequence[str] = ()
) -> tuple[Broker, bool]:
    """Connect once, in MQTT 3.1.1 where 5 is not spoken; tell whether it is 5. Raises LinkLostError."""
    to = address(options, options.url)
    try:
        return open_broker(to, options, MQTT_5, stop, wake, only), True
    except LinkLostError as loss:
        # RabbitMQ 3.10 hangs up without a word.
        if loss.code not in {NO_ANSWER, UNSUPPORTED_PROTOCOL}:
            raise
        return open_broker(to, options, MQTT_3, stop, wake, only), False
