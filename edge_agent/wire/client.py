"""paho on a connection that we have dialled: the same for a box's pipe and the center's.

paho's own dialling cannot be told to stop, and its threads are nobody's; here one thread owns both.
"""

import select
import socket
from collections.abc import Callable

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties

from edge_agent.wire.answers import LinkLostError
from edge_agent.wire.dial import Address, unreachable
from edge_agent.wire.line import Line

MQTT_5 = MQTTProtocolVersion.MQTTv5
MQTT_3 = MQTTProtocolVersion.MQTTv311


class DialledClient(paho.Client):
    """Used by one thread. `line` is the connection."""

    def __init__(
        self,
        connection: socket.socket,
        *,
        client_id: str,
        protocol: MQTTProtocolVersion,
        is_clean: bool = False,
        manual_ack: bool = False,
    ) -> None:
        """`is_clean` counts in MQTT 3.1.1 only: in 5 it is said when connecting."""
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if protocol == MQTT_5 else is_clean,
            protocol=protocol,
            reconnect_on_failure=False,
            manual_ack=manual_ack,
        )
        self.line = Line(connection)
        # No limit of paho's: whoever uses it keeps the broker's, which paho does not read.
        self.max_inflight_messages_set(0)

    def _create_socket(self) -> Line:
        return self.line

    @property
    def is_5(self) -> bool:
        """Whether it speaks MQTT 5."""
        return self.protocol == MQTT_5

    def turn(
        self, seconds: float, wake: socket.socket, read: Callable[[], object] | None = None
    ) -> None:
        """Send and receive until something came, `wake` is readable, or the time is over."""
        if self.line.pending():
            seconds = 0.0
        poller = select.poll()
        outgoing = select.POLLOUT if self.want_write() else 0
        poller.register(self.line.fileno(), select.POLLIN | outgoing)
        poller.register(wake, select.POLLIN)
        ready = dict(poller.poll(1000 * seconds))
        if wake.fileno() in ready:
            wake.recv(4096)
        if self.line.fileno() in ready or seconds == 0.0:
            (read or self.loop_read)()
        if self.want_write():
            self.loop_write()
        self.loop_misc()

    def tls_loss(self, to: Address) -> LinkLostError | None:
        """Return how TLS broke the connection; None where it did not."""
        failure = self.line.tls_failure
        return unreachable(to, failure) if failure else None


def said_nothing(seconds: float) -> LinkLostError:
    """Return the loss of a connection that was taken and never answered."""
    return LinkLostError(
        f"the broker took the connection but said nothing for {seconds:g} s",
        hint="check that this port belongs to an MQTT broker, and that it is well",
    )


def properties_for(packet_type: int) -> Properties:
    """Return properties of MQTT 5 with nothing in them yet, for a type of packet."""
    return Properties(packet_type)  # type: ignore[no-untyped-call]  # paho leaves this one out
