"""One database behind two engines: SQLite in a file, or PostgreSQL, which several centers share.

The SQL is the same for both, with `?` for values. A transaction that writes is durable when
`write` returns: only then a message may be acknowledged and receipted.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from edge_agent.center.postgres import Postgres
from edge_agent.center.schema import VERSION, columns, statements
from edge_agent.center.sqlite import Sqlite
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.secret import Secret

T = TypeVar("T")
Row = tuple[Any, ...]
Values = Sequence[object]

# Two centers may wait for each other crosswise; the engine ends one of both, which begins anew.
_MOST_TRIES = 5
_NONE = Secret("")


class ValueRefusedError(EdgeAgentError):
    """The database is well, but will not take this: it never will."""


class Engine(Protocol):
    """What differs between the engines."""

    # The words of the schema: {number}, {real}, {blob}, {big}.
    types: Mapping[str, str]

    def connect(self) -> Any:
        """Return a connection whose commits are durable. Raises EdgeAgentError."""
        ...

    def begin(self, connection: Any, *, is_writing: bool) -> None:
        """Begin a transaction; one that writes may wait for others here."""
        ...

    def spell(self, sql: str) -> str:
        """Return the statement with this engine's sign for a value."""
        ...

    def is_again(self, error: Exception) -> bool:
        """Tell whether the same transaction may succeed if it is tried again at once."""
        ...

    def give_back(self, connection: Any) -> bool:
        """Give some of the room of deleted rows back to the disk; tell whether more is left."""
        ...

    @property
    def failure(self) -> type[Exception]:
        """What every failure of this engine is."""
        ...

    @property
    def refusals(self) -> tuple[type[Exception], ...]:
        """What is said of values and rows, not of the database's own state."""
        ...

    def complain(self, error: Exception) -> EdgeAgentError:
        """Return what went wrong, in words for people."""
        ...

    def lock_schema(self, connection: Any) -> None:
        """Let one process at a time make the tables, until its transaction ends."""
        ...

    @property
    def column_question(self) -> str:
        """What asks whether a table (first value) has a column (second value)."""
        ...

    @property
    def row_lock(self) -> str:
        """What a SELECT ends with, to keep others from its rows until the transaction ends."""
        ...


class Transaction:
    """What may be asked and changed within one transaction. Used by one thread."""

    def __init__(self, connection: Any, engine: Engine) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._engine = engine
        self.row_lock = engine.row_lock

    def run(self, sql: str, *values: object) -> int:
        """Change something; return how many rows that were."""
        self._cursor.execute(self._engine.spell(sql), values)
        return int(self._cursor.rowcount)

    def run_each(self, sql: str, rows: Iterable[Values]) -> None:
        """Change something for each of these values."""
        self._cursor.executemany(self._engine.spell(sql), list(rows))

    def rows(self, sql: str, *values: object) -> list[Row]:
        """Return what was asked for."""
        self._cursor.execute(self._engine.spell(sql), values)
        return list(self._cursor.fetchall())

    def row(self, sql: str, *values: object) -> Row | None:
        """Return the first of what was asked for; None where there is none."""
        self._cursor.execute(self._engine.spell(sql), values)
        found: Row | None = self._cursor.fetchone()
        return found

    def make_tables(self) -> None:
        """Make what is not there yet. Raises EdgeAgentError for a database of a later center."""
        self._engine.lock_schema(self._connection)
        self.run("CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value BIGINT)")
        told = self.row("SELECT value FROM counters WHERE name = 'schema'")
        if told and told[0] > VERSION:
            raise EdgeAgentError(
                f"this database was made by a later edge-agent (schema {told[0]})",
                hint="install that version, or name another database in center.toml",
            )
        for statement in statements(self._engine.types):
            self.run(statement)
        for table, name, kind in columns(self._engine.types):
            if self.row(self._engine.column_question, table, name) is None:
                self.run(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
        self.run(
            "INSERT INTO counters (name, value) VALUES ('schema', ?), ('change', 0)"
            " ON CONFLICT (name) DO NOTHING",
            VERSION,
        )

    def take_changes(self, count: int) -> int:
        """Return the first of so many numbers for the `change` of alerts. Ask last.

        Whoever has asked is alone until the end of the transaction: so numbers show in their order,
        and a page that has seen change 7 misses none below it.
        """
        told = self.row(
            "UPDATE counters SET value = value + ? WHERE name = 'change' RETURNING value", count
        )
        assert told  # noqa: S101 (the schema has made it)
        return int(told[0]) - count + 1


class Database:
    """Any thread may use it: each has a connection of its own. Made by `open_database`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._mine = threading.local()
        # Protects the list only.
        self._guard = threading.Lock()
        self._connections: list[Any] = []

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Do the work in one transaction; all of it is durable when this returns, or nothing is.

        It may be done several times until it holds. Raises EdgeAgentError: then it may also have
        held all the same, where a server died while it told us. Raises ValueRefusedError for what
        will never hold.
        """
        for tries_left in reversed(range(_MOST_TRIES)):
            try:
                return self._transact(work, is_writing=True)
            except (self._engine.failure, *self._engine.refusals) as error:
                if tries_left and self._engine.is_again(error):
                    continue
                if isinstance(error, self._engine.refusals):
                    raise ValueRefusedError(
                        f"the database does not take it: {error}",
                        hint="please send us the center's log: this is a defect of ours",
                    ) from error
                raise self._engine.complain(error) from error
        raise AssertionError("the last try returns or raises")

    def read(self, question: Callable[[Transaction], T]) -> T:
        """Answer a question. Raises EdgeAgentError."""
        try:
            return self._transact(question, is_writing=False)
        except self._engine.failure as error:
            raise self._engine.complain(error) from error

    def give_back(self) -> bool:
        """Give some of the room of deleted rows back to the disk; tell whether more is left.

        Raises EdgeAgentError.
        """
        try:
            return self._engine.give_back(self._connection())
        except self._engine.failure as error:
            raise self._engine.complain(error) from error

    def close(self) -> None:
        """Close every thread's connection. Call it after those threads have ended."""
        with self._guard:
            connections, self._connections = self._connections, []
        for connection in connections:
            connection.close()

    def _transact(self, work: Callable[[Transaction], T], *, is_writing: bool) -> T:
        connection = self._connection()
        try:
            self._engine.begin(connection, is_writing=is_writing)
            result = work(Transaction(connection, self._engine))
            connection.execute("COMMIT")
        except BaseException:
            self._roll_back(connection)
            raise
        return result

    def _connection(self) -> Any:
        connection = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = self._engine.connect()
            with self._guard:
                self._connections.append(connection)
        return connection

    def _roll_back(self, connection: Any) -> None:
        try:
            connection.execute("ROLLBACK")
        except self._engine.failure:
            # In an unknown state it is of no more use: its server may have died.
            self._forget(connection)

    def _forget(self, connection: Any) -> None:
        self._mine.connection = None
        with self._guard:
            self._connections = [one for one in self._connections if one is not connection]
        with suppress(self._engine.failure):
            connection.close()


def open_database(where: str, password: Secret = _NONE) -> Database:
    """Open `postgresql://…`, or SQLite's file at that path; make what is not there yet.

    Raises EdgeAgentError.
    """
    is_server = where.startswith("postgresql://")
    engine: Engine = Postgres(where, password) if is_server else Sqlite(where)
    database = Database(engine)
    try:
        database.write(Transaction.make_tables)
    except BaseException:
        database.close()
        raise
    return database
