"""Knock at the broker once, as `check` does: reach it, encrypt, log in, publish, hear the receipt.

Not the agent's link: it comes under a name of its own, because a broker throws out whoever is
connected under the same one. What it publishes is small, not retained, and nobody's alert.
"""

import json
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.errors import EdgeAgentError
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.mqtt.pipe import MQTT_3, MQTT_5
from edge_agent.mqtt.topics import Topics
from edge_agent.runtime.stop import Stop
from edge_agent.wire.answers import (
    FAILURE,
    NO_ANSWER,
    NO_SUBSCRIBERS,
    UNSUPPORTED_PROTOCOL,
    LinkLostError,
    refusal,
)
from edge_agent.wire.dial import Address, address, dial

# A broker that takes us says nothing before we do; one round trip over a slow mobile link.
_REFUSAL_S = 0.5
_ANSWER_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who knocks, and what is published: `wall` in Unix seconds, the version of edge-agent."""

    site: str
    box: str
    wall: float
    version: str

    @property
    def client_id(self) -> str:
        """A name that the agent itself never has."""
        return f"{self.site}-{self.box}-check"

    @property
    def topics(self) -> Topics:
        """Where this box may publish."""
        return Topics(self.site, self.box)

    def message(self) -> bytes:
        """Return what is published, as docs/reference/topics.md says."""
        when = datetime.fromtimestamp(self.wall, UTC).isoformat(timespec="milliseconds")
        told = {"time": when.replace("+00:00", "Z"), "version": self.version}
        return json.dumps(told).encode()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way and what came of it: words, or trouble. A remark is no failure."""

    name: str
    what: str = ""
    trouble: EdgeAgentError | None = None
    is_remark: bool = False


class _Visitor(paho.Client):
    """paho on a connection that is open already; keeps the broker's answers."""

    def __init__(self, client_id: str, protocol: MQTTProtocolVersion, line: socket.socket) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=protocol,
            reconnect_on_failure=False,
        )
        self.answer: ReasonCode | None = None
        self.receipt: ReasonCode | None = None
        self._line = line
        self.on_connect = self._keep_answer
        self.on_publish = self._keep_receipt

    def _create_socket(self) -> socket.socket:
        return self._line

    def _keep_answer(
        self,
        client: paho.Client,  # noqa: ARG002 (paho's signature)
        userdata: object,  # noqa: ARG002 (paho's signature)
        flags: paho.ConnectFlags,  # noqa: ARG002 (paho's signature)
        reason: ReasonCode,
        properties: Properties | None,  # noqa: ARG002 (paho's signature)
    ) -> None:
        self.answer = reason

    def _keep_receipt(
        self,
        client: paho.Client,  # noqa: ARG002 (paho's signature)
        userdata: object,  # noqa: ARG002 (paho's signature)
        packet_id: int,  # noqa: ARG002 (paho's signature)
        reason: ReasonCode,
        properties: Properties,  # noqa: ARG002 (paho's signature)
    ) -> None:
        self.receipt = reason


def try_broker(options: BrokerOptions, visit: Visit, stop: Stop) -> tuple[Step, ...]:
    """Return reach, TLS, login, publish and receipt of each broker, up to its first that fails.

    Takes about a second, and no step longer than 5 for each address of the broker's name; a told
    `stop` ends it sooner. Raises nothing.
    """
    steps: list[Step] = []
    for url in options.urls:
        trial = _Trial(options, url, visit, stop)
        try:
            trial.run()
        except EdgeAgentError as trouble:
            trial.steps.append(Step(trial.rung, trouble=trouble))
        steps += trial.steps
    return tuple(steps)


