"""Set a camera's clock, and look whether it took it.

Its time zone stays: what is wrong is the time, and a picture's stamp in another zone would be
one more surprise.
"""

import ipaddress
import math
import time
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.device import DEVICE
from edge_agent.onvif.envelope import first_text
from edge_agent.onvif.line import FaultError, Line
from edge_agent.onvif.presence import look
from edge_agent.onvif.soap import ask, text
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop

# What strict firmwares take for the same time.
_SAME_S = 5.0
# An NTP client that was just switched on asks within a second or two.
_LOOKS = 3
_BETWEEN_LOOKS_S = 1.5


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """What came of setting a camera's clock."""

    # Where it was told to have its time from, in words.
    source: str
    # The camera's clock minus ours after that, seconds; None where it does not tell.
    offset_s: float | None

    @property
    def is_wrong(self) -> bool:
        """Whether the camera said yes, and its clock is as wrong as before."""
        return self.offset_s is not None and abs(self.offset_s) > _SAME_S


@dataclass(frozen=True, slots=True)
class _Zone:
    """What stays as it is, as the camera tells it."""

    has_summer_time: bool
    # POSIX 1003.1, section 8.3; "" if the camera tells none.
    name: str


def set_clock(
    line: Line,
    clock: Clock,
    *,
    ntp_server: str = "",
    is_manual: bool = False,
    between_looks_s: float = _BETWEEN_LOOKS_S,
) -> ClockSetting:
    """Have the camera take its time from NTP, or once from this box; return what came of it.

    `ntp_server` "" leaves the servers to the camera. The line's own idea of the camera's clock is
    set right, too. Raise PasswordRefusedError, or EdgeAgentError where the camera refuses.
    """
    zone = _read_zone(line)
    try:
        if ntp_server and not is_manual:
            ask(line, line.address.url, DEVICE, "SetNTP", _ntp(ntp_server))
        # The time is read last: it goes by while we ask.
        utc = time.gmtime(math.floor(clock.wall() + 0.5)) if is_manual else None
        ask(line, line.address.url, DEVICE, "SetSystemDateAndTime", _setting(zone, utc))
    except FaultError as error:
        raise EdgeAgentError(
            f"{line.address.place} refuses to have its clock set "
            f"({error.fault.reason or 'no reason given'})",
            hint="set the time in the camera's page, best to NTP",
        ) from error
    source = "this box's time" if is_manual else f"NTP from {ntp_server or 'its own servers'}"
    return ClockSetting(source, _look_again(line, clock, between_looks_s))


def _read_zone(line: Line) -> _Zone:
    answer = ask(line, line.address.url, DEVICE, "GetSystemDateAndTime")
    now = answer.find("{*}SystemDateAndTime")
    if now is None:
        now = Element("none")
    return _Zone(
        has_summer_time=first_text(now, "{*}DaylightSavings") in {"true", "1"},
        name=first_text(now, "{*}TimeZone/{*}TZ"),
    )


def _setting(zone: _Zone, utc: time.struct_time | None) -> str:
    """Return the parameters of SetSystemDateAndTime (ONVIF Core, "Set system date and time")."""
    name = f"<op:TimeZone><tt:TZ>{text(zone.name)}</tt:TZ></op:TimeZone>" if zone.name else ""
    moment = (
        f"<op:UTCDateTime><tt:Time><tt:Hour>{utc.tm_hour}</tt:Hour><tt:Minute>{utc.tm_min}"
        f"</tt:Minute><tt:Second>{utc.tm_sec}</tt:Second></tt:Time><tt:Date><tt:Year>{utc.tm_year}"
        f"</tt:Year><tt:Month>{utc.tm_mon}</tt:Month><tt:Day>{utc.tm_mday}</tt:Day></tt:Date>"
        "</op:UTCDateTime>"
        if utc
        else ""
    )
    return (
        f"<op:DateTimeType>{'Manual' if utc else 'NTP'}</op:DateTimeType>"
        f"<op:DaylightSavings>{'true' if zone.has_summer_time else 'false'}</op:DaylightSavings>"
        f"{name}{moment}"
    )


def _ntp(server: str) -> str:
    try:
        version = ipaddress.ip_address(server).version
        kind, tag = f"IPv{version}", f"IPv{version}Address"
    except ValueError:
        kind, tag = "DNS", "DNSname"
    return (
        "<op:FromDHCP>false</op:FromDHCP>"
        f"<op:NTPManual><tt:Type>{kind}</tt:Type><tt:{tag}>{text(server)}</tt:{tag}></op:NTPManual>"
    )


def _look_again(line: Line, clock: Clock, between_looks_s: float) -> float | None:
    """Return the camera's clock minus ours, once it is right; NTP may take it a moment."""
    offset_s: float | None = None
    for turn in range(_LOOKS):
        if turn:
            Stop().wait(between_looks_s)
        offset_s = look(line.address, clock).clock_offset_s
        line.clock_offset_s = offset_s or 0.0
        if offset_s is not None and abs(offset_s) <= _SAME_S:
            break
    return offset_s
