"""Deleting what waits, on the center's word: what was to be sent is given up, and told as such.

What the box says of itself stays: without it nobody could tell that the rest was not stolen.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from edge_agent.contract.body import read_body, split
from edge_agent.contract.command import read_time
from edge_agent.spool import chain, rows

# Why the center does not get a message.
PURGED = "purged"
# In one transaction: the log stays small, and others may write in between.
BATCH = 200


@dataclass(frozen=True, slots=True)
class Purge:
    """What is to go: everything, or what was made before a time; only the pictures, or all of it."""

    pictures_only: bool
    before_wall: float | None


def purge(connection: sqlite3.Connection, what: Purge, after: int) -> tuple[int, int | None]:
    """Purge a batch behind this number; return how many went, and where to go on, None at the end."""
    found = connection.execute(
        "SELECT number, seq, sha256, severity, body FROM alerts"
        " WHERE number > ? AND severity < ? ORDER BY number LIMIT ?",
        (after, rows.RECORD_RANK, BATCH),
    ).fetchall()
    if not found:
        return 0, None
    chosen = [row for row in found if _is_meant(row[4], what)]
    if what.pictures_only:
        return _delete_pictures(connection, (row[0] for row in chosen)), int(found[-1][0])
    for number, seq, sha256, severity, _ in chosen:
        chain.give_up(connection, chain.Place(seq, sha256), PURGED, severity)
        rows.forget(connection, [number])
    return len(chosen), int(found[-1][0])


def purge_parked(connection: sqlite3.Connection, what: Purge) -> int:
    """Purge what the broker had refused; that was told when it was refused."""
    found = connection.execute(
        "SELECT number, body, length(thumbnail) FROM parked WHERE severity < ?", (rows.RECORD_RANK,)
    ).fetchall()
    chosen = [row for row in found if _is_meant(row[1], what)]
    if what.pictures_only:
        chosen = [row for row in chosen if row[2]]
        change = "UPDATE parked SET thumbnail = x'' WHERE number = ?"
    else:
        change = "DELETE FROM parked WHERE number = ?"
    connection.executemany(change, [row[:1] for row in chosen])
    return len(chosen)


def _delete_pictures(connection: sqlite3.Connection, numbers: Iterable[int]) -> int:
    gone = 0
    for number in numbers:
        gone += connection.execute("DELETE FROM thumbnails WHERE number = ?", (number,)).rowcount
    return gone


def _is_meant(payload: bytes, what: Purge) -> bool:
    """Tell by the alert's own time; one that cannot be read goes, too."""
    if what.before_wall is None:
        return True
    told = read_body(split(payload)[0])
    try:
        return told is None or read_time(told.time) < what.before_wall
    except ValueError:
        return True