class _Trial:
    """The way to the broker, and how far we came: `rung` is the step under way."""

    def __init__(self, options: BrokerOptions, url: str, visit: Visit, stop: Stop) -> None:
        self.steps: list[Step] = []
        self.rung = "reach"
        self._options = options
        self._url = url
        self._visit = visit
        self._stop = stop

    def run(self) -> None:
        """Go all the way. Raises LinkLostError, or EdgeAgentError at a refused message."""
        # Whatever is wrong with the url was said by the configuration; certificates may be.
        self.rung = "TLS" if self._url.startswith("mqtts://") else "reach"
        to = address(self._options, self._url)
        self.rung = "reach"
        # A connection of its own, so that what fails next is TLS and not the way there.
        dial(replace(to, context=None), self._stop).close()
        self._did(f"{to} takes connections")
        self.rung = "TLS"
        try:
            self._visit_as(MQTT_5, to)
        except LinkLostError as loss:
            if loss.code not in {UNSUPPORTED_PROTOCOL, NO_ANSWER} or self.rung != "login":
                raise
            del self.steps[1:]
            self._visit_as(MQTT_3, to)

    def _visit_as(self, protocol: MQTTProtocolVersion, to: Address) -> None:
        self.rung = "TLS"
        with dial(to, self._stop) as line:
            if isinstance(line, ssl.SSLSocket):
                _wait_for_refusal(line, to)
                self._did(_security(line))
            else:
                self._remark(
                    EdgeAgentError(
                        "not encrypted: whoever shares the network reads the alerts",
                        hint="use mqtts:// outside of a lab; ask the center for its CA file",
                    )
                )
            visitor = _Visitor(self._visit.client_id, protocol, line)
            self.rung = "login"
            self._log_in(visitor, to)
            self.rung = "publish"
            self._publish(visitor, to)
            visitor.disconnect()

    def _log_in(self, visitor: _Visitor, to: Address) -> None:
        options = self._options
        if options.username:
            visitor.username_pw_set(options.username, options.password.reveal())
        visitor.connect(to.host, to.port, options.keepalive_s)
        self._wait(visitor, lambda: visitor.answer is not None)
        answer = visitor.answer
        if answer is None and visitor.socket() is not None:
            raise LinkLostError(
                f"{to} took the connection but said nothing for {_ANSWER_S:g} s",
                hint="check that this port belongs to an MQTT broker, and that it is well",
            )
        if answer is None:
            raise LinkLostError(
                f"{to} closed the connection without an answer",
                hint="check the port: 8883 is for mqtts://, 1883 for mqtt://; see the broker's log",
                code=NO_ANSWER,
            )
        if answer.is_failure:
            raise refusal(answer.value, str(answer))
        who = f"user '{options.username}'" if options.username else "this box"
        self._did(f"{who} is let in")

    def _publish(self, visitor: _Visitor, to: Address) -> None:
        topics = self._visit.topics
        visitor.publish(
            topics.check, self._visit.message(), qos=1, properties=_kind(visitor.protocol)
        )
        self._wait(visitor, lambda: visitor.receipt is not None)
        receipt = visitor.receipt
        if receipt is not None and receipt.value >= FAILURE:
            raise EdgeAgentError(
                f"{to} does not let this box publish: {str(receipt).lower()}",
                hint=f"have its access rules allow:  topic write {topics.everything}",
            )
        if receipt is None and visitor.socket() is None:
            raise EdgeAgentError(
                f"{to} hung up when this box published",
                hint=f"see its log; have its access rules allow:  topic write {topics.everything}",
            )
        self._did(f"sent to {topics.check}")
        self.rung = "receipt"
        self._tell_receipt(receipt, visitor, to)

    def _tell_receipt(self, receipt: ReasonCode | None, visitor: _Visitor, to: Address) -> None:
        if receipt is None:
            raise EdgeAgentError(
                f"{to} acknowledged nothing within {_ANSWER_S:g} s",
                hint="see that the broker is well: its log, its disk",
            )
        if receipt.value == NO_SUBSCRIBERS:
            raise EdgeAgentError(
                "the broker took it, but nobody listens to this box",
                hint="see that the center runs, and what it is subscribed to",
            )
        if visitor.protocol == MQTT_3:
            self._remark(
                EdgeAgentError(
                    "acknowledged; MQTT 3.1.1 does not tell whether it was allowed or anybody "
                    "listens",
                    hint="ask the center whether it came, or for a broker that speaks MQTT 5",
                )
            )
        else:
            self._did("the broker acknowledged it")

    def _wait(self, visitor: _Visitor, is_there: Callable[[], bool]) -> None:
        """Let the visitor work until something is there, it is hung up on, or the time is over."""
        until = time.monotonic() + _ANSWER_S
        while not is_there() and time.monotonic() < until and not self._stop.is_told:
            if visitor.loop(timeout=0.1) != paho.MQTT_ERR_SUCCESS:
                return

    def _did(self, what: str) -> None:
        self.steps.append(Step(self.rung, what))

    def _remark(self, trouble: EdgeAgentError) -> None:
        self.steps.append(Step(self.rung, trouble=trouble, is_remark=True))


def _kind(protocol: MQTTProtocolVersion) -> Properties | None:
    if protocol != MQTT_5:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's
    properties.ContentType = "application/json"
    return properties


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
