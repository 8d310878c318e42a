"""Knock at the broker once, as `check` does, and say in a technician's words what came of it.

Not the agent's link: it comes under a name of its own, because a broker throws out whoever is
connected under the same one. Nothing is published and nothing subscribed.
"""

import socket
import ssl
import time
from datetime import UTC, datetime

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.mqtt.answers import UNSUPPORTED_PROTOCOL, LinkLostError, refusal
from edge_agent.mqtt.dial import Address, address, dial
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.mqtt.pipe import MQTT_3, MQTT_5
from edge_agent.runtime.stop import Stop

# A broker that takes us says nothing before we do; one round trip over a slow mobile link.
_REFUSAL_S = 0.5
_ANSWER_S = 5.0


class _Visitor(paho.Client):
    """paho on a connection that is open already; keeps the broker's answer."""

    def __init__(self, client_id: str, protocol: MQTTProtocolVersion, line: socket.socket) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=protocol,
            reconnect_on_failure=False,
        )
        self.answer: ReasonCode | None = None
        self._line = line
        self.on_connect = self._keep

    def _create_socket(self) -> socket.socket:
        return self._line

    def _keep(
        self,
        client: paho.Client,  # noqa: ARG002 (paho's signature)
        userdata: object,  # noqa: ARG002 (paho's signature)
        flags: paho.ConnectFlags,  # noqa: ARG002 (paho's signature)
        reason: ReasonCode,
        properties: Properties | None,  # noqa: ARG002 (paho's signature)
    ) -> None:
        self.answer = reason


def try_broker(options: BrokerOptions, site: str, box: str) -> str:
    """Connect with TLS and login, leave, and return what the broker said, on one line.

    Takes about a second, and no step longer than 5. Raises EdgeAgentError that tells which step
    failed: name, TCP, TLS or login.
    """
    client_id = f"{site}-{box}-check"
    try:
        security = _visit(options, client_id, MQTT_5)
    except LinkLostError as loss:
        if loss.code != UNSUPPORTED_PROTOCOL:
            raise
        security = f"{_visit(options, client_id, MQTT_3)}, MQTT 3.1.1 only"
    return f"{options.url} let us in ({security})"


def _visit(options: BrokerOptions, client_id: str, protocol: MQTTProtocolVersion) -> str:
    to = address(options)
    with dial(to, Stop()) as line:
        security = "not encrypted"
        if isinstance(line, ssl.SSLSocket):
            _wait_for_refusal(line, to)
            security = _security(line)
        visitor = _Visitor(client_id, protocol, line)
        if options.username:
            visitor.username_pw_set(options.username, options.password.reveal())
        visitor.connect(to.host, to.port, options.keepalive_s)
        _hear_answer(visitor, to)
    return security


def _hear_answer(visitor: _Visitor, to: Address) -> None:
    until = time.monotonic() + _ANSWER_S
    is_open = True
    while visitor.answer is None and is_open and time.monotonic() < until:
        is_open = visitor.loop(timeout=0.1) == paho.MQTT_ERR_SUCCESS
    answer = visitor.answer
    visitor.disconnect()
    if answer is None and is_open:
        raise LinkLostError(
            f"{to} took the connection but said nothing for {_ANSWER_S:g} s",
            hint="check that this port belongs to an MQTT broker, and that it is well",
        )
    if answer is None:
        raise LinkLostError(
            f"{to} closed the connection without an answer",
            hint="check the port: 8883 is for mqtts://, 1883 for mqtt://; see the broker's log",
        )
    if answer.is_failure:
        raise refusal(answer.value, str(answer))


def _wait_for_refusal(line: ssl.SSLSocket, to: Address) -> None:
    """Give TLS 1.3 time to refuse our certificate: that comes after the handshake.

    Once we had written, the kernel would tell of a reset instead, and the reason would be lost.
    """
    until = time.monotonic() + _REFUSAL_S
    line.settimeout(_REFUSAL_S)
    try:
        while time.monotonic() < until and line.recv(1):
            pass
    except TimeoutError:
        return
    except ssl.SSLError as error:
        raise LinkLostError(
            f"{to} refused our certificate",
            hint="check certificate_file and key_file: missing, expired, or another center's?",
        ) from error
    except OSError:
        # It hung up; the login will say so in its own words.
        return
    finally:
        line.settimeout(0)


def _security(line: ssl.SSLSocket) -> str:
    certificate = line.getpeercert() or {}
    ends_wall = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    ends = datetime.fromtimestamp(ends_wall, UTC).date().isoformat()
    return f"{line.version()}, its certificate ends {ends}"
