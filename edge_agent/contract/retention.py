"""The center's word that it deleted messages after their term: so nobody takes them for lost or stolen.

It stands in what a center exports, not on the broker. Signed when they were deleted: whoever can only
write the database cannot explain away what was taken out of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge_agent.contract.letter import write_letter
from edge_agent.contract.receipt import MOST_RANGES, Stored, read_stored, write_stored

RETENTION = "retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What one letter says: which messages in a row are gone, with the hash of each last one."""

    site: str
    box: str
    time: str
    kid: str
    deleted: tuple[Stored, ...]


def write_retention(retention: Retention, sign: Callable[[bytes], bytes]) -> bytes:
    """Return the two lines. Raises ValueError for more than MOST_RANGES."""
    if len(retention.deleted) > MOST_RANGES:
        raise ValueError("too many ranges for one letter")
    return write_letter(
        {
            "v": 1,
            "type": RETENTION,
            "time": retention.time,
            "site": retention.site,
            "box": retention.box,
            "deleted": write_stored(retention.deleted),
            "kid": retention.kid,
        },
        sign,
    )


def read_retention(members: Mapping[str, object]) -> Retention | None:
    """Return what the members of a genuine letter say; None where it is no such letter."""
    try:
        return Retention(
            site=str(members["site"]),
            box=str(members["box"]),
            time=str(members["time"]),
            kid=str(members["kid"]),
            deleted=read_stored(members["deleted"]),
        )
    except (ValueError, TypeError, KeyError):
        return None
