"""The fake camera with an event service that has few places and holds its subscribers to the contract.

It minds what real ones mind: ids of messages, the address it gave, its reference parameters, pulls
that outlive their subscription. Who is still subscribed at the end has broken the contract.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from edge_agent.onvif.wsse import zulu
from tests.fakes.onvif_camera import Firmware, OnvifCamera
from tests.fakes.onvif_replies import envelope, fault

if TYPE_CHECKING:
    from types import TracebackType

_ADDRESSING = "{http://www.w3.org/2005/08/addressing}"
_EVENTS = "http://www.onvif.org/ver10/events/wsdl"
_MANAGER = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager"
_ACTIONS = {
    "CreatePullPointSubscription": f"{_EVENTS}/EventPortType/CreatePullPointSubscriptionRequest",
    "PullMessages": f"{_EVENTS}/PullPointSubscription/PullMessagesRequest",
    "Renew": f"{_MANAGER}/RenewRequest",
    "Unsubscribe": f"{_MANAGER}/UnsubscribeRequest",
}
_XML = (
    'xmlns:tev="http://www.onvif.org/ver10/events/wsdl" '
    'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" '
    'xmlns:wsa="http://www.w3.org/2005/08/addressing" '
    'xmlns:tns1="http://www.onvif.org/ver10/topics"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How its event service is made. The defaults are one that does all as it should."""

    places: int = 2
    # The life it grants at most, seconds.
    grants_s: float = 60.0
    # The host in its subscriptions' addresses.
    claimed_host: str = "10.9.8.7"
    # Tells subscriptions apart by a header, not by their address (Axis).
    uses_reference: bool = False
    # What it says first: topic, data, source.
    standing: tuple[tuple[str, str, str], ...] = ()
    # Defects.
    offers_events: bool = True
    serves_events: bool = True
    hangs_up_on_subscribers: bool = False
    refuses_relative_times: bool = False
    reckons_relative_times_wrongly: bool = False
    tells_times: bool = True
    renews: bool = True
    freezes: bool = False
    hangs_up_when_quiet: bool = False


class _HangUpError(Exception):
    """Ends a connection without a word."""


@dataclass(slots=True)
class _Subscription:
    ends_wall: float
    waiting: deque[str] = field(default_factory=deque)


