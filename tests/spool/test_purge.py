"""What the center has purged is gone from the disk, and its chain is whole all the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edge_agent.contract import Range, read_body, split
from tests.fakes.alerts import an_alert
from tests.spool.sealed import Opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_agent.domain.alert import Alert

# 2026-11-18T11:03:00Z
_WALL_11_03 = 1_794_999_780.0


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Opened]:
    box = Opened(tmp_path)
    yield box
    box.close()


def at(minute: int, name: str = "") -> Alert:
    alert = an_alert(name or f"visit-{minute}")
    told = json.loads(alert.body) | {"time": f"2026-11-18T11:{minute:02}:00.000Z"}
    return type(alert)(
        id=alert.id,
        revision=0,
        camera="gate",
        severity=alert.severity,
        body=json.dumps(told, separators=(",", ":")).encode(),
        thumbnail=alert.thumbnail,
    )


def test_a_purge_is_told_and_leaves_no_gap(box: Opened) -> None:
    spool, center = box.again(), box.center()
    for minute in range(5):
        spool.append(at(minute))

    count = spool.purge(pictures_only=False, before_wall=None)

    report = center.drain(spool)
    assert count == 5
    assert report.is_whole
    assert report.dropped == (Range(1, 5),)
    assert center.types == ["dropped"]


def test_only_what_is_older_goes(box: Opened) -> None:
    spool, center = box.again(), box.center()
    for minute in range(6):
        spool.append(at(minute))

    count = spool.purge(pictures_only=False, before_wall=_WALL_11_03)

    waiting = [read_body(split(one.alert.body)[0]) for one in spool.oldest(10)]
    assert count == 3
    assert [one.type for one in waiting if one] == ["intrusion"] * 3 + ["dropped"]
    assert center.drain(spool).is_whole


def test_pictures_go_alone_and_are_no_gap(box: Opened) -> None:
    spool, center = box.again(), box.center()
    for minute in range(3):
        spool.append(at(minute))

    count = spool.purge(pictures_only=True, before_wall=None)

    assert count == 3
    assert [one.alert.thumbnail for one in spool.oldest(9)] == [b""] * 3
    report = center.drain(spool)
    assert report.is_whole
    assert report.dropped == ()


def test_what_the_broker_refused_goes_too_and_no_record_does(box: Opened) -> None:
    spool, center = box.again(), box.center()
    for minute in range(3):
        spool.append(at(minute))
    spool.park(spool.oldest(1)[0].number, "no")

    count = spool.purge(pictures_only=False, before_wall=None)
    again = spool.purge(pictures_only=False, before_wall=None)

    assert (count, again) == (3, 0)
    assert spool.state().parked == 0
    assert center.drain(spool).is_whole


def test_nothing_of_it_is_on_the_disk_any_more(box: Opened) -> None:
    spool = box.again()
    for number in range(40):
        spool.append(at(1, f"a-rare-word-{number}"))
    aside = box.path.with_name(f"{box.path.name}.corrupt-1")
    aside.write_bytes(b"a-rare-word")

    spool.purge(pictures_only=False, before_wall=None)

    assert b"a-rare-word" not in box.path.read_bytes()
    assert not aside.exists()


def test_a_large_purge_goes_in_batches_and_is_whole(box: Opened) -> None:
    spool, center = box.again(), box.center()
    for minute in range(450):
        spool.append(at(minute % 60, f"v{minute}"))

    count = spool.purge(pictures_only=False, before_wall=None)

    assert count == 450 - spool.state().dropped_alerts
    assert center.drain(spool).is_whole
