"""What is at an address: a camera, the time it thinks it is, and whether it wants a password.

Two questions without credentials, and no SOAP library: this is what `discover` asks each camera
and what `add` asks first. The clock comes first because a password sent with the wrong time is
refused like a wrong password.
"""

import calendar
import email.utils
import re
from dataclasses import dataclass
from datetime import UTC
from enum import Enum
from xml.etree.ElementTree import Element

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.envelope import find_fault, first_text, is_envelope, shown
from edge_agent.onvif.exchange import DEADLINE_S, Reply, post
from edge_agent.onvif.quirks import mend
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop

DEVICE_NAMESPACE = "http://www.onvif.org/ver10/device/wsdl"
# HTTP statuses that mean "who are you?", with or without SOAP in the body.
REFUSING_STATUSES = frozenset({401, 403})
_REDIRECTS = range(300, 400)
# What cannot be read, and is SOAP all the same.
_ENVELOPE = re.compile(rb"<(?:[\w.-]+:)?Envelope[\s>]")

_REQUEST = """<?xml version="1.0" encoding="UTF-8"?>\
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>\
<d:{operation} xmlns:d="{namespace}"/></s:Body></s:Envelope>"""


class Status(Enum):
    """What a technician can do next at an address."""

    READY = "ready"
    NEEDS_PASSWORD = "needs password"  # noqa: S105 (words, not a password)
    NO_ONVIF = "reachable, no ONVIF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """What is known of a camera before anybody logs in; "" is what it did not say."""

    address: Address
    status: Status
    # The camera's clock minus ours, seconds; None where it does not tell.
    clock_offset_s: float | None = None
    maker: str = ""
    model: str = ""
    # Why what it answers cannot be read, where it is ONVIF all the same.
    problem: str = ""


def look(
    address: Address, clock: Clock, *, deadline_s: float = DEADLINE_S, stop: Stop | None = None
) -> Presence:
    """Ask GetSystemDateAndTime and GetDeviceInformation without credentials.

    Raise EdgeAgentError if nothing answers over HTTP at that address, or only to send us elsewhere;
    StoppedError soon after `stop` is told.
    """
    said, offset_s = _ask_clock(address, clock, deadline_s, stop)
    if _body(said) is None and said.status not in REFUSING_STATUSES:
        return Presence(address=address, status=Status.NO_ONVIF, problem=_problem(said))
    reply = _ask(address, "GetDeviceInformation", deadline_s, stop)
    body = _body(reply)
    if body is None or find_fault(body) or reply.status in REFUSING_STATUSES:
        return Presence(address=address, status=Status.NEEDS_PASSWORD, clock_offset_s=offset_s)
    return Presence(
        address=address,
        status=Status.READY,
        clock_offset_s=offset_s,
        maker=first_text(body, ".//{*}Manufacturer"),
        model=first_text(body, ".//{*}Model"),
    )


def read_offset(
    address: Address, clock: Clock, *, deadline_s: float = DEADLINE_S, stop: Stop | None = None
) -> float | None:
    """Return the camera's clock minus ours, seconds, or None where it does not tell.

    One question without credentials. Raise as `look` does.
    """
    return _ask_clock(address, clock, deadline_s, stop)[1]


def read_clock(body: Element | None, date_header: str) -> float | None:
    """Return the camera's Unix time from UTCDateTime, else from its HTTP Date header, else None.

    UTCDateTime may be missing, empty or impossible (month 13). ipycam 1.3.0 refuses even this
    question without a password, but its HTTP server tells the time.
    """
    utc = None if body is None else body.find(".//{*}UTCDateTime")
    if utc is not None:
        try:
            return float(_read_utc(utc))
        except (ValueError, OverflowError):
            pass
    try:
        said = email.utils.parsedate_to_datetime(date_header)
        # Without a zone, or with the "-0000" of RFC 5322, it is UTC; Python would take it for ours.
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _ask_clock(
    address: Address, clock: Clock, deadline_s: float, stop: Stop | None
) -> tuple[Reply, float | None]:
    """Return what came back, of which nothing may be ONVIF, and the camera's clock minus ours."""
    before = clock.wall()
    reply = _ask(address, "GetSystemDateAndTime", deadline_s, stop)
    asked_wall = (before + clock.wall()) / 2
    body = _body(reply)
    if body is None and reply.status not in REFUSING_STATUSES:
        return reply, None
    camera_wall = read_clock(body, reply.date)
    return reply, None if camera_wall is None else camera_wall - asked_wall


def _read_utc(utc: Element) -> int:
    parts = [
        int(utc.findtext(f"{{*}}{path}") or "")
        for path in (
            "Date/{*}Year",
            "Date/{*}Month",
            "Date/{*}Day",
            "Time/{*}Hour",
            "Time/{*}Minute",
            "Time/{*}Second",
        )
    ]
    year, month, day, hour, minute, second = parts
    # timegm itself takes the 31st of February for the 3rd of March, and any number of seconds.
    limits = (
        (1970, year, 9999),
        (1, day, calendar.monthrange(year, month)[1]),
        (0, hour, 23),
        (0, minute, 59),
        (0, second, 60),
    )
    if any(not least <= told <= most for least, told, most in limits):
        raise ValueError(f"no such time: {parts}")
    return calendar.timegm((year, month, day, hour, minute, second))


def _ask(address: Address, operation: str, deadline_s: float, stop: Stop | None) -> Reply:
    body = _REQUEST.format(operation=operation, namespace=DEVICE_NAMESPACE).encode()
    action = f"{DEVICE_NAMESPACE}/{operation}"
    headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
    reply = post(address.url, body, headers, deadline_s=deadline_s, stop=stop)
    if reply.status in _REDIRECTS:
        elsewhere = shown(reply.location)[:200]
        raise EdgeAgentError(
            f"{address.place} sends us to '{elsewhere}', which is not followed",
            hint="if that is this camera, give that address; where it says https, write https://",
        )
    return reply


def _body(reply: Reply) -> Element | None:
    """Return the envelope of a reply, or None if it is no SOAP."""
    try:
        root = mend(reply.content).root
    except EdgeAgentError:
        return None
    return root if is_envelope(root) else None


def _problem(reply: Reply) -> str:
    """Return why an envelope cannot be read; "" for what is none."""
    if not _ENVELOPE.search(reply.content):
        return ""
    try:
        mend(reply.content)
    except EdgeAgentError as error:
        return error.what
    return ""
