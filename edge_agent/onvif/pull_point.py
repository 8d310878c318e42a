"""A subscription to a camera's events, which we fetch: ONVIF Core, "Real-time Pull-Point".

Cameras have few places for subscribers, some two. So a subscription lives for a minute at most
without us, and is given back whenever we leave.
"""

import uuid
from collections.abc import Callable
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import reachable_service
from edge_agent.onvif.envelope import first_text
from edge_agent.onvif.events import CameraEvent, read_events, read_time
from edge_agent.onvif.line import FaultError, Line
from edge_agent.onvif.soap import ask, text
from edge_agent.onvif.wsse import zulu

# What dies with us is forgotten by the camera after a minute, too.
LIFE_S = 60.0
# How long the camera may hold a question until something happens; well below half a life.
PULL_S = 10.0
# The answer may be on its way for this long beyond that.
PULL_SLACK_S = 5.0
# More than a busy camera has in ten seconds; within what every firmware takes.
_MOST_MESSAGES = 50
# A day is what no firmware grants on purpose: such a time was reckoned wrongly.
_LONGEST_LIFE_S = 86_400.0
# Room for a subscription's id; a camera that wants more echoed is none.
_MOST_REFERENCE_BYTES = 4096

_EVENTS = "http://www.onvif.org/ver10/events/wsdl"
_NOTIFICATION = "http://docs.oasis-open.org/wsn/b-2"
_MANAGER = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager"
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_ANONYMOUS = f"{_ADDRESSING}/anonymous"


class PullPoint:
    """One subscription, from `subscribe` to `leave`; for one thread.

    `life_s` is what was left of it at the latest answer, by the camera's own clock.
    """

    def __init__(
        self, line: Line, answer: Element, events_url: str, lifetime: Callable[[], str]
    ) -> None:
        claimed = first_text(answer, "{*}SubscriptionReference/{*}Address")
        self.life_s = _left_s(answer) or LIFE_S
        self._line = line
        # Asked at the host that answered; called by the name that the camera gave it.
        self._url = reachable_service(claimed, line.address) or events_url
        self._to = claimed or events_url
        self._reference = _echo(answer)
        self._lifetime = lifetime

    def pull(self, pull_s: float = PULL_S) -> tuple[CameraEvent, ...]:
        """Wait for events for at most that long and return them, in order; often none.

        Raise FaultError where the subscription is gone, PasswordRefusedError, or EdgeAgentError.
        """
        action = f"{_EVENTS}/PullPointSubscription/PullMessagesRequest"
        answer = ask(
            self._line,
            self._url,
            _EVENTS,
            "PullMessages",
            f"<op:Timeout>PT{pull_s:g}S</op:Timeout>"
            f"<op:MessageLimit>{_MOST_MESSAGES}</op:MessageLimit>",
            header_xml=_header(action, self._to) + self._reference,
            action=action,
            deadline_s=pull_s + PULL_SLACK_S,
        )
        self.life_s = _left_s(answer) or self.life_s
        return read_events(answer)

    def renew(self) -> None:
        """Ask for a new life. Raise FaultError where the camera cannot, or EdgeAgentError."""
        body = f"<op:TerminationTime>{self._lifetime()}</op:TerminationTime>"
        self.life_s = _left_s(self._manage(self._line, "Renew", body)) or LIFE_S

    def leave(self, line: Line) -> None:
        """Give the place back, over a line that may be another: ours ends when we are to stop.

        Raise EdgeAgentError if the camera does not take it.
        """
        self._manage(line, "Unsubscribe")

    def _manage(self, line: Line, operation: str, body: str = "") -> Element:
        action = f"{_MANAGER}/{operation}Request"
        header = _header(action, self._to) + self._reference
        return ask(
            line, self._url, _NOTIFICATION, operation, body, header_xml=header, action=action
        )


def subscribe(line: Line, events_url: str, camera_wall: Callable[[], float]) -> PullPoint:
    """Ask CreatePullPointSubscription for a life of a minute; `camera_wall` is the camera's time.

    A relative time ("a minute") first, which needs no clock; an absolute one where the camera
    refuses that, or reckons nonsense from it (quirk 11). Raise FaultError where the camera says
    no: it has no place left, or has no events after all. Raise PasswordRefusedError, or EdgeAgentError.
    """

    def absolute() -> str:
        return zulu(camera_wall() + LIFE_S)

    try:
        point, is_sane = _create(line, events_url, _relative)
    except FaultError as fault:
        if is_unknown(fault):
            raise
        try:
            return _create(line, events_url, absolute)[0]
        except FaultError:
            raise fault from None
    if is_sane:
        return point
    # Two at a time may be one too many.
    point.leave(line)
    return _create(line, events_url, absolute)[0]


def is_unknown(fault: FaultError) -> bool:
    """Return whether the camera does not know the question at all."""
    return not {"ActionNotSupported", "NotImplemented"}.isdisjoint(fault.fault.codes)


def _relative() -> str:
    return f"PT{LIFE_S:g}S"


def _create(line: Line, events_url: str, lifetime: Callable[[], str]) -> tuple[PullPoint, bool]:
    """Return a new subscription, and whether the camera can reckon how long it lives."""
    action = f"{_EVENTS}/EventPortType/CreatePullPointSubscriptionRequest"
    answer = ask(
        line,
        events_url,
        _EVENTS,
        "CreatePullPointSubscription",
        f"<op:InitialTerminationTime>{lifetime()}</op:InitialTerminationTime>",
        header_xml=_header(action, events_url),
        action=action,
    )
    # Xiongmai leaves the time out (ha_custom_onvif issue 3); then it lives as long as we asked.
    is_sane = _left_s(answer) is not None or not first_text(answer, "{*}TerminationTime")
    return PullPoint(line, answer, events_url, lifetime), is_sane


def _left_s(answer: Element) -> float | None:
    """Return the seconds left by the camera's own two times; None where they make no sense."""
    now = read_time(first_text(answer, "{*}CurrentTime"))
    end = read_time(first_text(answer, "{*}TerminationTime"))
    if now is None or end is None or not 0 < end - now <= _LONGEST_LIFE_S:
        return None
    return end - now


def _header(action: str, to: str) -> str:
    """Return WS-Addressing 1.0 as ONVIF Core prescribes it for events; each message has its own id."""
    return (
        f'<a:Action xmlns:a="{_ADDRESSING}">{action}</a:Action>'
        f'<a:MessageID xmlns:a="{_ADDRESSING}">urn:uuid:{uuid.uuid4()}</a:MessageID>'
        f'<a:ReplyTo xmlns:a="{_ADDRESSING}"><a:Address>{_ANONYMOUS}</a:Address></a:ReplyTo>'
        f'<a:To xmlns:a="{_ADDRESSING}">{text(to)}</a:To>'
    )


def _echo(answer: Element) -> str:
    """Return the reference parameters as headers (WS-Addressing 1.0 SOAP Binding section 3.1).

    Axis tells its subscriptions apart by nothing else.
    """
    echoed = ""
    for parameter in answer.iterfind("{*}SubscriptionReference/{*}ReferenceParameters/*"):
        header = Element(parameter.tag, parameter.attrib)
        header.set(f"{{{_ADDRESSING}}}IsReferenceParameter", "true")
        header.text = parameter.text
        header.extend(parameter)
        echoed += ET.tostring(header, encoding="unicode")
    if len(echoed) > _MOST_REFERENCE_BYTES:
        raise EdgeAgentError(
            "the camera's subscription has an endless name",
            hint='update its firmware, or switch its events off:  events = "off"',
        )
    return echoed
