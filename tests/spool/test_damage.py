"""Cheap cards lie and power goes: a damaged spool is set aside, saved from, and begun anew."""

from __future__ import annotations

import logging
import random
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import Spool, open_spool
from tests.fakes.alerts import an_alert

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("content", [b"garbage" * 3000, bytes(20_000), b"SQLite format 3\0"])
def test_a_file_that_is_no_spool_is_set_aside_with_a_warning(
    content: bytes,
    spool_path: Path,
    open_it: Callable[..., Spool],
    caplog: pytest.LogCaptureFixture,
) -> None:
    spool_path.parent.mkdir()
    spool_path.write_bytes(content)

    with caplog.at_level(logging.WARNING):
        open_it().append(an_alert())

    assert spool_path.with_name("spool.db.corrupt-1").read_bytes() == content
    assert "set aside as spool.db.corrupt-1" in caplog.text


def test_what_can_be_read_of_a_damaged_spool_is_saved(
    spool_path: Path, open_it: Callable[..., Spool]
) -> None:
    spool = open_it()
    alerts = {f"visit-{n}": an_alert(f"visit-{n}") for n in range(100)}
    for alert in alerts.values():
        spool.append(alert)
    spool.close()
    content = bytearray(spool_path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 2 * 4096] = b"\xa5" * (2 * 4096)
    spool_path.write_bytes(content)

    spool = open_it()
    kept = spool.oldest(1000)

    assert spool_path.with_name("spool.db.corrupt-1").exists()
    assert len(kept) >= 90
    assert all(k.alert.body == alerts[k.alert.id].body for k in kept)


def test_only_the_latest_damaged_files_are_kept(
    spool_path: Path, open_it: Callable[..., Spool]
) -> None:
    for _ in range(5):
        open_it().close()
        spool_path.write_bytes(b"garbage" * 1000)
    open_it()

    assert sorted(file.name for file in spool_path.parent.glob("*.corrupt-*")) == [
        "spool.db.corrupt-4",
        "spool.db.corrupt-5",
    ]


def test_power_cut_in_the_middle_of_a_write_keeps_what_was_promised(
    spool: Spool, spool_path: Path, tmp_path: Path
) -> None:
    """Of the sectors of one append any part may have reached the disk; the ones before have."""
    spool._connection().execute("PRAGMA wal_autocheckpoint = 0")
    log = spool_path.with_name("spool.db-wal")
    source = random.Random(7)
    promised: list[str] = []
    before = log.read_bytes()
    for n in range(12):
        spool.append(an_alert(f"visit-{n}"))
        after = log.read_bytes()
        for cut in range(3):
            folder = tmp_path / f"cut-{n}-{cut}"
            folder.mkdir()
            shutil.copy(spool_path, folder / "spool.db")
            (folder / "spool.db-wal").write_bytes(torn(before, after, source))
            survivor = open_spool(folder / "spool.db", SpoolOptions(size_mb=8))
            found = [kept.alert.id for kept in survivor.oldest(100)]
            survivor.close()
            assert found in (promised, [*promised, f"visit-{n}"])
            assert not list(folder.glob("*corrupt*"))
        promised.append(f"visit-{n}")
        before = after


def torn(before: bytes, after: bytes, source: random.Random) -> bytes:
    before = before.ljust(len(after), b"\0")
    sectors = [
        (after if source.random() < 0.7 else before)[start : start + 512]
        for start in range(0, len(after), 512)
    ]
    return b"".join(sectors)


def test_a_first_start_that_was_killed_before_its_end_does_not_keep_the_next_from_starting(
    open_it: Callable[..., Spool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as first:
        first.setattr("edge_agent.spool.rows.free_first_pages", killed)
        with pytest.raises(KeyboardInterrupt):
            open_it()

    spool = open_it()
    spool.append(an_alert("visit-1"))

    assert [kept.alert.id for kept in spool.oldest(10)] == ["visit-1"]
    assert spool.state().dropped_thumbnails == 0


def test_a_sound_file_is_never_set_aside(open_it: Callable[..., Spool], spool_path: Path) -> None:
    for n in range(5):
        open_it().append(an_alert(f"visit-{n}"))

    assert len(open_it().oldest(10)) == 5
    assert not list(spool_path.parent.glob("*corrupt*"))


def test_damage_found_at_work_tells_the_technician_to_restart(
    spool: Spool, spool_path: Path
) -> None:
    connection = spool._connection()
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_master SET rootpage = 9999 WHERE name = 'alerts'")
    connection.execute("PRAGMA writable_schema = RESET")
    other = sqlite3.connect(spool_path)
    other.close()

    with pytest.raises(Exception, match="damaged") as failure:
        spool.append(an_alert())

    assert "restart edge-agent" in failure.value.hint  # type: ignore[attr-defined]  # ours
