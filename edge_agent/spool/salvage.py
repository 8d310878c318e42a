"""What can still be read of a damaged spool is carried over: it was promised once."""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

log = logging.getLogger(__name__)

# One commit each would wait for the disk 15,000 times.
_BATCH = 200
_ALERT = "number, id, revision, camera, severity, body"
# How an alert is read: with its number in the chain, or as it was before there was one. Its hash is
# made again from its bytes: of a damaged one that is its true one.
_ALERTS = (f"{_ALERT}, seq", f"{_ALERT}, 0")
_INSERT_ALERT = "INSERT OR IGNORE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_THUMBNAIL = "INSERT OR IGNORE INTO thumbnails VALUES (?, ?, ?)"
# What a record told may be told again: whoever hears it twice knows no more.
_GONE = "SELECT first, last, sha256, why, low, medium, high, 0 FROM gone"
_INSERT_GONE = "INSERT OR IGNORE INTO gone VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def carry_over(aside: Path, fresh: sqlite3.Connection) -> None:
    """Copy every alert that can be read, with its number, and its picture where that can be read."""
    with closing(sqlite3.connect(aside)) as damaged:
        for (session,) in _rows(damaged, "SELECT value FROM counters WHERE name = 'session'"):
            fresh.execute("UPDATE counters SET value = ? WHERE name = 'session'", (session,))
        fresh.execute("BEGIN IMMEDIATE")
        _insert(fresh, _INSERT_GONE, list(_rows(damaged, _GONE)))
        fresh.execute("COMMIT")
        numbers = sorted(_numbers(damaged))
        saved = 0
        for start in range(0, len(numbers), _BATCH):
            fresh.execute("BEGIN IMMEDIATE")
            for number in numbers[start : start + _BATCH]:
                saved += _copy(damaged, fresh, number)
            fresh.execute("COMMIT")
    log.warning("%d alerts of the damaged spool could be saved", saved)


def _numbers(damaged: sqlite3.Connection) -> set[int]:
    """Read from both ends up to the damage."""
    numbers: set[int] = set()
    for direction in ("ASC", "DESC"):
        numbers.update(
            row[0]
            for row in _rows(damaged, f"SELECT number FROM alerts ORDER BY number {direction}")  # noqa: S608 (one of two words of ours)
        )
    return numbers


def _copy(damaged: sqlite3.Connection, fresh: sqlite3.Connection, number: int) -> bool:
    where = f"WHERE number = {number}"
    read = (list(_rows(damaged, f"SELECT {columns} FROM alerts {where}")) for columns in _ALERTS)  # noqa: S608 (names of ours and an integer)
    alerts = [(*row, _hash_of(*row[-2:])) for row in next(filter(None, read), [])]
    if not _insert(fresh, _INSERT_ALERT, alerts):
        return False
    _insert(fresh, _INSERT_THUMBNAIL, list(_rows(damaged, f"SELECT * FROM thumbnails {where}")))  # noqa: S608 (as above)
    return True


def _hash_of(payload: object, seq: int) -> str:
    """Return what the next message has as `prev`; "" where nobody has signed yet."""
    body = payload.partition(b"\n")[0] if isinstance(payload, bytes) else b""
    return sha256(body).hexdigest() if seq else ""


def _insert(fresh: sqlite3.Connection, insertion: str, rows: Sequence[tuple[object, ...]]) -> bool:
    try:
        fresh.executemany(insertion, rows)
    except sqlite3.IntegrityError:  # what was read makes no sense
        return False
    return bool(rows)


def _rows(damaged: sqlite3.Connection, question: str) -> Iterator[tuple[int, ...]]:
    try:
        yield from damaged.execute(question)
    except (sqlite3.Error, UnicodeDecodeError):
        return
