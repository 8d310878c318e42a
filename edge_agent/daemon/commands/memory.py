"""Which commands this box has taken, what it said, and what of that the broker does not have yet.

On disk before anything is done: a command that is sent again, or replayed, is never done again,
also after a power cut.
"""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from edge_agent.contract.command import Command
from edge_agent.errors import EdgeAgentError
from edge_agent.spool.file import connect, create, is_damage

log = logging.getLogger(__name__)

FILE = "commands.sqlite"
T = TypeVar("T")

# Ids remembered; a command whose time is not over is never forgotten, so beyond this new ones wait.
MOST_REMEMBERED = 4_096
# Responses kept for who asks again, and what waits for the broker (pictures have 512 KiB).
MOST_RESPONSES = 256
MOST_WAITING = 32
# Begun and not ended; what is said of these is never given up, so beyond this new ones wait, too.
MOST_OPEN = 16
# "edgc" in ASCII.
_APPLICATION_ID = 0x65646763
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE commands (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL,
  body BLOB NOT NULL, expires REAL NOT NULL, session INTEGER, start TEXT NOT NULL,
  correlation BLOB NOT NULL, is_open INTEGER NOT NULL, response BLOB NOT NULL);
CREATE TABLE waiting (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, topic TEXT NOT NULL,
  content_type TEXT NOT NULL, payload BLOB NOT NULL, correlation BLOB NOT NULL);
CREATE TABLE past (until REAL NOT NULL, since REAL NOT NULL);
INSERT INTO past VALUES (0, 0);
COMMIT;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """One command that was taken. `response` is b"" while there is none, or no longer."""

    id: str
    sha256: str
    body: bytes
    # Which start of the agent took it.
    start: str
    correlation: bytes
    # Begun, and nobody knows yet how it ends.
    is_open: bool
    response: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message that waits for the broker."""

    number: int
    topic: str
    content_type: str
    payload: bytes
    correlation: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What is remembered of a command before it is carried out."""

    id: str
    sha256: str
    body: bytes
    expires: float
    session: int | None
    start: str
    correlation: bytes = b""


