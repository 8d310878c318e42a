"""A spool is a list of alerts on disk: first in, first out, also over a restart."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge_agent.domain.sighting import Severity
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.worker import Worker
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import Spool, open_spool
from tests.fakes.alerts import an_alert

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.domain.alert import Alert


def test_an_alert_comes_back_byte_for_byte(spool: Spool) -> None:
    alert = an_alert("visit-1", severity=Severity.HIGH)

    spool.append(alert)

    assert [kept.alert for kept in spool.oldest(10)] == [alert]


def test_an_alert_without_a_picture_comes_back_without_one(spool: Spool) -> None:
    spool.append(an_alert(picture_bytes=0))

    assert spool.oldest(1)[0].alert.thumbnail == b""


def test_the_publisher_reads_on_after_what_is_under_way(spool: Spool) -> None:
    for name in "abcd":
        spool.append(an_alert(name))
    first = spool.oldest(2)

    following = spool.oldest(2, after=first[-1].number)

    assert [kept.alert.id for kept in first + following] == ["a", "b", "c", "d"]


def test_a_number_is_not_used_twice_even_after_everything_was_delivered(
    open_it: Callable[..., Spool],
) -> None:
    spool = open_it()
    spool.append(an_alert("first"))
    number = spool.oldest(1)[0].number
    spool.done([number])

    spool = open_it()
    spool.append(an_alert("second"))

    assert spool.oldest(1)[0].number > number


def test_a_refused_alert_is_kept_but_not_offered_again(spool: Spool) -> None:
    spool.append(an_alert("refused"))
    spool.append(an_alert("next"))

    spool.park(spool.oldest(1)[0].number, "Not authorized")

    assert [kept.alert.id for kept in spool.oldest(10)] == ["next"]
    assert (spool.state().parked, spool.state().waiting) == (1, 1)


def test_refused_alerts_do_not_fill_the_disk(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.spool.rows.MOST_PARKED", 3)
    for name in "abcde":
        spool.append(an_alert(name, picture_bytes=0))

    for kept in spool.oldest(5):
        spool.park(kept.number, "Not authorized")

    assert (spool.state().parked, spool.state().dropped_alerts) == (3, 2)


def test_cameras_append_at_the_same_time_and_nothing_gets_lost(spool: Spool) -> None:
    def watch(camera: str) -> None:
        for count in range(25):
            spool.append(an_alert(f"{camera}-{count}", camera=camera))

    watchers = [
        Worker(camera, lambda camera=camera: watch(camera), on_failure=lambda: None)
        for camera in ("gate", "yard", "market", "bridge")
    ]
    for watcher in watchers:
        watcher.start()
    taken: list[str] = []
    while any(watcher.is_alive for watcher in watchers):
        batch = spool.oldest(20)
        taken += [kept.alert.id for kept in batch]
        spool.done([kept.number for kept in batch])
    taken += [kept.alert.id for kept in spool.oldest(1000)]

    assert [watcher.failure for watcher in watchers] == [None] * 4
    assert len(taken) == len(set(taken)) == 100
    for camera in ("gate", "yard", "market", "bridge"):
        assert [t for t in taken if t.startswith(camera)] == [f"{camera}-{n}" for n in range(25)]


def test_every_thread_waits_for_the_disk(spool: Spool) -> None:
    answers: list[tuple[int, str]] = []

    def ask() -> None:
        connection = spool._connection()
        answers.append(
            (
                connection.execute("PRAGMA synchronous").fetchone()[0],
                connection.execute("PRAGMA journal_mode").fetchone()[0],
            )
        )

    ask()
    other = Worker("other", ask, on_failure=lambda: None)
    other.start()
    assert other.join(5)

    full = 2
    assert answers == [(full, "wal")] * 2


def test_others_on_the_box_cannot_read_the_alerts(spool: Spool, spool_path: Path) -> None:
    spool.append(an_alert())

    modes = {file.name: file.stat().st_mode & 0o077 for file in spool_path.parent.iterdir()}

    assert modes["spool.db"] == modes["spool.db-wal"] == 0


@pytest.mark.usefixtures("spool")
def test_a_second_agent_on_the_same_spool_is_told_off(spool_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match="another edge-agent") as refusal:
        open_spool(spool_path, SpoolOptions())

    assert "systemctl stop" in refusal.value.hint


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(EdgeAgentError, match="folder") as refusal:
        open_spool(tmp_path / "file" / "spool.db", SpoolOptions())

    assert refusal.value.hint


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "spool.db").mkdir()

    with pytest.raises(EdgeAgentError) as refusal:
        open_spool(tmp_path / "spool.db", SpoolOptions())

    assert refusal.value.hint


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE photos (name TEXT)")
    other.commit()
    other.close()

    with pytest.raises(EdgeAgentError, match="another program"):
        open_spool(path, SpoolOptions())

    assert not list(tmp_path.glob("*corrupt*"))


def test_a_spool_of_a_newer_format_is_left_alone(open_it: Callable[..., Spool]) -> None:
    spool = open_it()
    spool._connection().execute("PRAGMA user_version = 99")

    with pytest.raises(EdgeAgentError, match="format 99") as refusal:
        open_it()

    assert refusal.value.hint


def test_a_spool_too_small_to_work_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match="too small") as refusal:
        open_spool(tmp_path / "spool.db", SpoolOptions(size_mb=1))

    assert "8 or more" in refusal.value.hint


def test_every_start_has_a_greater_number_also_where_the_clock_begins_in_1970(
    open_it: Callable[..., Spool],
) -> None:
    clocks = [0.0, 5.0, 5.9, 1_795_000_000.7, 3.0, 1_795_000_000.7]

    sessions = [open_it().begin_session(now_wall) for now_wall in clocks]

    assert sessions == [1, 5, 6, 1_795_000_000, 1_795_000_001, 1_795_000_002]


def test_a_new_disk_does_not_make_the_box_look_old(
    open_it: Callable[..., Spool], tmp_path: Path
) -> None:
    before = open_it().begin_session(1_795_000_000.0)

    with closing(open_spool(tmp_path / "new disk.db", SpoolOptions(size_mb=8))) as fresh:
        after = fresh.begin_session(1_795_000_060.0)

    assert after > before


class SpoolIsAList(RuleBasedStateMachine):
    """Whatever is appended, delivered and reopened: the spool holds what a list would hold."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.spool = open_spool(self.folder / "spool.db", SpoolOptions(size_mb=8))
        self.list: list[Alert] = []
        self.count = 0

    @rule(severity=st.sampled_from(Severity), size=st.sampled_from([0, 1, 4000, 25_000]))
    def append(self, severity: Severity, size: int) -> None:
        self.count += 1
        alert = an_alert(f"visit-{self.count}", severity=severity, picture_bytes=size)
        self.spool.append(alert)
        self.list.append(alert)

    @rule(skip=st.integers(0, 3), many=st.integers(1, 4))
    def deliver(self, skip: int, many: int) -> None:
        batch = self.spool.oldest(skip + many)[skip:]
        self.spool.done([kept.number for kept in batch])
        del self.list[skip : skip + many]

    @rule()
    def refuse(self) -> None:
        for kept in self.spool.oldest(1):
            self.spool.park(kept.number, "no")
        del self.list[:1]

    @rule()
    def restart(self) -> None:
        self.spool.close()
        self.spool = open_spool(self.folder / "spool.db", SpoolOptions(size_mb=8))

    @invariant()
    def same(self) -> None:
        kept = self.spool.oldest(1000)
        assert [k.alert for k in kept] == self.list
        assert [k.number for k in kept] == sorted({k.number for k in kept})
        assert self.spool.state().waiting == len(self.list)

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.folder)


TestSpoolIsAList = SpoolIsAList.TestCase
TestSpoolIsAList.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
