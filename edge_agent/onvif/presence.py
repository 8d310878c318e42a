"""What is at an address: a camera, the time it thinks it is, and whether it wants a password.

Two questions without credentials, and no SOAP library: this is what `discover` asks each camera
and what `add` asks first. The clock comes first because a password sent with the wrong time is
refused like a wrong password.
"""

import calendar
import email.utils
from dataclasses import dataclass
from enum import Enum
from xml.etree.ElementTree import Element

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.envelope import find_fault, first_text, is_envelope, parse
from edge_agent.onvif.exchange import DEADLINE_S, Reply, post
from edge_agent.runtime.clock import Clock

DEVICE_NAMESPACE = "http://www.onvif.org/ver10/device/wsdl"
# HTTP statuses that mean "who are you?", with or without SOAP in the body.
REFUSING_STATUSES = frozenset({401, 403})

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


def look(address: Address, clock: Clock, *, deadline_s: float = DEADLINE_S) -> Presence:
    """Ask GetSystemDateAndTime and GetDeviceInformation without credentials.

    Raise EdgeAgentError if nothing answers over HTTP at that address.
    """
    before = clock.wall()
    time_reply = _ask(address, "GetSystemDateAndTime", deadline_s)
    asked_wall = (before + clock.wall()) / 2
    body = _body(time_reply)
    if body is None and time_reply.status not in REFUSING_STATUSES:
        return Presence(address=address, status=Status.NO_ONVIF)
    camera_wall = read_clock(body, time_reply.date)
    offset_s = None if camera_wall is None else camera_wall - asked_wall
    reply = _ask(address, "GetDeviceInformation", deadline_s)
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
        return email.utils.parsedate_to_datetime(date_header).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


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
    # timegm itself takes the 31st of February for the 3rd of March.
    if not (1 <= day <= calendar.monthrange(year, month)[1] and hour < 24 and minute < 60):  # noqa: PLR2004 (a day's)
        raise ValueError(f"no such time: {parts}")
    return calendar.timegm((year, month, day, hour, minute, second))


def _ask(address: Address, operation: str, deadline_s: float) -> Reply:
    body = _REQUEST.format(operation=operation, namespace=DEVICE_NAMESPACE).encode()
    action = f"{DEVICE_NAMESPACE}/{operation}"
    headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
    return post(address.url, body, headers, deadline_s=deadline_s)


def _body(reply: Reply) -> Element | None:
    """Return the envelope of a reply, or None if it is no SOAP."""
    try:
        root = parse(reply.content)
    except EdgeAgentError:
        return None
    return root if is_envelope(root) else None