class Memory:
    """One thread at a time may use it. Every method raises EdgeAgentError where the disk refuses."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def open(self, now_wall: float) -> None:
        """Open the file, or begin one; a damaged one is begun anew, and nothing before counts."""
        self.close()
        try:
            self._begin()
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, OSError) or not is_damage(error):
                raise self._complain(error) from error
            log.warning("the memory of commands was damaged (%s): begun anew", error)
            self.close()
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._try(self._begin)
            self._write(lambda fresh: fresh.execute("UPDATE past SET since = ?", (now_wall,)))

    def find(self, command_id: str) -> Remembered | None:
        """Return what is remembered of a command."""
        found = self._read(f"{_REMEMBERED} WHERE id = ?", command_id)
        return _remembered(found[0]) if found else None

    def open_ones(self) -> list[Remembered]:
        """Return the commands whose end is not known, oldest first."""
        return [
            _remembered(row) for row in self._read(f"{_REMEMBERED} WHERE is_open ORDER BY number")
        ]

    def is_past(self, command: Command) -> bool:
        """Tell whether a command may be one that was forgotten: nobody knows if it was done."""
        until, since = self._read("SELECT until, since FROM past")[0]
        return bool(command.expires <= until or command.time < since)

    def take(self, command: Arrived, *, now_wall: float | None, session: int | None) -> bool:
        """Remember a command before it is carried out; False where there is no room for another.

        Those are forgotten whose time is over by a good clock, or whose session is; none that is open.
        """

        def work(connection: sqlite3.Connection) -> bool:
            if _count(connection, "commands") >= MOST_REMEMBERED:
                _forget(connection, now_wall, session)
            if _count(connection, "commands") >= MOST_REMEMBERED:
                return False
            if _count(connection, "commands WHERE is_open") >= MOST_OPEN:
                return False
            connection.execute(
                "INSERT INTO commands VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, 1, x'')",
                (
                    command.id,
                    command.sha256,
                    command.body,
                    command.expires,
                    command.session,
                    command.start,
                    command.correlation,
                ),
            )
            return True

        return self._write(work)

    def answer(
        self, command_id: str, response: bytes, messages: list[Outgoing], *, is_last: bool
    ) -> None:
        """Remember what is said of a command, and that the broker is to have it."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE commands SET response = ?, is_open = ? WHERE id = ?",
                (response, not is_last, command_id),
            )
            if is_last:
                connection.execute("UPDATE commands SET body = x'' WHERE id = ?", (command_id,))
            connection.execute(
                "UPDATE commands SET response = x'' WHERE NOT is_open AND number <= "
                "(SELECT max(number) FROM commands) - ?",
                (MOST_RESPONSES,),
            )
            for message in messages:
                _put(connection, command_id, message)

        self._write(work)

    def send(self, command_id: str, message: Outgoing) -> None:
        """Have the broker get a message, in place of the same one that waits for it still."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM waiting WHERE id = ? AND payload = ?", (command_id, message.payload)
            )
            _put(connection, command_id, message)

        self._write(work)

    def waiting(self, limit: int) -> list[Outgoing]:
        """Return what waits for the broker, oldest first."""
        rows = self._read(
            "SELECT number, topic, content_type, payload, correlation FROM waiting"
            " ORDER BY number LIMIT ?",
            limit,
        )
        names = ("number", "topic", "content_type", "payload", "correlation")
        return [Outgoing(**dict(zip(names, row, strict=True))) for row in rows]

    def sent(self, number: int) -> None:
        """Forget a message that the broker has."""
        self._write(
            lambda connection: connection.execute("DELETE FROM waiting WHERE number = ?", (number,))
        )

    def is_heard(self, command_id: str) -> bool:
        """Tell whether the broker has all that was said of a command."""
        return not self._read("SELECT 1 FROM waiting WHERE id = ? LIMIT 1", command_id)

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _begin(self) -> None:
        create(self._path)
        connection = self._connection = connect(self._path)
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.executescript(_SCHEMA)
        elif owner != _APPLICATION_ID:
            raise EdgeAgentError(
                f"{self._path} is a database of another program",
                hint="move it away, or choose another state_dir",
            )

    def _read(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        return self._try(lambda: self._there().execute(question, values).fetchall())

    def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def transact() -> T:
            connection = self._there()
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite may have rolled back already
                    connection.execute("ROLLBACK")
                raise
            return result

        return self._try(transact)

    def _try(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except (sqlite3.Error, OSError) as error:
            raise self._complain(error) from error

    def _there(self) -> sqlite3.Connection:
        assert self._connection  # noqa: S101 (opened before it is used)
        return self._connection

    def _complain(self, error: sqlite3.Error | OSError) -> EdgeAgentError:
        return EdgeAgentError(
            f"cannot keep what the center asked in {self._path}: {error}",
            hint=f"check the disk and who may write there: df -h {self._path.parent}",
        )


_REMEMBERED = "SELECT id, sha256, body, start, correlation, is_open, response FROM commands"


def _remembered(row: tuple[Any, ...]) -> Remembered:
    names = ("id", "sha256", "body", "start", "correlation", "is_open", "response")
    return Remembered(**dict(zip(names, row, strict=True)))


def _count(connection: sqlite3.Connection, which: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {which}").fetchone()[0])  # noqa: S608 (words of ours)


def _forget(connection: sqlite3.Connection, now_wall: float | None, session: int | None) -> None:
    # Whatever the clock will say: what ended before the latest of these is refused from now on.
    now = float("-inf") if now_wall is None else now_wall
    connection.execute(
        "UPDATE past SET until = max(until, coalesce("
        "(SELECT max(expires) FROM commands WHERE NOT is_open AND expires < ?), 0))",
        (now,),
    )
    connection.execute(
        "DELETE FROM commands WHERE NOT is_open"
        " AND (expires < ? OR (session IS NOT NULL AND session IS NOT ?))",
        (now, session),
    )


def _put(connection: sqlite3.Connection, command_id: str, message: Outgoing) -> None:
    connection.execute(
        "INSERT INTO waiting (id, topic, content_type, payload, correlation) VALUES (?, ?, ?, ?, ?)",
        (command_id, message.topic, message.content_type, message.payload, message.correlation),
    )
    # Not of what is under way: whether that is heard decides how it ends.
    surplus = connection.execute(
        "DELETE FROM waiting WHERE number IN (SELECT number FROM waiting WHERE id NOT IN"
        " (SELECT id FROM commands WHERE is_open) ORDER BY number DESC LIMIT -1 OFFSET ?)",
        (MOST_WAITING,),
    ).rowcount
    if surplus > 0:
        log.warning("the broker does not take our answers: %d were given up", surplus)
