"""What becomes of the chain when a spool is old, damaged or put back, and when the key changes."""

from __future__ import annotations

import random
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from edge_agent.alerts.box_key import prepare_rotation
from edge_agent.alerts.position import STEP, Position
from edge_agent.contract import Chain, Range, Receipt, Stored
from edge_agent.errors import EdgeAgentError
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.fakes.alerts import an_alert
from tests.fakes.box import BOX, SITE, public_key
from tests.spool.sealed import Opened, seqs
from tests.spool.test_damage import torn

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.alerts.seal import Seal
    from edge_agent.spool.spool import Spool


def test_alerts_of_an_older_edge_agent_are_sealed_in_their_order(box: Opened) -> None:
    spool = box.again(is_sealed=False)
    for n in range(250):
        spool.append(an_alert(f"old-{n}", picture_bytes=10))
    as_version_one(spool._connection())
    spool = box.again()
    spool.append(an_alert("new"))
    center = box.center()

    kept = spool.oldest(1000)
    report = center.drain(spool)

    assert [one.alert.id for one in kept] == [f"old-{n}" for n in range(250)] + ["new"]
    assert seqs(kept) == list(range(1, 252))
    assert report.is_whole


def as_version_one(connection: sqlite3.Connection) -> None:
    """Make the file what edge-agent wrote before alerts were signed."""
    connection.executescript(
        "BEGIN; DROP INDEX alerts_by_seq; ALTER TABLE alerts DROP COLUMN seq; ALTER TABLE alerts DROP COLUMN sha256;"
        "ALTER TABLE parked DROP COLUMN seq; ALTER TABLE parked DROP COLUMN sha256;"
        "DROP TABLE chain; DROP TABLE gone; PRAGMA user_version = 1; COMMIT;"
    )


def test_alerts_that_waited_for_the_broker_alone_are_found_by_their_number(box: Opened) -> None:
    spool = box.again()
    spool.append(an_alert("old", picture_bytes=0))
    sha256 = chain_hash(spool)
    spool._connection().executescript("DROP INDEX alerts_by_seq; PRAGMA user_version = 2;")

    spool = box.again()

    receipt = Receipt(site="", box="", time="", kid="", stored=(Stored(Range(1, 1), sha256),))
    assert spool.confirm(receipt, ()).gone == {1}
    index = "SELECT 1 FROM sqlite_master WHERE name = 'alerts_by_seq'"
    assert spool._connection().execute(index).fetchone()


def chain_hash(spool: Spool) -> str:
    return str(spool._connection().execute("SELECT prev FROM chain").fetchone()[0])


def test_a_damaged_spool_goes_on_after_every_number_that_was_used_and_says_so(
    box: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    spool, center = box.again(), box.center()
    for n in range(5):
        spool.append(an_alert(f"v{n}"))
    report = center.drain(spool)
    assert report.is_whole
    box.close()
    box.path.write_bytes(b"garbage" * 3000)

    spool = box.again()
    spool.append(an_alert("after"))
    report = center.drain(spool)

    assert [(one.seq, one.unknown) for one in report.restarts] == [(STEP + 1, Range(1, STEP))]
    assert (report.missing, report.forked, report.last) == ((), (), STEP + 2)
    assert "has lost its place in its chain" in caplog.text


def test_what_is_saved_of_a_damaged_spool_keeps_its_numbers(box: Opened) -> None:
    spool = box.again()
    for n in range(100):
        spool.append(an_alert(f"v{n}"))
    spool.park(spool.oldest(1)[0].number, "no")
    box.close()
    content = bytearray(box.path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 2 * 4096] = b"\xa5" * (2 * 4096)
    box.path.write_bytes(content)
    center = box.center()

    spool = box.again()
    report = center.drain(spool)

    assert box.path.with_name("spool.db.corrupt-1").exists()
    assert report.restarts[0].seq == 2 * STEP + 1
    assert report.dropped == (Range(1, 1),)
    assert (report.forked, report.messages > 90) == ((), True)


def test_a_saved_alert_whose_hash_is_damaged_is_not_sealed_twice(box: Opened) -> None:
    spool = box.again()
    for n in range(5):
        spool.append(an_alert(f"v{n}", picture_bytes=0))
    connection = spool._connection()
    connection.execute("UPDATE alerts SET sha256 = CAST(x'ff' AS TEXT) WHERE seq = 3")
    [root] = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'parked'"
    ).fetchone()
    box.close()
    content = bytearray(box.path.read_bytes())
    content[(root - 1) * 4096 : root * 4096] = b"\xa5" * 4096
    box.path.write_bytes(content)
    center = box.center()

    spool = box.again()
    kept = spool.oldest(10)

    assert seqs(kept) == [1, 2, 3, 4, 5, STEP + 1]
    assert all(one.alert.body.count(b"\n") == 1 for one in kept)
    assert (center.drain(spool).forked, center.drain(spool).missing) == ((), ())


