"""The spool seals what it keeps: numbers without a gap, and a signed word on all that is given up."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from edge_agent.contract import Range
from edge_agent.domain.sighting import Severity
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.worker import Worker
from edge_agent.spool import chain
from edge_agent.spool.spool import Spool
from tests.fakes.alerts import an_alert
from tests.spool.sealed import seqs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.spool.sealed import Opened


TURNS = (Severity.LOW, Severity.MEDIUM, Severity.LOW, Severity.HIGH)


def test_alerts_are_numbered_without_a_gap_over_restarts_and_deliveries(box: Opened) -> None:
    center = box.center()
    for life in range(4):
        spool = box.again()
        for n in range(5):
            spool.append(an_alert(f"{life}-{n}"))
        if life % 2:
            center.drain(spool)

    report = center.drain(box.again())

    assert report.is_whole
    assert (report.messages, report.last, report.head) == (20, 20, (20, "2026-11-18T11:06:40.000Z"))


def test_an_alert_comes_back_as_it_was_composed_and_below_two_kilobytes(box: Opened) -> None:
    spool = box.again()
    alert = an_alert()

    spool.append(alert)

    payload = spool.oldest(1)[0].alert.body
    assert payload.startswith(alert.body[:-1] + b',"seq":1,"prev":"')
    assert len(payload) < 2000


def test_cameras_that_append_at_the_same_time_share_one_chain(box: Opened) -> None:
    spool, center = box.again(), box.center()

    def watch(camera: str) -> None:
        for n in range(25):
            spool.append(an_alert(f"{camera}-{n}", camera=camera, picture_bytes=0))

    names = ("gate", "yard", "market", "bridge")
    watchers = [Worker(n, lambda n=n: watch(n), on_failure=lambda: None) for n in names]
    for watcher in watchers:
        watcher.start()
    assert all(watcher.join(30) and watcher.failure is None for watcher in watchers)

    assert seqs(spool.oldest(1000)) == list(range(1, 101))
    assert center.drain(spool).is_whole


def test_what_a_full_spool_drops_is_told_by_signed_records(box: Opened) -> None:
    spool, center = box.again(), box.center()
    count = 0
    while spool.state().dropped_alerts < 200:
        count += 1
        spool.append(an_alert(f"v{count}", severity=TURNS[count % 4], picture_bytes=0))

    report = center.drain(spool)

    assert report.is_whole, report
    told = sum(one.last - one.first + 1 for one in report.dropped)
    assert told == spool.state().dropped_alerts >= 200
    assert "dropped" in center.types
    assert spool.state().waiting == 0


def test_a_new_alert_that_is_the_least_has_a_number_and_is_told_too(
    box: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, center = box.again(), box.center()
    spool.append(an_alert("grave", severity=Severity.HIGH, picture_bytes=0))
    with monkeypatch.context() as full:
        full.setattr("edge_agent.spool.room._SPARE_PAGES", 100_000)
        spool.append(an_alert("light", severity=Severity.LOW, picture_bytes=0))

    report = center.drain(spool)

    assert report.dropped == (Range(2, 2),)
    assert (report.is_whole, report.last) == (True, 3)


def test_dropped_neighbours_are_one_range_whichever_goes_first(box: Opened) -> None:
    connection = box.again()._connection()
    for seq in (5, 7, 6, 4, 9):
        chain.give_up(connection, chain.Place(seq, f"{seq}"), chain.DISK_FULL, seq % 3)

    rows = connection.execute("SELECT first, last, sha256, low, medium, high FROM gone").fetchall()

    assert rows == [(4, 7, "7", 1, 2, 1), (9, 9, "9", 1, 0, 0)]


def test_ranges_too_many_for_one_record_are_told_in_turn(box: Opened) -> None:
    spool, center = box.again(), box.center()
    for n in range(250):
        spool.append(an_alert(f"v{n}", picture_bytes=0))
    connection = spool._connection()
    for kept in spool.oldest(250)[::2]:
        connection.execute("BEGIN IMMEDIATE")
        chain.drop(connection, kept.number)
        connection.execute("COMMIT")

    report = center.drain(spool)

    assert report.is_whole
    assert center.types.count("dropped") == 16


def test_an_alert_that_the_broker_refused_is_no_gap(box: Opened) -> None:
    spool, center = box.again(), box.center()
    for name in "abc":
        spool.append(an_alert(name))
    spool.park(spool.oldest(3)[1].number, "too large")

    before = center.report(spool)
    report = center.drain(spool)

    assert (before.awaited, before.cut) == ((Range(1, 3),), ())
    assert (report.is_whole, report.dropped) == (True, (Range(2, 2),))


def test_a_refused_record_is_told_again_once_something_gets_through(box: Opened) -> None:
    spool, center = box.again(), box.center()
    for name in "ab":
        spool.append(an_alert(name))
    first, second = spool.oldest(2)
    spool.park(first.number, "too large")
    spool.done([second.number])
    center.take(second.alert.body)
    [record] = spool.oldest(9)
    spool.park(record.number, "Not authorized")
    assert spool.oldest(9) == []

    spool.append(an_alert("c"))
    report = center.drain(spool)

    assert (report.is_whole, report.dropped) == (True, (Range(1, 1), Range(3, 3)))


def test_a_broker_that_refuses_everything_makes_no_records_without_an_end(box: Opened) -> None:
    spool = box.again()
    for n in range(50):
        spool.append(an_alert(f"v{n}", picture_bytes=0))
        for kept in spool.oldest(9):
            spool.park(kept.number, "Not authorized")

    assert spool.state().waiting == 0
    assert spool._connection().execute("SELECT first, last FROM gone").fetchall() == [(1, 50)]


@pytest.mark.parametrize("step", range(1, 30))
def test_a_failure_at_any_write_of_sealing_leaves_no_gap(box: Opened, step: int) -> None:
    """The disk refuses the n-th statement that writes; what was not kept is appended again."""
    spool, center = box.again(), box.center()
    spool.append(an_alert("first", picture_bytes=0))
    spool.append(an_alert("refused", picture_bytes=0))
    spool.park(spool.oldest(2)[1].number, "no")
    writes = 0

    def authorize(action: int, *_: object) -> int:
        nonlocal writes
        is_write = action in {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
        writes += is_write
        return sqlite3.SQLITE_DENY if is_write and writes == step else sqlite3.SQLITE_OK

    spool._connection().set_authorizer(authorize)
    for _ in range(2):
        with suppress(EdgeAgentError):
            spool.append(an_alert("second", picture_bytes=100))
        with suppress(EdgeAgentError):
            batch = spool.oldest(2)
            spool.done([kept.number for kept in batch])
            for kept in batch:
                center.take(kept.alert.body)
    spool._connection().set_authorizer(None)
    for kept in spool.oldest(100):
        center.take(kept.alert.body)

    report = center.drain(box.again())

    assert (report.missing, report.cut, report.forked) == ((), (), ())


def test_nobody_signs_where_nobody_was_given(tmp_path: Path, open_it: Callable[..., Spool]) -> None:
    spool = open_it()
    spool.append(an_alert())

    assert spool.head() == ""
    assert spool.oldest(1)[0].alert == an_alert()
    assert not (tmp_path / "keys").exists()
