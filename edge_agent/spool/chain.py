"""The box's chain in the spool: a message gets its place in the transaction that keeps it.

So no kill tears the chain. What the center will not get stays as a range of numbers until a record
has told it. Each function works inside the caller's transaction.
"""

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_agent.domain.alert import Alert
from edge_agent.domain.chain import Dropped, Link, Sealed
from edge_agent.domain.clock import ClockStep
from edge_agent.domain.sighting import Severity
from edge_agent.domain.update import Update
from edge_agent.errors import EdgeAgentError
from edge_agent.spool import rows

log = logging.getLogger(__name__)

# Why the center does not get a message.
DISK_FULL = "full"
REFUSED = "refused"
DAMAGED = "damaged"
# Before the first message, and after a loss, there is none.
NO_HASH = "0" * 64
# A record stays below 2 KB.
_RANGES_A_RECORD = 8
# Records under way at once; the others wait as ranges, which are smaller.
_RECORDS_AT_ONCE = 10
# Alerts of an older edge-agent sealed in one transaction, and the room for their 200 bytes more:
# four lie on a page of 4096 bytes, and each page may have to be split.
_SEAL_BATCH = 200
PAGES_A_BATCH = 64
SCHEMA = f"""
ALTER TABLE alerts ADD COLUMN seq INTEGER NOT NULL DEFAULT 0; -- 0: not sealed yet
ALTER TABLE alerts ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE parked ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE parked ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
CREATE TABLE chain (seq INTEGER NOT NULL, prev TEXT NOT NULL, kid TEXT NOT NULL);
INSERT INTO chain VALUES (1, '{NO_HASH}', '');
CREATE TABLE gone (
  first INTEGER PRIMARY KEY, last INTEGER NOT NULL, sha256 TEXT NOT NULL, why TEXT NOT NULL,
  low INTEGER NOT NULL, medium INTEGER NOT NULL, high INTEGER NOT NULL,
  told_by INTEGER NOT NULL); -- the record's number in alerts; 0: nobody was told
"""  # noqa: S608 (a constant of ours)


class Sealer(Protocol):
    """Who signs for the box (alerts/seal.py)."""

    @property
    def kid(self) -> str:
        """Who signs now."""
        ...

    @property
    def next_kid(self) -> str:
        """Who waits to take over; "" where nobody does."""
        ...

    @property
    def has_lost_its_key(self) -> bool:
        """Whether a person has said that the old key is gone."""
        ...

    def lost_up_to(self, last: int, *, is_new: bool) -> int | None:
        """Return the greatest number signed, where a spool that ends at `last` has lost some."""
        ...

    def note_kept(self, seq: int) -> None:
        """Remember that everything up to this number is on the disk."""
        ...

    def seal(self, body: bytes, link: Link) -> Sealed:
        """Return the message as it is sent."""
        ...

    def dropped(self, parts: Sequence[Dropped]) -> bytes:
        """Return the record of what the center will not get."""
        ...

    def restarted(self, first: int, last: int) -> bytes:
        """Return the record of which numbers nobody can account for."""
        ...

    def clock_set(self, step: ClockStep) -> bytes:
        """Return the record of a step of the box's clock."""
        ...

    def updated(self, update: Update) -> bytes:
        """Return the record of what became of a new version."""
        ...

    def rotation(self, old_kid: str) -> bytes:
        """Return the record by which the waiting key takes over."""
        ...

    def finish_rotation(self) -> None:
        """Let the waiting key sign from now on."""
        ...

    def head(self, newest: Link, waits_from: int | None) -> str:
        """Return how far the chain has come, signed."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """A sealed message's number and hash; 0 and "" where nobody signs."""

    seq: int = 0
    sha256: str = ""


def seal(
    connection: sqlite3.Connection, sealer: Sealer, body: bytes, kid: str = ""
) -> tuple[bytes, Place]:
    """Make the body the chain's next message; return what to send, and its place."""
    seq, prev = connection.execute("SELECT seq, prev FROM chain").fetchone()
    sealed = sealer.seal(body, Link(seq, prev))
    connection.execute(
        "UPDATE chain SET seq = ?, prev = ?, kid = coalesce(nullif(?, ''), kid)",
        (sealed.following.seq, sealed.following.prev, kid),
    )
    return sealed.payload, Place(seq, sealed.following.prev)