def test_an_old_copy_of_the_spool_does_not_use_numbers_twice(box: Opened) -> None:
    box.again().append(an_alert("first"))
    box.close()
    copy = box.path.read_bytes()
    spool, center = box.again(), box.center()
    for n in range(100):
        spool.append(an_alert(f"v{n}", picture_bytes=0))
    center.drain(spool)
    box.close()
    box.path.write_bytes(copy)

    report = center.drain(box.again())

    assert [one.seq for one in report.restarts] == [2 * STEP + 1]
    assert report.forked == ()


def test_a_copy_that_lacks_one_alert_is_noticed(box: Opened) -> None:
    spool = box.again()
    spool.append(an_alert("first"))
    box.close()
    copy = box.path.read_bytes()
    spool, center = box.again(), box.center()
    spool.append(an_alert("second"))
    center.drain(spool)
    box.close()
    box.path.write_bytes(copy)

    spool = box.again()
    spool.append(an_alert("third"))
    report = center.drain(spool)

    assert [one.seq for one in report.restarts] == [STEP + 1]
    assert report.forked == ()


def test_a_key_without_its_memory_and_without_its_spool_begins_by_the_clock(box: Opened) -> None:
    spool, center = box.again(), box.center()
    spool.append(an_alert())
    center.drain(spool)
    box.close()
    box.path.unlink()
    (box.folder / "keys" / "position").write_bytes(b"")

    report = center.drain(box.again())

    assert [one.seq for one in report.restarts] == [1_795_000_001]


def test_a_key_without_its_memory_goes_on_where_the_spool_is(box: Opened) -> None:
    spool, center = box.again(), box.center()
    spool.append(an_alert())
    box.close()
    (box.folder / "keys" / "position").unlink()

    spool = box.again()
    spool.append(an_alert())

    assert center.drain(spool).is_whole


def test_a_rotated_key_is_named_by_the_old_one_and_signs_from_then_on(box: Opened) -> None:
    spool, center = box.again(), box.center()
    spool.append(an_alert("before"))
    old, new = prepare_rotation(box.folder / "keys", is_lost=False)
    spool.append(an_alert("still before"))

    spool = box.again()
    spool.append(an_alert("after"))
    report = center.drain(spool)

    assert old
    assert center.types == ["intrusion", "intrusion", "key_rotated", "intrusion"]
    assert report.is_whole
    assert box.seal().kid == new.kid


def test_a_refused_record_of_a_new_key_is_offered_again_when_something_gets_through(
    box: Opened,
) -> None:
    center = box.center()
    prepare_rotation(box.folder / "keys", is_lost=False)
    spool = box.again()
    spool.park(spool.oldest(1)[0].number, "Not authorized")
    assert spool.oldest(9) == []

    spool.append(an_alert())
    report = center.drain(spool)

    assert report.is_whole
    assert center.types[:2] == ["intrusion", "key_rotated"]


