from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.database import Database, Transaction, open_database
from edge_agent.errors import EdgeAgentError

if TYPE_CHECKING:
    from pathlib import Path

_INSERT = "INSERT INTO boxes (site, box) VALUES (?, ?)"
_COUNT = "SELECT count(*) FROM boxes"


def test_what_is_written_is_there_for_the_next_who_opens_it(where: str) -> None:
    first = open_database(where)
    first.write(lambda transaction: transaction.run(_INSERT, "test", "a"))
    first.close()

    second = open_database(where)

    assert second.read(lambda transaction: transaction.row(_COUNT)) == (1,)
    second.close()


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def work(transaction: Transaction) -> None:
        transaction.run(_INSERT, "test", "a")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(work)

    assert database.read(lambda transaction: transaction.row(_COUNT)) == (0,)


def test_a_statement_that_the_engine_refuses_is_told_in_words(database: Database) -> None:
    with pytest.raises(EdgeAgentError, match="cannot use the database"):
        database.read(lambda transaction: transaction.rows("SELECT nothing FROM nowhere"))

    assert database.read(lambda transaction: transaction.row(_COUNT)) == (0,)


def test_several_centers_may_open_a_new_database_at_once(where: str) -> None:
    with ThreadPoolExecutor(8) as crowd:
        opened = list(crowd.map(lambda _: open_database(where), range(16)))

    assert {one.read(lambda transaction: transaction.row(_COUNT)) for one in opened} == {(0,)}
    for one in opened:
        one.close()


def test_another_program_that_comes_and_goes_takes_nothing_away(where: str) -> None:
    """As `center boxes` does beside `center run`, whose threads have a connection each."""

    def insert(box: str) -> None:
        here.write(lambda transaction: transaction.run(_INSERT, "test", box))

    here = open_database(where)
    insert("a")
    with ThreadPoolExecutor(1) as another_thread:
        another_thread.submit(insert, "b").result()
    insert("c")

    first = _counted_elsewhere(where)
    insert("d")
    then = _counted_elsewhere(where)

    assert (first, then) == ("3", "4")
    here.close()


def _counted_elsewhere(where: str) -> str:
    program = f"""
from edge_agent.center.database import open_database
database = open_database({where!r})
print(*database.read(lambda transaction: transaction.row({_COUNT!r})), end="")
database.close()
"""
    done = subprocess.run(  # noqa: S603 (ours)
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    return done.stdout or done.stderr


def test_whoever_has_seen_a_change_misses_none_below_it(where: str) -> None:
    """Numbers show in the order in which they were given, whoever gave them."""

    def give(_: int) -> list[int]:
        database = open_database(where)
        given = [database.write(lambda transaction: transaction.take_changes(3)) for _ in range(20)]
        database.close()
        return given

    with ThreadPoolExecutor(4) as crowd:
        given = sorted(first for several in crowd.map(give, range(4)) for first in several)

    assert given == list(range(1, 241, 3))


def test_a_database_of_a_later_center_is_left_alone(where: str) -> None:
    database = open_database(where)
    database.write(lambda t: t.run("UPDATE counters SET value = 99 WHERE name = 'schema'"))
    database.close()

    with pytest.raises(EdgeAgentError, match="later edge-agent"):
        open_database(where)


def test_a_database_of_an_earlier_center_gets_what_it_lacks_and_keeps_what_it_has(
    where: str,
) -> None:
    database = open_database(where)
    database.write(
        lambda t: t.run(
            "INSERT INTO quarantine (site, box, topic, payload, sha256, why, received_wall)"
            " VALUES ('test', 'a', '', ?, '', 'altered', 1.0)",
            b"evidence",
        )
    )
    database.write(lambda t: t.run("ALTER TABLE quarantine DROP COLUMN size_bytes"))
    database.close()

    for _ in range(2):
        database = open_database(where)
        rows = database.read(lambda t: t.rows("SELECT site, size_bytes FROM quarantine"))
        database.close()
        assert rows == [("test", None)]


def test_a_file_that_is_no_database_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "center.db").write_text("this is a letter to my mother, and no database at all")

    with pytest.raises(EdgeAgentError, match="cannot use the database"):
        open_database(str(tmp_path / "center.db"))


def test_a_commit_to_sqlite_waits_for_the_disk(tmp_path: Path) -> None:
    database = open_database(str(tmp_path / "center.db"))

    assert database.read(lambda t: t.row("PRAGMA synchronous")) == (2,)
    assert database.read(lambda t: t.row("PRAGMA journal_mode")) == ("wal",)
    database.close()
    assert sqlite3.connect(tmp_path / "center.db").execute(_COUNT).fetchone() == (0,)


def test_nobody_else_on_the_machine_reads_what_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "center.db"
    database = open_database(str(path))
    database.write(lambda transaction: transaction.run("DELETE FROM alarms"))

    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    database.close()

    assert modes
    assert set(modes.values()) == {0o600}