def begin(connection: sqlite3.Connection, sealer: Sealer) -> None:
    """See that the chain goes on where it was, with the key it knows. Raises EdgeAgentError.

    A spool that is new, or older than the box's key, says which numbers it cannot account for.
    """
    seq, kid = connection.execute("SELECT seq, kid FROM chain").fetchone()
    known = max(seq - 1, _newest(connection, "alerts", "seq"), _newest(connection, "gone", "last"))
    if kid and kid not in {sealer.kid, sealer.next_kid} and not sealer.has_lost_its_key:
        raise EdgeAgentError(
            f"this box has signed with the key {kid}, but its key is {sealer.kid} now",
            hint="put the old key back; if it is gone: edge-agent key rotate --lost",
        )
    if not kid:
        connection.execute("UPDATE chain SET kid = ?", (sealer.kid,))
    lost = sealer.lost_up_to(known, is_new=not kid)
    if lost is None:
        return
    last = max(known, lost)
    log.error("the box has lost its place in its chain: it goes on after number %d", last)
    connection.execute("UPDATE chain SET seq = ?, prev = ?", (last + 1, NO_HASH))
    _add_record(connection, sealer, "chain_restarted", sealer.restarted(known + 1, last))


def newest(connection: sqlite3.Connection) -> int:
    """Return the newest number given; 0 before the first."""
    return int(connection.execute("SELECT seq FROM chain").fetchone()[0]) - 1


def has_announced(connection: sqlite3.Connection, sealer: Sealer) -> bool:
    """Tell whether the waiting key was announced already: the power went before it took over."""
    kid = connection.execute("SELECT kid FROM chain").fetchone()[0]
    return bool(kid) and kid == sealer.next_kid


def is_sealed(connection: sqlite3.Connection) -> bool:
    """Tell whether every alert has its place in the chain."""
    return connection.execute("SELECT 1 FROM alerts WHERE seq = 0 LIMIT 1").fetchone() is None


def seal_waiting(connection: sqlite3.Connection, sealer: Sealer) -> None:
    """Seal some alerts that an older edge-agent kept, in order, within PAGES_A_BATCH."""
    waiting = connection.execute(
        "SELECT number, body FROM alerts WHERE seq = 0 ORDER BY number LIMIT ?", (_SEAL_BATCH,)
    ).fetchall()
    for number, body in waiting:
        payload, place = seal(connection, sealer, body)
        connection.execute(
            "UPDATE alerts SET body = ?, seq = ?, sha256 = ? WHERE number = ?",
            (payload, place.seq, place.sha256, number),
        )


def announce_rotation(connection: sqlite3.Connection, sealer: Sealer) -> bool:
    """Tell who signs from now on, if somebody waits to; `sealer.finish_rotation` comes after it.

    Once, also when the power goes between the two: the chain remembers.
    """
    kid = connection.execute("SELECT kid FROM chain").fetchone()[0]
    if not sealer.next_kid:
        return False
    if kid != sealer.next_kid:
        log.warning(
            "the key %s signs for this box from now on, instead of %s", sealer.next_kid, kid
        )
        _add_record(connection, sealer, "key_rotated", sealer.rotation(kid), sealer.next_kid)
    return True


def note_clock(connection: sqlite3.Connection, sealer: Sealer, step: ClockStep) -> None:
    """Tell the center that the box's clock was set."""
    _add_record(connection, sealer, "clock_set", sealer.clock_set(step))


def note_update(connection: sqlite3.Connection, sealer: Sealer, update: Update) -> None:
    """Tell the center what became of a new version on this box."""
    _add_record(connection, sealer, "updated", sealer.updated(update))


def give_up(connection: sqlite3.Connection, place: Place, why: str, severity: int) -> None:
    """Remember that the center will not get this message, together with its neighbours."""
    if not place.seq:
        return
    counts = [int(severity == rank) for rank in range(len(Severity))]
    first, last, sha256 = place.seq, place.seq, place.sha256
    for condition, at in (("last", place.seq - 1), ("first", place.seq + 1)):
        row = connection.execute(
            "SELECT first, last, sha256, low, medium, high FROM gone"  # noqa: S608 (a name of ours)
            f" WHERE {condition} = ? AND why = ? AND told_by = 0",
            (at, why),
        ).fetchone()
        if row:
            connection.execute("DELETE FROM gone WHERE first = ?", row[:1])
            first, last = min(first, row[0]), max(last, row[1])
            sha256 = row[2] if row[1] == last else sha256
            counts = [mine + its for mine, its in zip(counts, row[3:], strict=True)]
    connection.execute(
        "INSERT INTO gone VALUES (?, ?, ?, ?, ?, ?, ?, 0)", (first, last, sha256, why, *counts)
    )