def test_no_number_of_refused_alerts_pushes_out_the_record_of_a_new_key(
    box: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it the center could believe nothing that the box says from then on."""
    monkeypatch.setattr("edge_agent.spool.rows.MOST_PARKED", 5)
    center = box.center()
    prepare_rotation(box.folder / "keys", is_lost=False)
    spool = box.again()
    for n in range(20):
        spool.append(an_alert(f"v{n}", picture_bytes=0))
    for kept in spool.oldest(100):
        spool.park(kept.number, "Not authorized")
    assert spool.state().parked == 5

    spool.append(an_alert("heard"))
    report = center.drain(spool)

    assert report.is_whole, report
    assert "key_rotated" in center.types


def test_a_record_refused_twice_does_not_hide_what_is_being_told_beside_it(box: Opened) -> None:
    center = box.center()
    prepare_rotation(box.folder / "keys", is_lost=False)
    spool = box.again()
    for name in "ab":
        spool.append(an_alert(name))
    for kept in spool.oldest(9):
        spool.park(kept.number, "Not authorized")
    spool.append(an_alert("heard"))
    [heard] = spool.oldest(9)
    center.take(heard.alert.body)
    spool.done([heard.number])
    for kept in spool.oldest(9):  # the new key, and what tells of it and of both alerts
        spool.park(kept.number, "Not authorized")

    spool.append(an_alert("heard again"))
    report = center.drain(spool)

    assert report.is_whole, report
    assert report.dropped == (Range(2, 3), Range(5, 5))  # the new key arrived after all


def test_power_cut_between_announcing_a_key_and_using_it_announces_it_once(box: Opened) -> None:
    spool, center = box.again(), box.center()
    prepare_rotation(box.folder / "keys", is_lost=False)
    box.close()
    spool = open_spool(box.path, SpoolOptions(size_mb=8), NeverFinishes(box.seal()))
    spool.close()

    spool = box.again()
    spool.append(an_alert("after"))

    assert center.drain(spool).is_whole
    assert center.types == ["key_rotated", "intrusion"]


def test_an_old_copy_put_back_after_that_power_cut_is_told_by_the_new_key(box: Opened) -> None:
    """By the old one it would look as if somebody had stolen that."""
    box.again()
    prepare_rotation(box.folder / "keys", is_lost=False)
    box.close()
    open_spool(box.path, SpoolOptions(size_mb=8), NeverFinishes(box.seal())).close()
    Position(box.folder / "keys" / "position").cover(1000)
    center = box.center()

    spool = box.again()
    spool.append(an_alert("after"))
    report = center.drain(spool)

    assert [one.unknown for one in report.restarts] == [Range(2, 1063)]
    assert report.retired == ()


class NeverFinishes:
    """The seal of a box whose power goes before the new key is in place."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def __getattr__(self, name: str) -> object:
        return getattr(self._seal, name)

    def finish_rotation(self) -> None:
        return


def test_another_key_in_the_place_of_ours_is_refused(box: Opened) -> None:
    box.again().append(an_alert())
    box.close()
    (box.folder / "keys" / "box.pem").unlink()
    (box.folder / "keys" / "position").unlink()

    with pytest.raises(EdgeAgentError, match="but its key is") as refusal:
        box.again()

    assert "rotate --lost" in refusal.value.hint


def test_a_lost_key_is_followed_by_one_that_the_center_must_be_told(box: Opened) -> None:
    spool, center = box.again(), box.center()
    spool.append(an_alert("before"))
    box.close()
    (box.folder / "keys" / "box.pem").write_bytes(b"rotten")
    _, new = prepare_rotation(box.folder / "keys", is_lost=True)

    spool = box.again()
    spool.append(an_alert("after"))
    trusting = Chain(SITE, BOX, [public_key(box.seal()), *center.chain._keys.values()])
    for kept in spool.oldest(9):
        center.chain.take(kept.alert.body)
        trusting.take(kept.alert.body)

    assert center.chain.report().unknown_keys == (new.kid,)
    assert trusting.report().is_whole


def test_power_cut_in_the_middle_of_sealing_leaves_no_gap_and_no_number_twice(
    box: Opened, tmp_path: Path
) -> None:
    """Of the sectors of one append any part may have reached the disk; the position always has."""
    spool, center = box.again(), box.center()
    spool._connection().execute("PRAGMA wal_autocheckpoint = 0")
    log, source = box.path.with_name("spool.db-wal"), random.Random(11)
    before, position = log.read_bytes(), box.folder / "keys" / "position"
    for n in range(12):
        # How far the spool has come is noted after the commit only.
        kept_before = position.read_bytes()[1024:]
        spool.append(an_alert(f"visit-{n}", picture_bytes=500))
        after = log.read_bytes()
        survivor = Opened(tmp_path / f"cut-{n}")
        shutil.copytree(box.folder / "keys", survivor.folder / "keys")
        (survivor.folder / "keys" / "position").write_bytes(
            position.read_bytes()[:1024] + kept_before
        )
        shutil.copy(box.path, survivor.path)
        survivor.path.with_name(log.name).write_bytes(torn(before, after, source))
        again = survivor.again()
        again.append(an_alert("after", picture_bytes=0))
        kept = again.oldest(100)
        survivor.close()
        before = after

        assert seqs(kept) == list(range(1, len(kept) + 1))
        assert len(kept) in {n + 1, n + 2}
        report = survivor.center().take_all(kept)
        assert (report.missing, report.forked, report.restarts) == ((), (), ())
    assert center.drain(spool).is_whole
