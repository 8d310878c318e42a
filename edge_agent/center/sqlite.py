"""SQLite: one file, no server. Several processes of one machine may use it at once."""

import os
import sqlite3
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edge_agent.errors import EdgeAgentError

# Writers wait for each other; a batch of messages takes milliseconds, a full disk's sync a second.
_BUSY_S = 10.0
# PRAGMA auto_vacuum's word for it. A file that was made without keeps its size, and uses it again.
_INCREMENTAL = 2
# Given back at once: 4 MB, some milliseconds.
_PAGES = 1_000


class Sqlite:
    """WAL with FULL: what is committed survives a power cut (measured: docs/design/0002)."""

    types: Mapping[str, str] = MappingProxyType(
        {
            "number": "INTEGER PRIMARY KEY AUTOINCREMENT",
            "real": "REAL",
            "blob": "BLOB",
            "big": "INTEGER",
        }
    )
    failure = sqlite3.Error
    refusals = (
        *(sqlite3.DataError, sqlite3.IntegrityError),
        # A text with half a character, a number beyond 64 bits: Python says it.
        *(UnicodeEncodeError, OverflowError),
    )
    column_question = "SELECT 1 FROM pragma_table_info(?) WHERE name = ?"
    # BEGIN IMMEDIATE has the whole database already.
    row_lock = ""

    def __init__(self, where: str) -> None:
        self._path = Path(where)

    def connect(self) -> sqlite3.Connection:
        """Return a connection whose commits are durable. Raises EdgeAgentError."""
        # Pictures of people: for us only, and SQLite gives its log the same mode. What is wrong with
        # the path SQLite says in its own words. Made without opening it: closing any descriptor of a
        # file takes POSIX's locks on it away from this process's other connections, and the next
        # program to leave would take itself for the last and delete the log under them
        # (sqlite.org/howtocorrupt.html, 2.2).
        with suppress(OSError):
            os.mknod(self._path, 0o600 | stat.S_IFREG)
        try:
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            # For a new file only, and before anything else: deleted rows give their room back.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            # What is deleted after its term is not to be read from the file with other tools.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error as error:
            raise self.complain(error) from error
        return connection

    def begin(self, connection: Any, *, is_writing: bool) -> None:
        """Begin a transaction; one that writes has the database for itself."""
        connection.execute("BEGIN IMMEDIATE" if is_writing else "BEGIN")

    def spell(self, sql: str) -> str:
        """Return the statement as it is."""
        return sql

    def is_again(self, error: Exception) -> bool:  # noqa: ARG002 (PostgreSQL's answer differs)
        """Tell that nothing gets better by asking again: SQLite has waited already."""
        return False

    def give_back(self, connection: Any) -> bool:
        """Give some pages back; at the end empty the log, where deleted pages still are."""
        (manner,) = connection.execute("PRAGMA auto_vacuum").fetchone()
        if manner == _INCREMENTAL:
            # `execute` takes one step of it, which is one page; a script takes all.
            connection.executescript(f"PRAGMA incremental_vacuum({_PAGES})")
            if connection.execute("PRAGMA freelist_count").fetchone()[0]:
                return True
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return False

    def complain(self, error: Exception) -> EdgeAgentError:
        """Return what went wrong, in words for people."""
        return EdgeAgentError(
            f"cannot use the database {self._path}: {error}",
            hint=f"it must be on a local disk with room, and ours to write: ls -l {self._path}",
        )

    def lock_schema(self, connection: Any) -> None:
        """Do nothing: whoever writes is alone."""
