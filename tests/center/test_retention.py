"""What is past its term goes, what somebody holds stays, and nobody takes the one for a theft."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.database import open_database
from edge_agent.center.key import make_key
from edge_agent.center.retention.deletion import DAY_S, Deletion
from edge_agent.center.retention.holds import RELEASE
from edge_agent.center.retention.letters import letters, merge
from edge_agent.center.retention.options import StoreOptions
from edge_agent.center.service import Service
from edge_agent.center.settings import load_center
from edge_agent.contract import Range, Stored
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.stop import Stop
from tests.center.boxes import PICTURE, Sender
from tests.center.desk import Desk
from tests.center.terms import PICTURES, close, delete, hold, ids, send
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.center.key import CenterKey


def test_everything_is_kept_for_ever_unless_a_term_is_named(desk: Desk, box: Sender) -> None:
    send(desk, box, "a")
    close(desk, box, "a")
    desk.clock.advance(9_000 * DAY_S)

    assert delete(desk, StoreOptions()).is_nothing
    assert ids(desk) == ["a"]


def test_pictures_go_first_and_their_alerts_later(desk: Desk, box: Sender) -> None:
    send(desk, box, "old")
    desk.clock.advance(20 * DAY_S)
    send(desk, box, "new")
    close(desk, box, "old", "new")
    desk.clock.advance(11 * DAY_S)

    tally = delete(desk)

    assert (tally.pictures, tally.alerts) == (1, 0)
    assert ids(desk, "pictures", "alert_id") == ["new"]
    assert ids(desk) == ["new", "old"]
    desk.clock.advance(60 * DAY_S)
    tally = delete(desk)
    assert (tally.pictures, tally.alerts, tally.messages) == (1, 1, 2)
    assert ids(desk) == ["new"]
    assert ids(desk, "messages", "alert_id") == ["new"]
    assert ids(desk, "handling", "alert_id") == ["new"]


def test_only_what_somebody_has_closed_goes_unless_told_otherwise(desk: Desk, box: Sender) -> None:
    send(desk, box, "closed", "open")
    close(desk, box, "closed")
    desk.clock.advance(91 * DAY_S)

    tally = delete(desk)

    assert ids(desk) == ["open"]
    assert tally.not_closed == 1
    anything = StoreOptions(keep_alerts_days=90, only_closed=False)
    assert delete(desk, anything).alerts == 1
    assert ids(desk) == []


def test_a_visit_that_goes_on_is_as_young_as_its_last_message(desk: Desk, box: Sender) -> None:
    send(desk, box, "a")
    desk.clock.advance(80 * DAY_S)
    desk.take(box.alert("a", 2))
    close(desk, box, "a")
    desk.clock.advance(20 * DAY_S)

    assert delete(desk, StoreOptions(keep_alerts_days=90)).alerts == 0
    desk.clock.advance(71 * DAY_S)
    assert delete(desk, StoreOptions(keep_alerts_days=90)).alerts == 1


def test_what_is_held_stays_whole_until_it_is_released(desk: Desk, box: Sender) -> None:
    send(desk, box, "held", "other")
    close(desk, box, "held", "other")
    assert hold(desk, box, "held") == "done"
    assert hold(desk, box, "held") == "same"
    assert hold(desk, box, "nothing") == "unknown"
    desk.clock.advance(9_000 * DAY_S)

    tally = delete(desk)

    assert (tally.alerts, tally.held) == (1, 1)
    for table, column in (("alerts", "id"), ("messages", "alert_id"), ("pictures", "alert_id")):
        assert ids(desk, table, column) == ["held"]
    assert hold(desk, box, "held", RELEASE, "case closed") == "done"
    kept = desk.ask("SELECT by_whom, why, released_by, released_why FROM holds")
    assert kept == [("sari", "court", "sari", "case closed")]
    assert delete(desk).alerts == 1


def test_nobody_holds_without_a_name_and_a_reason(desk: Desk, box: Sender) -> None:
    send(desk, box, "a")

    for why in ("", " ", "x" * 201):
        with pytest.raises(EdgeAgentError, match="held or released by somebody, for a reason"):
            hold(desk, box, "a", why=why)


def test_each_run_is_recorded_with_what_it_deleted(desk: Desk, box: Sender) -> None:
    send(desk, box, *(f"{n}" for n in range(5)))
    close(desk, box, *(f"{n}" for n in range(5)))
    desk.clock.advance(91 * DAY_S)
    began = desk.clock.wall()

    delete(desk)
    delete(desk)

    rows = desk.ask("SELECT at_wall, keep_alerts_days, alerts, pictures, messages FROM deletions")
    assert rows == [(began, 90, 5, 5, 10)]
    assert int(str(desk.ask("SELECT size_bytes FROM deletions")[0][0])) > 5_000


def test_what_no_alert_names_goes_as_well(desk: Desk, box: Sender) -> None:
    desk.take(box.picture("never-came"))
    desk.take(Sender(desk.list.parent, box="stranger").alert("x"))
    desk.clock.advance(91 * DAY_S)

    assert delete(desk).others == 2
    assert desk.count("held_pictures") == desk.count("quarantine") == 0


def test_a_deleted_message_that_comes_again_is_confirmed_and_stays_deleted(
    desk: Desk, box: Sender
) -> None:
    send(desk, box, "a", "b")
    close(desk, box, "a", "b")
    desk.clock.advance(91 * DAY_S)
    delete(desk)

    again = desk.take(*(box.signed[seq] for seq in range(1, 5)), box.picture("a"))

    assert again == ([(1, 4)], [(1, 1), (3, 3)])
    assert desk.count("alerts") == desk.count("messages") == desk.count("pictures") == 0
    assert desk.alarms() == set()


def test_a_deleted_picture_that_comes_again_is_confirmed_and_stays_deleted(
    desk: Desk, box: Sender
) -> None:
    send(desk, box, "a")
    close(desk, box, "a")
    desk.clock.advance(31 * DAY_S)
    delete(desk, PICTURES)

    assert desk.take(box.signed[1], box.picture("a")) == ([(1, 1)], [(1, 1)])

    assert desk.count("pictures") == desk.count("held_pictures") == 0


def test_a_forged_message_in_the_place_of_a_deleted_one_is_still_a_fork(
    desk: Desk, box: Sender
) -> None:
    send(desk, box, "a")
    close(desk, box, "a")
    desk.clock.advance(91 * DAY_S)
    delete(desk)
    box.next = type(box.next)(1, "0" * 64)

    assert desk.take(box.alert("another")) == ([], [])

    assert desk.alarms() == {"fork"}


def test_a_year_of_deletions_is_a_few_letters(desk: Desk, box: Sender) -> None:
    for day in range(40):
        send(desk, box, f"{day}")
        close(desk, box, f"{day}")
        desk.clock.advance(DAY_S)
        delete(desk, StoreOptions(keep_alerts_days=1))

    (told,) = letters(desk.database, site="", box="")
    body = json.loads(told[1].split(b"\n")[0])
    assert [(one["first"], one["last"]) for one in body["deleted"]] == [(1, 78)]
    assert desk.count("deleted") == 1


def test_each_transaction_is_bounded_and_a_stop_ends_it_between_two(
    desk: Desk, box: Sender, tmp_path: Path
) -> None:
    other = Sender(tmp_path, box="plaju-02")
    desk.register(box, other)
    for sender in (box, other):
        desk.take(*(sender.alert(f"{n:03}") for n in range(250)))
    anything = StoreOptions(keep_alerts_days=1, only_closed=False)
    desk.clock.advance(3 * DAY_S)
    stop = Stop()
    stop.tell()

    assert Deletion(desk.database, desk.key, desk.clock, anything).run_once(stop).alerts == 0
    assert delete(desk, anything).alerts == 500
    assert desk.count("deleted") == 2


def test_two_centers_work_at_once_and_delete_each_alert_once(
    desk: Desk, box: Sender, where: str
) -> None:
    desk.take(*(box.alert(f"{n:03}") for n in range(300)))
    anything = StoreOptions(keep_alerts_days=1, only_closed=False)
    desk.clock.advance(3 * DAY_S)
    other = open_database(where)
    counts: list[int] = []

    def work(database: object) -> None:
        deletion = Deletion(database, desk.key, desk.clock, anything)  # type: ignore[arg-type]  # a Database
        counts.append(deletion.run_once(Stop()).alerts)

    crowd = [threading.Thread(target=work, args=(one,)) for one in (desk.database, other)]  # noqa: TID251 (two at once)
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(60)
    other.close()

    assert sum(counts) == 300
    assert desk.ask("SELECT sum(alerts) FROM deletions")[0][0] == 300
    assert desk.ask("SELECT first, last FROM deleted") == [(1, 300)]


def test_sqlite_gives_the_disk_its_room_back(tmp_path: Path, key: CenterKey) -> None:
    """PostgreSQL uses the room again: docs/reference/center.md."""
    database = open_database(str(tmp_path / "center.db"))
    desk, box = Desk(tmp_path, database, key), Sender(tmp_path)
    desk.register(box)
    for n in range(200):
        content = PICTURE + bytes([n]) * 30_000
        desk.take(box.alert(f"{n}", picture=content), box.picture(f"{n}", content))
    desk.clock.advance(31 * DAY_S)

    def content() -> bytes:
        while database.give_back():
            pass
        return b"".join(file.read_bytes() for file in sorted(tmp_path.glob("center.db*")))

    before = len(content())
    delete(desk, StoreOptions(keep_pictures_days=30, only_closed=False))

    after = content()
    database.close()
    assert before > 6_000_000
    assert len(after) < 1_500_000
    assert bytes([7]) * 3_000 not in after, "nor is it to be found in the file"


def test_a_lot_of_room_is_given_back_in_few_steps(tmp_path: Path) -> None:
    """Python's `execute` takes one step of `PRAGMA incremental_vacuum`, and that is one page."""
    database = open_database(str(tmp_path / "center.db"))
    insert = (
        "INSERT INTO pictures (site, box, alert_id, sha256, content, received_wall)"
        " VALUES ('a', 'b', 'c', ?, ?, 1)"
    )
    database.write(lambda t: t.run_each(insert, [(f"{n}", bytes(40_000)) for n in range(200)]))
    database.write(lambda t: t.run("DELETE FROM pictures"))

    steps = 1
    while database.give_back():
        steps += 1
    database.close()

    assert steps < 10
    assert (tmp_path / "center.db").stat().st_size < 500_000


def test_ranges_that_touch_are_one() -> None:
    several = [Stored(Range(*span), f"{span[1]}") for span in ((5, 6), (1, 2), (3, 4), (9, 9))]

    assert [(one.range, one.sha256) for one in merge([*several, several[0]])] == [
        (Range(1, 6), "6"),
        (Range(9, 9), "9"),
    ]


@pytest.mark.parametrize("term", ["", "keep_pictures_days = 30"])
def test_a_running_center_deletes_only_where_a_term_is_named(tmp_path: Path, term: str) -> None:
    (tmp_path / "boxes").touch()
    make_key(tmp_path / "center.pem")
    (tmp_path / "center.toml").write_text(
        f'database = "c.db"\n[broker]\nurl = "mqtt://127.0.0.1:1"\ninsecure = true\n'
        f'[web]\nlisten = ""\n[store]\n{term}\n'
    )
    stop = Stop()
    service = Service(load_center(tmp_path), FakeClock(), stop)
    stop.tell()

    assert service.run() == 0
    assert ("retention" in service._parts()) is bool(term)
