"""How an alert lies in the spool's tables. Each function works inside the caller's transaction."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from edge_agent.domain.alert import Alert
from edge_agent.domain.sighting import Severity

# "edge" in ASCII: tells our file from any other SQLite file.
APPLICATION_ID = 0x65646765
SCHEMA_VERSION = 3
# As stored; what a full spool gives up goes by it.
RANK = {Severity.LOW: 0, Severity.MEDIUM: 1, Severity.HIGH: 2}
# What the box says of itself: no full spool gives it up.
RECORD_RANK = 3
# The record that is made anew where it was refused; the others are offered again as they are.
DROPPED = "dropped"
LASTING = f"(severity = {RECORD_RANK} AND id NOT LIKE '{DROPPED} %')"
# Refused alerts kept for whoever asks why; a wrong access rule refuses each and every one.
MOST_PARKED = 500

# So much fits on a partition that others fill right after the first start: 60 alerts and pictures.
_FIRST_BYTES = 1_048_576
_SEVERITIES = {rank: severity for severity, rank in RANK.items()} | {RECORD_RANK: Severity.HIGH}
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE alerts (
  number INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice, also after the newest is deleted
  id TEXT NOT NULL, revision INTEGER NOT NULL, camera TEXT NOT NULL,
  severity INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX alerts_by_severity ON alerts (severity, number);
CREATE TABLE thumbnails (
  number INTEGER PRIMARY KEY, severity INTEGER NOT NULL, content BLOB NOT NULL);
CREATE INDEX thumbnails_by_severity ON thumbnails (severity, number);
CREATE TABLE parked (
  number INTEGER PRIMARY KEY, reason TEXT NOT NULL,
  id TEXT NOT NULL, revision INTEGER NOT NULL, camera TEXT NOT NULL,
  severity INTEGER NOT NULL, body BLOB NOT NULL, thumbnail BLOB NOT NULL);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counters VALUES ('dropped_thumbnails', 0), ('dropped_alerts', 0), ('session', 0);
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """An alert on disk. Numbers grow in the order of `append` and are never used twice."""

    number: int
    alert: Alert
    # Of the body when it was sealed; "" where nobody signs.
    sha256: str = ""

    @property
    def is_damaged(self) -> bool:
        """Whether the disk has changed the body since."""
        body = self.alert.body.partition(b"\n")[0]
        return bool(self.sha256) and sha256(body).hexdigest() != self.sha256


def create_tables(connection: sqlite3.Connection, more: str) -> None:
    """Begin an empty spool, with more tables that others look after, whole or not at all."""
    connection.executescript(f"{_SCHEMA} {more} PRAGMA application_id = {APPLICATION_ID};")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    # Pages taken now are there when the partition is full. `free_first_pages` gives them back.
    connection.execute("INSERT INTO thumbnails VALUES (-1, 0, zeroblob(?))", (_FIRST_BYTES,))
    connection.execute("COMMIT")


def free_first_pages(connection: sqlite3.Connection) -> None:
    """Let alerts have the pages of `create_tables`; at each start, for a first one may be killed."""
    connection.execute("DELETE FROM thumbnails WHERE number = -1")


def insert(
    connection: sqlite3.Connection, alert: Alert, place: tuple[int, str], rank: int | None = None
) -> int:
    """Add an alert, with its place in the chain, and its picture; return its number."""
    rank = RANK[alert.severity] if rank is None else rank
    number = connection.execute(
        "INSERT INTO alerts (id, revision, camera, severity, body, seq, sha256)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (alert.id, alert.revision, alert.camera, rank, alert.body, *place),
    ).lastrowid
    assert number is not None  # noqa: S101 (a row was inserted)
    if alert.thumbnail:
        connection.execute(
            "INSERT INTO thumbnails VALUES (?, ?, ?)", (number, rank, alert.thumbnail)
        )
    return number


def oldest(connection: sqlite3.Connection, limit: int, after: int) -> list[Kept]:
    """Return the first alerts with a greater number."""
    rows = connection.execute(
        "SELECT a.number, id, revision, camera, a.severity, body, coalesce(content, x''), sha256"
        " FROM alerts AS a LEFT JOIN thumbnails AS t ON t.number = a.number"
        " WHERE a.number > ? ORDER BY a.number LIMIT ?",
        (after, limit),
    )
    return [
        Kept(
            number,
            Alert(
                id=id_,
                revision=revision,
                camera=camera,
                severity=_SEVERITIES[rank],
                body=body,
                thumbnail=thumbnail,
            ),
            sealed_as,
        )
        for number, id_, revision, camera, rank, body, thumbnail, sealed_as in rows
    ]


def forget(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Delete alerts and their pictures; unknown numbers do not matter."""
    rows = [(number,) for number in numbers]
    connection.executemany("DELETE FROM thumbnails WHERE number = ?", rows)
    connection.executemany("DELETE FROM alerts WHERE number = ?", rows)


