"""Times as people at the center read them: the site's zone, named, with UTC at hand."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import rfc3339

_MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "id": ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"],
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment, ready to show."""

    clock: str
    date: str
    zone: str
    utc: str


def find_zone(name: str) -> tzinfo:
    """Return a time zone. Raises EdgeAgentError where the system knows none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise EdgeAgentError(
            f"this machine knows no time zone {name}",
            hint='write one such as time_zone = "Asia/Jakarta"; Debian keeps them in tzdata',
        ) from error


def from_wall(wall: float, zone: tzinfo, language: str) -> Moment:
    """Return Unix seconds as people read them."""
    try:
        local = datetime.fromtimestamp(wall, zone)
    except (ValueError, OverflowError, OSError):
        return Moment(clock="?", date="", zone="", utc=str(wall))
    month = _MONTHS[language][local.month - 1]
    return Moment(
        clock=f"{local:%H:%M:%S}",
        date=f"{local.day} {month} {local.year}",
        zone=local.tzname() or "",
        utc=rfc3339(wall),
    )


def from_text(told: str, zone: tzinfo, language: str) -> Moment:
    """Return a time of a message as people read it; one that is none is shown as it came."""
    wall = to_wall(told)
    if wall is None:
        return Moment(clock=told, date="", zone="", utc=told)
    return from_wall(wall, zone, language)


def to_wall(told: str) -> float | None:
    """Return Unix seconds of an RFC 3339 time; None where it is none."""
    try:
        moment = datetime.fromisoformat(told)
        return moment.timestamp() if moment.tzinfo else moment.replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None
