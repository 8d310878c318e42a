"""A full spool, or a full disk, costs what matters least, and says so."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from typing import TYPE_CHECKING

import pytest

from edge_agent.contract import Verdict, split, verify_alert
from edge_agent.domain.sighting import Severity
from edge_agent.errors import EdgeAgentError
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.room import Room
from edge_agent.spool.spool import Spool, open_spool
from tests.fakes.alerts import an_alert
from tests.fakes.box import a_seal, public_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MIB = 1_048_576
TURNS = (Severity.LOW, Severity.MEDIUM, Severity.LOW, Severity.HIGH)


def fill(spool: Spool, count: int) -> None:
    for n in range(count):
        spool.append(an_alert(f"visit-{n:04}", severity=TURNS[n % len(TURNS)]))


def pictures(spool: Spool, severity: Severity) -> list[bool]:
    return [
        bool(kept.alert.thumbnail)
        for kept in spool.oldest(10_000)
        if kept.alert.severity is severity
    ]


def test_pictures_of_low_severity_go_first_and_every_alert_stays(spool: Spool) -> None:
    fill(spool, 600)

    state = spool.state()
    assert (state.waiting, state.dropped_alerts) == (600, 0)
    assert all(pictures(spool, Severity.HIGH))
    assert state.dropped_thumbnails == 600 - sum(
        sum(pictures(spool, severity)) for severity in Severity
    )


def test_of_equal_severity_the_oldest_pictures_go_first(spool: Spool) -> None:
    fill(spool, 900)

    kept = pictures(spool, Severity.MEDIUM)

    assert 0 < sum(kept) < len(kept)
    assert kept == sorted(kept)


def test_all_its_files_together_stay_within_the_size(spool: Spool) -> None:
    largest = 0
    for n in range(800):
        spool.append(an_alert(f"visit-{n}", severity=TURNS[n % len(TURNS)]))
        if n % 10 == 0:
            largest = max(largest, spool.state().size_bytes)

    assert largest <= 8 * MIB


def test_when_only_alerts_are_left_the_least_severe_go_and_are_counted(spool: Spool) -> None:
    for n in range(9000):
        spool.append(an_alert(f"visit-{n}", severity=TURNS[n % len(TURNS)], picture_bytes=0))
        if spool.state().dropped_alerts >= 10:
            break

    kept = [k.alert.severity for k in spool.oldest(10_000)]
    assert spool.state().dropped_alerts >= 10
    assert kept.count(Severity.HIGH) == (n + 1) // 4
    assert len(kept) == n + 1 - spool.state().dropped_alerts


def test_a_light_alert_never_pushes_out_a_grave_one(spool: Spool) -> None:
    count = 0
    while not spool.state().dropped_alerts:
        count += 1
        spool.append(an_alert(f"grave-{count}", severity=Severity.HIGH, picture_bytes=0))
    before = [kept.number for kept in spool.oldest(10_000)]

    for _ in range(20):
        spool.append(an_alert("light", severity=Severity.LOW))

    kept = [k.number for k in spool.oldest(10_000) if k.alert.severity is Severity.HIGH]
    assert kept == before


def test_a_light_alert_among_graver_ones_is_the_one_to_go(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    spool.append(an_alert("grave", severity=Severity.HIGH, picture_bytes=0))
    no_room = Room(spool._connection(), growth_pages=-10_000)

    kept = no_room.fit(an_alert("light", severity=Severity.LOW))

    assert kept is None
    assert spool.state().dropped_alerts == 1
    assert "dropped a new alert of low severity" in caplog.text
    assert [kept.alert.id for kept in spool.oldest(10)] == ["grave"]


def test_a_full_disk_with_nothing_left_to_drop_is_the_technician_s(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.spool.room._SPARE_PAGES", 10_000)

    with pytest.raises(EdgeAgentError, match="nothing in the spool is left") as failure:
        spool.append(an_alert(severity=Severity.HIGH))

    assert "df -h" in failure.value.hint
    assert spool.state().waiting == 0


def test_a_disk_found_full_in_mid_write_is_met_by_dropping(
    spool: Spool, spool_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(spool, 100)
    connection = spool._connection()
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(
        f"PRAGMA max_page_count = {pages}"
    )  # SQLite's own "database or disk is full"

    for n in range(100):
        spool.append(an_alert(f"after-{n}", severity=Severity.HIGH))

    assert spool.state().waiting == 200
    assert spool.state().dropped_thumbnails > 0
    assert "living from the reserve" in caplog.text
    assert spool_path.with_name("spool.db.reserve").exists()


def test_a_disk_that_takes_no_writes_is_named(spool: Spool) -> None:
    spool._connection().execute("PRAGMA query_only = ON")

    with pytest.raises(EdgeAgentError, match="cannot use the spool") as failure:
        spool.append(an_alert())

    assert "ls -l" in failure.value.hint


def test_what_was_dropped_is_remembered_over_a_restart(open_it: Callable[..., Spool]) -> None:
    spool = open_it()
    fill(spool, 600)
    before = spool.state().dropped_thumbnails

    spool = open_it()

    assert spool.state().dropped_thumbnails == before > 0


def test_refused_alerts_make_room_before_anything_that_waits(spool: Spool) -> None:
    for n in range(200):
        spool.append(an_alert(f"refused-{n}"))
    for kept in spool.oldest(200):
        spool.park(kept.number, "Not authorized")

    for n in range(200):
        spool.append(an_alert(f"waiting-{n}"))

    assert spool.state().parked < 200
    assert spool.state().dropped_thumbnails == 0


def test_delivering_makes_room_again(spool: Spool) -> None:
    fill(spool, 400)
    dropped = spool.state().dropped_thumbnails
    spool.done([kept.number for kept in spool.oldest(1000)])

    for n in range(100):
        spool.append(an_alert(f"later-{n}", severity=Severity.LOW))

    assert spool.state().dropped_thumbnails == dropped


@pytest.fixture
def small_partition(tmp_path: Path) -> Iterator[Path]:
    """A partition of eight megabytes, to be filled by whoever else writes there."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small partition needs root")
    folder = tmp_path / "partition"
    folder.mkdir()
    command = ["/usr/bin/mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, check=False, capture_output=True)  # noqa: S603 (fixed)
    if mounted.returncode:
        pytest.skip(f"cannot mount here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["/usr/bin/umount", str(folder)], check=True)  # noqa: S603 (fixed)


def fill_partition(folder: Path) -> None:
    """Take every last block, as a log gone wild does."""
    with (folder / "others.log").open("ab", buffering=0) as others:
        try:
            while True:
                others.write(b"x" * 4096)
        except OSError:
            pass
    assert os.statvfs(folder).f_bavail == 0


def sound(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        return bool(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
    finally:
        connection.close()


def test_a_partition_smaller_than_the_spool_loses_pictures_only(small_partition: Path) -> None:
    spool = open_spool(small_partition / "spool.db", SpoolOptions(size_mb=256))

    fill(spool, 600)
    state = spool.state()
    grave = pictures(spool, Severity.HIGH)
    spool.close()

    assert (state.waiting, state.dropped_alerts) == (600, 0)
    assert len(grave) == 150
    assert all(grave)
    assert sound(small_partition / "spool.db")


def test_others_fill_the_partition_while_we_run_and_appends_go_on(small_partition: Path) -> None:
    spool = open_spool(small_partition / "spool.db", SpoolOptions(size_mb=256))
    fill(spool, 100)
    fill_partition(small_partition)

    for n in range(300):
        spool.append(an_alert(f"after-{n}", severity=TURNS[n % len(TURNS)]))
    state = spool.state()
    kept = [k.alert.severity for k in spool.oldest(1000)]
    spool.done([k.number for k in spool.oldest(1000)])
    spool.close()

    assert kept.count(Severity.HIGH) == 25 + 75
    assert state.waiting + state.dropped_alerts == 400
    assert state.dropped_thumbnails > 0
    assert sound(small_partition / "spool.db")


def test_the_agent_starts_on_a_partition_that_others_have_filled(small_partition: Path) -> None:
    path = small_partition / "spool.db"
    spool = open_spool(path, SpoolOptions(size_mb=256))
    fill(spool, 100)
    spool.close()
    fill_partition(small_partition)

    spool = open_spool(path, SpoolOptions(size_mb=256))
    for n in range(50):
        spool.append(an_alert(f"after-{n}", severity=Severity.HIGH))
    waiting = spool.state().waiting
    spool.close()

    assert waiting == 150
    assert sound(path)


def test_others_fill_the_partition_right_after_the_first_start(small_partition: Path) -> None:
    spool = open_spool(small_partition / "spool.db", SpoolOptions(size_mb=256))
    fill_partition(small_partition)

    fill(spool, 200)
    kept = [k.alert.severity for k in spool.oldest(1000)]
    spool.close()

    assert kept.count(Severity.HIGH) == 50
    assert len(kept) == 200


def test_a_first_start_on_a_full_partition_says_so(small_partition: Path) -> None:
    fill_partition(small_partition)

    with pytest.raises(EdgeAgentError, match=r"full|No space") as refusal:
        open_spool(small_partition / "spool.db", SpoolOptions())

    assert "df -h" in refusal.value.hint


def test_the_reserve_is_taken_back_when_the_others_have_gone(small_partition: Path) -> None:
    path = small_partition / "spool.db"
    open_spool(path, SpoolOptions()).close()
    fill_partition(small_partition)
    spool = open_spool(path, SpoolOptions())
    assert not path.with_name("spool.db.reserve").exists()

    (small_partition / "others.log").unlink()
    spool.append(an_alert())
    spool.close()

    assert path.with_name("spool.db.reserve").stat().st_size > MIB


def test_alerts_from_before_signing_are_sealed_on_a_partition_that_others_have_filled(
    small_partition: Path, tmp_path: Path
) -> None:
    path = small_partition / "spool.db"
    spool = open_spool(path, SpoolOptions(size_mb=256))
    fill(spool, 300)
    spool.close()
    fill_partition(small_partition)
    seal = a_seal(tmp_path)

    spool = open_spool(path, SpoolOptions(size_mb=256), seal)
    kept = spool.oldest(1000)
    spool.close()

    assert [verify_alert(*split(k.alert.body), [public_key(seal)]) for k in kept] == (
        [Verdict.GENUINE] * 300
    )
    assert sound(path)
