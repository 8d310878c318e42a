"""What the center's receipts free: alerts that are in its database, once their pictures are, too."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from edge_agent.contract.body import Range
from edge_agent.contract.receipt import Receipt, Refused, Stored
from edge_agent.spool import chain
from edge_agent.spool.chain import Sealer

# SQLite's numbers end there, and no box gets there.
_MOST = 2**63 - 1
SCHEMA = "CREATE INDEX alerts_by_seq ON alerts (seq);"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What one receipt did, by the spool's own numbers."""

    # Forgotten.
    gone: frozenset[int]
    # Stored at the center, but their pictures are not yet.
    without_picture: frozenset[int]
    # Ranges that cannot be true: numbers never given, or the hash of another message.
    wrong: int
    # Set aside, because the center will never take them, and why.
    refused: tuple[tuple[int, str], ...] = ()


def confirm(
    connection: sqlite3.Connection, sealer: Sealer | None, told: Receipt, known: Collection[int]
) -> Confirmed:
    """Forget what is stored, set aside what is refused, inside the caller's transaction."""
    sound = [one for one in told.stored if _is_ours(connection, one)]
    here = {number for one in sound for number in _numbers(connection, one.range)} | set(known)
    seen = {number for one in told.pictures for number in _numbers(connection, one)}
    refused = tuple(_set_aside(connection, told.refused))
    pictured = {number for number in here - seen if _has_picture(connection, number)}
    gone = here - pictured
    if gone:
        chain.done(connection, sealer, sorted(gone))
    return Confirmed(
        gone=frozenset(gone),
        without_picture=frozenset(pictured),
        wrong=len(told.stored) - len(sound),
        refused=refused,
    )


def _set_aside(
    connection: sqlite3.Connection, refused: Sequence[Refused]
) -> Iterator[tuple[int, str]]:
    for one in refused:
        question = "SELECT number FROM alerts WHERE seq = ? AND sha256 = ?"
        row = connection.execute(question, (min(one.seq, _MOST), one.sha256)).fetchone()
        if row:
            chain.park(connection, row[0], f"the center: {one.why}")
            yield row[0], one.why


def _is_ours(connection: sqlite3.Connection, told: Stored) -> bool:
    """Tell whether such a message was made here; of one that is gone the hash is not known."""
    following = connection.execute("SELECT seq FROM chain").fetchone()[0]
    question = "SELECT sha256 FROM alerts WHERE seq = ?"
    if told.range.last >= following:
        return False
    row = connection.execute(question, (told.range.last,)).fetchone()
    return row is None or row[0] == told.sha256


def _numbers(connection: sqlite3.Connection, within: Range) -> list[int]:
    found = connection.execute(
        "SELECT number FROM alerts WHERE seq BETWEEN ? AND ? AND seq > 0",
        (min(within.first, _MOST), min(within.last, _MOST)),
    )
    return [number for (number,) in found]


def _has_picture(connection: sqlite3.Connection, number: int) -> bool:
    question = "SELECT 1 FROM thumbnails WHERE number = ?"
    return connection.execute(question, (number,)).fetchone() is not None
