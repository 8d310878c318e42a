"""PostgreSQL: several centers share one database, on any machine. The only import of psycopg.

psycopg is loaded where it is asked for: a center with SQLite does not need it.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.secret import Secret

# Every wait has an end: to connect, for a server that is gone without a word, for a statement.
_CONNECT_S = 5
_UNACKNOWLEDGED_MS = 15_000
_STATEMENT_MS = 30_000
# Any number that no other program takes: "edge" in ASCII.
_SCHEMA_LOCK = 0x65646765
# PostgreSQL's appendix A: serialization failure, deadlock, and two who make one row at once.
_AGAIN = {"40001", "40P01", "23505"}


class Postgres:
    """Commits wait for the server's disk, whatever the server is set to."""

    types: Mapping[str, str] = MappingProxyType(
        {
            "number": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
            "real": "DOUBLE PRECISION",
            "blob": "BYTEA",
            "big": "BIGINT",
        }
    )
    row_lock = " FOR UPDATE"
    column_question = (
        "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(?) AND attname = ?"
        " AND NOT attisdropped"
    )

    def __init__(self, url: str, password: Secret) -> None:
        """Remember where. Raises EdgeAgentError where psycopg is not installed."""
        try:
            import psycopg  # noqa: PLC0415 (only where it is asked for)
        except ImportError as error:
            raise EdgeAgentError(
                "the database is PostgreSQL, but psycopg is not installed",
                hint="sudo apt install python3-psycopg; in a clone: pip install '.[center]'",
            ) from error
        self._psycopg = psycopg
        self._url = url
        self._password = password
        self.failure: type[Exception] = psycopg.Error
        # Not what is said of rights and tables: a person can mend that, and nothing may be passed
        # over meanwhile. The last two: a text with half a character, a number beyond all bounds:
        # Python says it.
        self.refusals: tuple[type[Exception], ...] = (
            *(psycopg.DataError, psycopg.IntegrityError),
            *(UnicodeEncodeError, OverflowError),
        )

    def connect(self) -> Any:
        """Return a connection whose commits are durable. Raises EdgeAgentError."""
        try:
            connection = self._psycopg.connect(
                self._url,
                password=self._password.reveal() or None,
                autocommit=True,
                connect_timeout=_CONNECT_S,
                tcp_user_timeout=_UNACKNOWLEDGED_MS,
                application_name="edge-agent center",
            )
            # Not as options of the connection: those are the url's own.
            connection.execute(f"SET statement_timeout = {_STATEMENT_MS}")
            connection.execute("SET synchronous_commit = on")
        except self._psycopg.Error as error:
            raise self.complain(error) from error
        return connection

    def begin(self, connection: Any, *, is_writing: bool) -> None:
        """Begin a transaction; whoever reads sees one moment."""
        kind = "READ COMMITTED" if is_writing else "REPEATABLE READ READ ONLY"
        connection.execute(f"BEGIN ISOLATION LEVEL {kind}")

    def spell(self, sql: str) -> str:
        """Return the statement with psycopg's sign for a value."""
        return _spelled(sql)

    def is_again(self, error: Exception) -> bool:
        """Tell whether two transactions were in each other's way."""
        return getattr(error, "sqlstate", None) in _AGAIN

    def give_back(self, connection: Any) -> bool:  # noqa: ARG002 (SQLite's does something)
        """Do nothing: autovacuum lets later rows use the room, only VACUUM FULL gives it back."""
        return False

    def complain(self, error: Exception) -> EdgeAgentError:
        """Return what went wrong, in words for people, and without a password."""
        parts = urlsplit(self._url)
        where = f"{parts.hostname or 'this machine'}{parts.path}"
        words = re.sub(r"\s+", " ", str(error)).strip()
        return EdgeAgentError(
            f"cannot use the database {where}: {words}",
            hint="check that PostgreSQL runs there, and the user's rights: psql",
        )

    def lock_schema(self, connection: Any) -> None:
        """Let one center at a time make tables, until its transaction ends."""
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_SCHEMA_LOCK,))


@lru_cache(maxsize=512)
def _spelled(sql: str) -> str:
    return sql.replace("?", "%s")
