"""When a certificate is renewed, when its end is worth a word, and which word."""

from dataclasses import dataclass
from pathlib import Path

from edge_agent.certificates.certificate import Certificate, day, parse_certificates

# A technician may be two weeks away, and a center needs its own days.
WARN_S = 30 * 86_400.0
# Of its life; then a third of it is left for centers that are down and people who are away.
RENEW_AT = 2 / 3
# Of its life, drawn by each box: a thousand boxes installed on one day do not come in one minute.
SPREAD = 1 / 30
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Expiry:
    """How it stands with the box's certificate."""

    # None where there is no certificate, or none that can be read.
    ends_wall: float | None = None
    # Empty while there is nothing to say.
    problem: str = ""


def expiry_of(file: Path | None, box: str, now_wall: float) -> Expiry:
    """Return how it stands; never raises: it is asked for a message that must go out."""
    if file is None:
        return Expiry()
    try:
        found = parse_certificates(file.read_bytes())
    except OSError:
        return Expiry(problem="this box's certificate cannot be read")
    if not found:
        return Expiry(problem="this box's certificate is damaged")
    return Expiry(found[0].ends_wall, _problem(found[0], box, now_wall))


def renewal_wall(found: Certificate, drawn: float) -> float:
    """Return when to renew; `drawn` is this box's own number from 0 to 1."""
    life_s = found.ends_wall - found.begins_wall
    return found.begins_wall + life_s * (RENEW_AT + SPREAD * drawn)


def _problem(found: Certificate, box: str, now_wall: float) -> str:
    if found.name != box:
        return f'this box\'s certificate is for "{found.name}"'
    if now_wall < found.begins_wall:
        return f"this box's certificate begins on {day(found.begins_wall)}: is the clock right"
    if now_wall >= found.ends_wall:
        return f"this box's certificate ended on {day(found.ends_wall)}"
    left_s = found.ends_wall - now_wall
    life_s = found.ends_wall - found.begins_wall
    # Of a short life the last third, else it would be said all the time.
    if left_s < min(WARN_S, life_s * (1 - RENEW_AT)):
        return f"this box's certificate ends on {day(found.ends_wall)}, in {days(left_s)}"
    return ""


def days(seconds: float) -> str:
    """Return a time span as people say it of certificates."""
    count = int(seconds // _DAY_S)
    return "less than a day" if count < 1 else "1 day" if count == 1 else f"{count} days"