def drop_picture(connection: sqlite3.Connection, number: int) -> None:
    """Delete the picture of an alert, and count it."""
    if connection.execute("DELETE FROM thumbnails WHERE number = ?", (number,)).rowcount:
        add_to_counter(connection, "dropped_thumbnails")


def park(connection: sqlite3.Connection, number: int, reason: str) -> None:
    """Move an alert among the refused ones; beyond MOST_PARKED the oldest of them is dropped."""
    connection.execute(
        "INSERT INTO parked SELECT a.number, ?, id, revision, camera, a.severity, body,"
        " coalesce(content, x''), seq, sha256"
        " FROM alerts AS a LEFT JOIN thumbnails AS t ON t.number = a.number WHERE a.number = ?",
        (reason, number),
    )
    forget(connection, [number])
    while count(connection, "parked") > MOST_PARKED and drop_parked(connection):
        pass


def is_lasting(id_: str, rank: int) -> bool:
    """Tell whether it is a record that is offered again as it is: LASTING, in Python."""
    return rank == RECORD_RANK and not id_.startswith(f"{DROPPED} ")


def offer_records_again(connection: sqlite3.Connection) -> None:
    """Move what the box says of itself from the refused ones behind what waits."""
    columns = "id, revision, camera, severity, body, seq, sha256"
    connection.execute(
        f"INSERT INTO alerts ({columns}) SELECT {columns} FROM parked WHERE {LASTING}"  # noqa: S608 (names of ours)
    )
    connection.execute(f"DELETE FROM parked WHERE {LASTING}")  # noqa: S608 (as above)


def first_offered(connection: sqlite3.Connection) -> int | None:
    """Return the least number of a refused record that will be offered again."""
    question = f"SELECT min(seq) FROM parked WHERE {LASTING}"  # noqa: S608 (a constant of ours)
    return connection.execute(question).fetchone()[0]  # type: ignore[no-any-return]  # SQLite's


def drop_parked(connection: sqlite3.Connection) -> bool:
    """Delete the oldest refused alert; tell whether there was one.

    Never a record that is offered again: without the one that names a key, nothing after it counts.
    """
    dropped = connection.execute(
        f"DELETE FROM parked WHERE number = (SELECT min(number) FROM parked WHERE NOT {LASTING})"  # noqa: S608 (a constant of ours)
    ).rowcount
    if dropped:
        add_to_counter(connection, "dropped_alerts")
    return bool(dropped)


def least(
    connection: sqlite3.Connection, table: str, most_rank: int
) -> tuple[int, Severity] | None:
    """Return number and severity of the oldest among the least severe, up to that rank."""
    row = connection.execute(
        f"SELECT number, severity FROM {table} WHERE severity <= ?"  # noqa: S608 (a name of ours)
        " ORDER BY severity, number LIMIT 1",
        (most_rank,),
    ).fetchone()
    return (row[0], _SEVERITIES[row[1]]) if row else None


def count(connection: sqlite3.Connection, table: str) -> int:
    """Return how many rows the table has."""
    answer = connection.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 (a name of ours)
    return int(answer.fetchone()[0])


def begin_session(connection: sqlite3.Connection, now_wall: float) -> int:
    """Return the Unix seconds of now, or one more than last time where that is greater.

    The clock alone would not do: a box without a battery starts in 1970. A count alone begins
    again with a new disk, and the center would take the box's word for an old one.
    """
    connection.execute(
        "UPDATE counters SET value = max(value + 1, ?) WHERE name = 'session'", (int(now_wall),)
    )
    return counters(connection)["session"]


def counters(connection: sqlite3.Connection) -> dict[str, int]:
    """Return what was dropped since the spool was begun, and the latest session."""
    return dict(connection.execute("SELECT name, value FROM counters").fetchall())


def add_to_counter(connection: sqlite3.Connection, name: str) -> None:
    """Count one more, in the same transaction as what is counted."""
    connection.execute("UPDATE counters SET value = value + 1 WHERE name = ?", (name,))
