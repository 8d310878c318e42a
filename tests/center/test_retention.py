"""What is past its term goes, what somebody holds stays, and nobody takes the one for a theft."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.database import open_database
from edge_agent.center.export import Wanted, json_lines
from edge_agent.center.handling import NEXT_STEPS, change_handling
from edge_agent.center.handling import Wish as Step
from edge_agent.center.key import make_key
from edge_agent.center.retention.deletion import DAY_S, Deletion, Tally
from edge_agent.center.retention.holds import HOLD, RELEASE, Wish, change_hold
from edge_agent.center.retention.letters import letters, merge
from edge_agent.center.retention.options import StoreOptions
from edge_agent.center.service import Service
from edge_agent.center.settings import load_center
from edge_agent.cli.main import main
from edge_agent.contract import Range, Stored
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.stop import Stop
from tests.center.boxes import PICTURE, Sender
from tests.center.desk import Desk
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.center.key import CenterKey

BOTH = StoreOptions(keep_pictures_days=30, keep_alerts_days=90)
PICTURES = StoreOptions(keep_pictures_days=30)


def _delete(desk: Desk, options: StoreOptions = BOTH) -> Tally:
    return Deletion(desk.database, desk.key, desk.clock, options).run_once(Stop())


def _send(desk: Desk, box: Sender, *names: str) -> None:
    for name in names:
        desk.take(box.alert(name, picture=PICTURE), box.picture(name), box.alert(name, 1))


def _close(desk: Desk, box: Sender, *names: str) -> None:
    for name in names:
        for was, becomes in (("new", "acknowledged"), ("acknowledged", "closed")):
            assert becomes in NEXT_STEPS[was]
            whose = {"site": box.box.site, "box": box.box.box, "alert_id": name}
            step = Step(**whose, was=was, becomes=becomes, by_whom="sari")
            assert change_handling(desk.database, step, desk.clock.wall()).result == "done"


def _hold(desk: Desk, box: Sender, name: str, act: str = HOLD, why: str = "court") -> str:
    whose = {"site": box.box.site, "box": box.box.box, "alert_id": name}
    wish = Wish(**whose, act=act, by_whom="sari", why=why)
    return change_hold(desk.database, wish, desk.clock.wall())


def _ids(desk: Desk, table: str = "alerts", column: str = "id") -> list[object]:
    rows = desk.ask(f"SELECT DISTINCT {column} FROM {table} ORDER BY {column}")  # noqa: S608 (our own words)
    return [row[0] for row in rows]


def _verify(
    desk: Desk, folder: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[int, str]:
    file = folder / "export.jsonl"
    file.write_text("".join(f"{line}\n" for line in json_lines(desk.database, Wanted())))
    capsys.readouterr()
    code = main(["verify", "--keys", str(desk.list), *more, str(file)])
    return code, capsys.readouterr().out


def test_everything_is_kept_for_ever_unless_a_term_is_named(desk: Desk, box: Sender) -> None:
    _send(desk, box, "a")
    _close(desk, box, "a")
    desk.clock.advance(9_000 * DAY_S)

    assert _delete(desk, StoreOptions()).is_nothing
    assert _ids(desk) == ["a"]


def test_pictures_go_first_and_their_alerts_later(desk: Desk, box: Sender) -> None:
    _send(desk, box, "old")
    desk.clock.advance(20 * DAY_S)
    _send(desk, box, "new")
    _close(desk, box, "old", "new")
    desk.clock.advance(11 * DAY_S)

    tally = _delete(desk)

    assert (tally.pictures, tally.alerts) == (1, 0)
    assert _ids(desk, "pictures", "alert_id") == ["new"]
    assert _ids(desk) == ["new", "old"]
    desk.clock.advance(60 * DAY_S)
    tally = _delete(desk)
    assert (tally.pictures, tally.alerts, tally.messages) == (1, 1, 2)
    assert _ids(desk) == ["new"]
    assert _ids(desk, "messages", "alert_id") == ["new"]
    assert _ids(desk, "handling", "alert_id") == ["new"]


def test_only_what_somebody_has_closed_goes_unless_told_otherwise(desk: Desk, box: Sender) -> None:
    _send(desk, box, "closed", "open")
    _close(desk, box, "closed")
    desk.clock.advance(91 * DAY_S)

    tally = _delete(desk)

    assert _ids(desk) == ["open"]
    assert tally.not_closed == 1
    anything = StoreOptions(keep_alerts_days=90, only_closed=False)
    assert _delete(desk, anything).alerts == 1
    assert _ids(desk) == []


def test_a_visit_that_goes_on_is_as_young_as_its_last_message(desk: Desk, box: Sender) -> None:
    _send(desk, box, "a")
    desk.clock.advance(80 * DAY_S)
    desk.take(box.alert("a", 2))
    _close(desk, box, "a")
    desk.clock.advance(20 * DAY_S)

    assert _delete(desk, StoreOptions(keep_alerts_days=90)).alerts == 0
    desk.clock.advance(71 * DAY_S)
    assert _delete(desk, StoreOptions(keep_alerts_days=90)).alerts == 1


def test_what_is_held_stays_whole_until_it_is_released(desk: Desk, box: Sender) -> None:
    _send(desk, box, "held", "other")
    _close(desk, box, "held", "other")
    assert _hold(desk, box, "held") == "done"
    assert _hold(desk, box, "held") == "same"
    assert _hold(desk, box, "nothing") == "unknown"
    desk.clock.advance(9_000 * DAY_S)

    tally = _delete(desk)

    assert (tally.alerts, tally.held) == (1, 1)
    for table, column in (("alerts", "id"), ("messages", "alert_id"), ("pictures", "alert_id")):
        assert _ids(desk, table, column) == ["held"]
    assert _hold(desk, box, "held", RELEASE, "case closed") == "done"
    kept = desk.ask("SELECT by_whom, why, released_by, released_why FROM holds")
    assert kept == [("sari", "court", "sari", "case closed")]
    assert _delete(desk).alerts == 1


def test_nobody_holds_without_a_name_and_a_reason(desk: Desk, box: Sender) -> None:
    _send(desk, box, "a")

    for why in ("", " ", "x" * 201):
        with pytest.raises(EdgeAgentError, match="held or released by somebody, for a reason"):
            _hold(desk, box, "a", why=why)


def test_each_run_is_recorded_with_what_it_deleted(desk: Desk, box: Sender) -> None:
    _send(desk, box, *(f"{n}" for n in range(5)))
    _close(desk, box, *(f"{n}" for n in range(5)))
    desk.clock.advance(91 * DAY_S)
    began = desk.clock.wall()

    _delete(desk)
    _delete(desk)

    rows = desk.ask("SELECT at_wall, keep_alerts_days, alerts, pictures, messages FROM deletions")
    assert rows == [(began, 90, 5, 5, 10)]
    assert int(str(desk.ask("SELECT size_bytes FROM deletions")[0][0])) > 5_000


def test_what_no_alert_names_goes_as_well(desk: Desk, box: Sender) -> None:
    desk.take(box.picture("never-came"))
    desk.take(Sender(desk.list.parent, box="stranger").alert("x"))
    desk.clock.advance(91 * DAY_S)

    assert _delete(desk).others == 2
    assert desk.count("held_pictures") == desk.count("quarantine") == 0


def test_verify_says_deleted_and_not_lost(
    desk: Desk, box: Sender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _send(desk, box, *(f"{n}" for n in range(10)))
    desk.take(box.dropped(1, 2))
    _close(desk, box, *(f"{n}" for n in range(9)))
    desk.clock.advance(91 * DAY_S)
    _send(desk, box, "young")
    desk.take(box.status())
    _delete(desk)

    code, told = _verify(desk, tmp_path, capsys, "--center", desk.key.public_base64)

    assert code == 0, told
    assert "5 messages, complete up to 23" in told
    assert "deleted by retention, which the center has signed: 1-18" in told
    assert "missing" not in told
    assert desk.alarms() == set()


def test_verify_without_the_centers_key_says_that_nobody_has_checked_it(
    desk: Desk, box: Sender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _send(desk, box, "a", "b")
    _close(desk, box, "a", "b")
    desk.take(box.status())
    desk.clock.advance(91 * DAY_S)
    _delete(desk)

    code, told = _verify(desk, tmp_path, capsys)

    assert code == 1
    assert "deleted by retention, says a letter that nobody has checked: 1-4" in told
    assert "--center KEY" in told
    assert "missing" not in told


def test_whoever_has_the_database_and_not_the_key_cannot_have_a_theft_explained(
    desk: Desk, box: Sender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_key(tmp_path / "other.pem")
    _send(desk, box, "a", "stolen", "c")
    _close(desk, box, "a")
    desk.take(box.status())
    desk.clock.advance(91 * DAY_S)
    _delete(desk)
    center = ("--center", desk.key.public_base64)

    desk.database.write(lambda t: t.run("DELETE FROM messages WHERE alert_id = 'stolen'"))
    code, told = _verify(desk, tmp_path, capsys, *center)
    assert code == 1
    assert "missing: 3-4" in told

    desk.database.write(lambda t: t.run("DELETE FROM deletion_letters"))
    Deletion(desk.database, other, desk.clock, StoreOptions(keep_alerts_days=1, only_closed=False)
          ).run_once(Stop())  # fmt: skip
    code, told = _verify(desk, tmp_path, capsys, *center)
    assert code == 1
    assert "1 letters about deleted messages that the center did not sign: " in told
    assert "missing" in told


def test_a_deleted_message_that_comes_again_is_confirmed_and_stays_deleted(
    desk: Desk, box: Sender
) -> None:
    _send(desk, box, "a", "b")
    _close(desk, box, "a", "b")
    desk.clock.advance(91 * DAY_S)
    _delete(desk)

    again = desk.take(*(box.signed[seq] for seq in range(1, 5)), box.picture("a"))

    assert again == ([(1, 4)], [(1, 1), (3, 3)])
    assert desk.count("alerts") == desk.count("messages") == desk.count("pictures") == 0
    assert desk.alarms() == set()


def test_a_deleted_picture_that_comes_again_is_confirmed_and_stays_deleted(
    desk: Desk, box: Sender
) -> None:
    _send(desk, box, "a")
    _close(desk, box, "a")
    desk.clock.advance(31 * DAY_S)
    _delete(desk, PICTURES)

    assert desk.take(box.signed[1], box.picture("a")) == ([(1, 1)], [(1, 1)])

    assert desk.count("pictures") == desk.count("held_pictures") == 0


def test_a_forged_message_in_the_place_of_a_deleted_one_is_still_a_fork(
    desk: Desk, box: Sender
) -> None:
    _send(desk, box, "a")
    _close(desk, box, "a")
    desk.clock.advance(91 * DAY_S)
    _delete(desk)
    box.next = type(box.next)(1, "0" * 64)

    assert desk.take(box.alert("another")) == ([], [])

    assert desk.alarms() == {"fork"}


def test_a_year_of_deletions_is_a_few_letters(desk: Desk, box: Sender) -> None:
    for day in range(40):
        _send(desk, box, f"{day}")
        _close(desk, box, f"{day}")
        desk.clock.advance(DAY_S)
        _delete(desk, StoreOptions(keep_alerts_days=1))

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
    assert _delete(desk, anything).alerts == 500
    assert desk.count("deleted") == 2


def test_two_centers_work_at_once_and_delete_each_alert_once(
    desk: Desk, box: Sender, where: str
) -> None:
    desk.take(*(box.alert(f"{n:03}") for n in range(300)))
    anything = StoreOptions(keep_alerts_days=1, only_closed=False)
    desk.clock.advance(3 * DAY_S)
    other = open_database(where)
    counts: list[int] = []

    def delete(database: object) -> None:
        deletion = Deletion(database, desk.key, desk.clock, anything)  # type: ignore[arg-type]  # a Database
        counts.append(deletion.run_once(Stop()).alerts)

    crowd = [threading.Thread(target=delete, args=(one,)) for one in (desk.database, other)]  # noqa: TID251 (two at once)
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
    _delete(desk, StoreOptions(keep_pictures_days=30, only_closed=False))

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