def drop(connection: sqlite3.Connection, number: int) -> None:
    """Delete an alert that there is no room for, and remember that."""
    give_up(connection, *_place(connection, number, DISK_FULL))
    rows.forget(connection, [number])


def lose(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Delete alerts that the disk has spoiled, and remember that."""
    for number in numbers:
        give_up(connection, *_place(connection, number, DAMAGED))
        rows.add_to_counter(connection, "dropped_alerts")
    rows.forget(connection, numbers)


def park(connection: sqlite3.Connection, number: int, reason: str) -> None:
    """Move a message among the refused ones, and remember that; what it told is untold again.

    A record of a new key, or of a restart, is not given up: it is offered again when something gets
    through (`done`).
    """
    known = connection.execute("SELECT id, severity FROM alerts WHERE number = ?", (number,))
    if (row := known.fetchone()) and not rows.is_lasting(*row):
        give_up(connection, *_place(connection, number, REFUSED))
    connection.execute("UPDATE gone SET told_by = 0 WHERE told_by = ?", (number,))
    rows.park(connection, number, reason)


def done(connection: sqlite3.Connection, sealer: Sealer | None, numbers: Sequence[int]) -> None:
    """Forget what was delivered, and tell the center what it will not get.

    Only here, where room was made and something got through: neither a full disk nor a broker that
    refuses everything makes records without an end.
    """
    rows.forget(connection, numbers)
    rows.offer_records_again(connection)
    told = [(number,) for number in numbers]
    connection.executemany("DELETE FROM gone WHERE told_by = ?", told)
    under_way = connection.execute("SELECT 1 FROM gone WHERE told_by > 0 LIMIT 1").fetchone()
    if sealer and not under_way:
        for _ in range(_RECORDS_AT_ONCE):
            if not _tell_gone(connection, sealer):
                break


def head(connection: sqlite3.Connection, sealer: Sealer) -> str:
    """Return the signed head, and from where on the center may still be without messages."""
    seq, prev, waiting, gone = connection.execute(
        "SELECT seq, prev, (SELECT min(seq) FROM alerts), (SELECT min(first) FROM gone) FROM chain"
    ).fetchone()
    offered = rows.first_offered(connection)
    first = [one for one in (waiting, gone, offered) if one]
    return sealer.head(Link(seq, prev), min(first) if first else None)


def _tell_gone(connection: sqlite3.Connection, sealer: Sealer) -> bool:
    untold = connection.execute(
        "SELECT first, last, sha256, why, low, medium, high FROM gone WHERE told_by = 0"
        " ORDER BY first LIMIT ?",
        (_RANGES_A_RECORD,),
    ).fetchall()
    if not untold:
        return False
    names = ("first", "last", "sha256", "why", "low", "medium", "high")
    parts = [Dropped(**dict(zip(names, row, strict=True))) for row in untold]
    number = _add_record(connection, sealer, rows.DROPPED, sealer.dropped(parts))
    connection.executemany(
        "UPDATE gone SET told_by = ? WHERE first = ?", [(number, part.first) for part in parts]
    )
    return True


def _add_record(
    connection: sqlite3.Connection, sealer: Sealer, kind: str, body: bytes, kid: str = ""
) -> int:
    payload, place = seal(connection, sealer, body, kid)
    record = Alert(
        id=f"{kind} {place.seq}",
        revision=0,
        camera="",
        severity=Severity.HIGH,
        body=payload,
        thumbnail=b"",
    )
    return rows.insert(connection, record, (place.seq, place.sha256), rows.RECORD_RANK)


def _place(connection: sqlite3.Connection, number: int, why: str) -> tuple[Place, str, int]:
    seq, sha256, severity = connection.execute(
        "SELECT seq, sha256, severity FROM alerts WHERE number = ?", (number,)
    ).fetchone()
    return Place(seq, sha256), why, severity


def _newest(connection: sqlite3.Connection, table: str, column: str) -> int:
    answer = connection.execute(f"SELECT max({column}) FROM {table}")  # noqa: S608 (names of ours)
    return int(answer.fetchone()[0] or 0)