class EventCamera(OnvifCamera):
    """Reports what a test tells it to, to whoever is subscribed."""

    def __init__(self, habits: Habits | None = None, firmware: Firmware | None = None) -> None:
        super().__init__(firmware)
        self.habits = habits or Habits()
        self.subscriptions: dict[str, _Subscription] = {}
        self.most_subscribed = 0
        # Each pull that was answered with nothing, or with something.
        self.pulls = 0
        self._numbers = itertools.count(1)
        self._ids: set[str] = set()
        self._server.handle_error = self._note_error  # type: ignore[method-assign]  # as subclasses may

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._forget()
        if self.subscriptions:
            self.seen.violations.append(f"{len(self.subscriptions)} subscriptions were left")
        super().__exit__(kind, error, trace)

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def report(
        self,
        topic: str,
        data: str,
        source: str = "VideoSourceToken=VS_1",
        operation: str = "Changed",
    ) -> None:
        """Tell all subscribers; `data` and `source` are Name=Value, or "" for none."""
        for subscription in list(self.subscriptions.values()):
            subscription.waiting.append(self._notification(topic, data, source, operation))

    def reboot(self) -> None:
        """Forget every subscriber."""
        self.subscriptions.clear()

    def answer(
        self, content: bytes, path: str, kind: str, authorization: str = ""
    ) -> tuple[int, str, bytes]:
        if not path.startswith("/onvif/events"):
            status, kind, body = super().answer(content, path, kind, authorization)
            return status, kind, self._announced(body)
        request = ET.fromstring(content)  # noqa: S314 (our own client's words)
        operation = request[-1][0].tag.rpartition("}")[2]
        self.seen.operations.append(operation)
        if not self._is_known(request):
            return self._refusal()
        self._check(request, operation, kind, path)
        return self._serve_events(request, operation, path)

    def _note_error(self, *_: object) -> None:
        if not isinstance(sys.exc_info()[1], _HangUpError):
            self.seen.violations.append(f"the fake itself failed: {sys.exc_info()[1]!r}")

    def _announced(self, body: bytes) -> bytes:
        if not self.habits.offers_events:
            return body
        url = f"http://{self.firmware.claimed_host}:{self.port}/onvif/events"
        events = f"<tt:Events><tt:XAddr>{url}</tt:XAddr></tt:Events></tds:Capabilities>"
        return body.replace(b"</tds:Capabilities>", events.encode())

    def _check(self, request: ET.Element, operation: str, kind: str, path: str) -> None:
        wanted = _ACTIONS.get(operation, "none")
        to = request.findtext(f".//{_ADDRESSING}To") or ""
        told = request.findtext(f".//{_ADDRESSING}MessageID") or ""
        if (
            f'action="{wanted}"' not in kind
            or request.findtext(f".//{_ADDRESSING}Action") != wanted
        ):
            self.seen.violations.append(f"{operation} without its action")
        if not told.startswith("urn:uuid:") or told in self._ids:
            self.seen.violations.append(f"{operation} with message id '{told}'")
        if path != "/onvif/events" and to != self._address(path):
            self.seen.violations.append(f"{operation} sent to '{to}'")
        self._ids.add(told)

    def _serve_events(
        self, request: ET.Element, operation: str, path: str
    ) -> tuple[int, str, bytes]:
        self._forget()
        if not self.habits.serves_events:
            return _fault("ter:ActionNotSupported", "no such operation")
        if operation == "CreatePullPointSubscription":
            return self._subscribe(request)
        name = request.findtext(".//{urn:fake}Id") if self.habits.uses_reference else path
        subscription = self.subscriptions.get(name or "")
        if subscription is None:
            return _fault("wsrf-rw:ResourceUnknownFault", "no such subscription")
        if operation == "PullMessages":
            return self._pull(request, subscription)
        if operation == "Renew":
            return self._renew(request, subscription)
        del self.subscriptions[name or ""]
        return _reply("<wsnt:UnsubscribeResponse/>")

    def _subscribe(self, request: ET.Element) -> tuple[int, str, bytes]:
        if self.habits.hangs_up_on_subscribers:
            raise _HangUpError
        asked = request.findtext(".//{*}InitialTerminationTime") or ""
        if asked.startswith("P") and self.habits.refuses_relative_times:
            return _fault("ter:InvalidArgVal", "termination time")
        if len(self.subscriptions) >= self.habits.places:
            return _fault("wsnt:SubscribeCreationFailedFault", "maximum number of subscribers")
        path = f"/onvif/events/{next(self._numbers)}"
        name = path.rpartition("/")[2] if self.habits.uses_reference else path
        subscription = self.subscriptions[name] = _Subscription(self._end(asked))
        self.most_subscribed = max(self.most_subscribed, len(self.subscriptions))
        for topic, data, source in self.habits.standing:
            subscription.waiting.append(self._notification(topic, data, source, "Initialized"))
        address = self._address("/onvif/events/any" if self.habits.uses_reference else path)
        reference = (
            '<wsa:ReferenceParameters><f:Id xmlns:f="urn:fake" f:kind="a &amp; b">'
            f"{name}</f:Id></wsa:ReferenceParameters>"
        )
        return _reply(
            "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>"
            f"<wsa:Address>{address}</wsa:Address>{reference if self.habits.uses_reference else ''}"
            f"</tev:SubscriptionReference>{self._times('wsnt', subscription, asked)}"
            "</tev:CreatePullPointSubscriptionResponse>"
        )

    def _pull(self, request: ET.Element, subscription: _Subscription) -> tuple[int, str, bytes]:
        if self.habits.freezes:
            self.wait_out_a_hang()
            raise _HangUpError
        asked = re.fullmatch(r"PT([\d.]+)S", request.findtext(".//{*}Timeout") or "")
        most = int(request.findtext(".//{*}MessageLimit") or 0)
        left_s = subscription.ends_wall - self.wall()
        if asked is None or float(asked[1]) >= left_s or not 1 <= most <= 100:
            self.seen.violations.append(
                f"a pull of {asked and asked[1]} s with {left_s:.1f} s left"
            )
        ends_wall = self.wall() + (float(asked[1]) if asked else 0)
        while not subscription.waiting and self.wall() < ends_wall:
            if self._stop.wait(0.01):
                break
        if not subscription.waiting and self.habits.hangs_up_when_quiet:
            raise _HangUpError
        waiting = subscription.waiting
        told = "".join(waiting.popleft() for _ in range(min(most, len(waiting))))
        self.pulls += 1
        return _reply(
            f"<tev:PullMessagesResponse>{self._times('tev', subscription)}{told}"
            "</tev:PullMessagesResponse>"
        )

    def _renew(self, request: ET.Element, subscription: _Subscription) -> tuple[int, str, bytes]:
        if not self.habits.renews:
            return _fault("ter:ActionNotSupported", "no such operation")
        subscription.ends_wall = self._end(request.findtext(".//{*}TerminationTime") or "")
        return _reply(
            f"<wsnt:RenewResponse>{self._times('wsnt', subscription)}</wsnt:RenewResponse>"
        )

    def _end(self, asked: str) -> float:
        relative = re.fullmatch(r"PT([\d.]+)S", asked)
        if relative is None and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", asked):
            self.seen.violations.append(f"termination time '{asked}'")
        return self.wall() + self.habits.grants_s

    def _times(self, prefix: str, subscription: _Subscription, asked: str = "") -> str:
        if not self.habits.tells_times:
            return ""
        is_wrong = asked.startswith("P") and self.habits.reckons_relative_times_wrongly
        # With thousandths, as some write it.
        end = zulu(0 if is_wrong else subscription.ends_wall).replace("Z", ".000Z")
        return (
            f"<{prefix}:CurrentTime>{zulu(self.wall())}</{prefix}:CurrentTime>"
            f"<{prefix}:TerminationTime>{end}</{prefix}:TerminationTime>"
        )

    def _notification(self, topic: str, data: str, source: str, operation: str) -> str:
        return (
            '<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/'
            f'topicExpression/ConcreteSet">{topic}</wsnt:Topic><wsnt:Message>'
            f'<tt:Message UtcTime="{zulu(self.wall())}" PropertyOperation="{operation}">'
            f"<tt:Source>{_item(source)}</tt:Source><tt:Data>{_item(data)}</tt:Data>"
            "</tt:Message></wsnt:Message></wsnt:NotificationMessage>"
        )

    def _address(self, path: str) -> str:
        return f"http://{self.habits.claimed_host}{path}"

    def _forget(self) -> None:
        now = self.wall()
        for name in [n for n, each in self.subscriptions.items() if each.ends_wall <= now]:
            del self.subscriptions[name]


def _item(text: str) -> str:
    name, _, value = text.partition("=")
    return f"<tt:SimpleItem Name={quoteattr(name)} Value={quoteattr(value)}/>" if name else ""


def _reply(body: str) -> tuple[int, str, bytes]:
    content = envelope(body).replace(b"<s:Envelope ", f"<s:Envelope {_XML} ".encode(), 1)
    return 200, "application/soap+xml; charset=utf-8", content


def _fault(code: str, reason: str) -> tuple[int, str, bytes]:
    return 400, "application/soap+xml", fault("Sender", code, reason)
