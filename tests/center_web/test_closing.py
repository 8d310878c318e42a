"""An alarm is closed by a person who is known and says why, on either engine, and it is kept."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.closing import MOST_WHY, close_alarm
from edge_agent.center.export import Wanted, alarm_lines, step_lines
from edge_agent.errors import EdgeAgentError
from tests.center_web.conftest import PASSWORD
from tests.center_web.test_access import Visitor

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.center.database import Database
    from tests.center_web.city import CityBox
    from tests.fakes.clock import FakeClock
    from tests.peers.browser import Browser

Start = "Callable[..., str]"


def _kept(database: Database) -> list[tuple[object, ...]]:
    sql = "SELECT until_wall IS NULL, closed_by, closed_why FROM alarms ORDER BY number"
    return [(bool(is_open), *rest) for is_open, *rest in database.read(lambda t: t.rows(sql))]


def test_a_signed_in_person_closes_an_alarm_with_a_reason_and_it_stays_readable(
    page: Start, browser: Browser, box: CityBox, clock: FakeClock, operators: Path
) -> None:
    box.alarms(clock.wall() - 60, "altered", "a message without a signature")
    browser.open(f"{page(operators_file=operators)}/alarms")
    browser.one("main a[href*=login]").click()
    browser.one("input[name=name]").send_keys("sari")
    browser.one("input[name=password]").send_keys(PASSWORD)
    browser.one(".login-form button").click()

    browser.one("input[name=why]").send_keys("a bridge of ours cut it <b>")
    browser.one(".alarms .do-closed").click()

    browser.until(lambda: "closed by sari" in browser.text("main"), "it is not shown")
    assert "a bridge of ours cut it <b>" in browser.text(".alarms q")
    assert browser.all(".alarms.open form") == []


@pytest.mark.parametrize("why", ["", "  ", "x" * (MOST_WHY + 1), "a\u202eb"])
def test_without_a_reason_of_a_bounded_length_it_stays_open(
    page: Start, database: Database, box: CityBox, clock: FakeClock, operators: Path, why: str
) -> None:
    box.alarms(clock.wall(), "altered", "x")
    visitor = Visitor(page(operators_file=operators))
    visitor.log_in()

    status, told = visitor.ask("/alarms/1", {"why": why, "token": visitor.token("/alarms")})

    assert status == 400
    assert "write down why, in a sentence" in told
    assert _kept(database) == [(True, None, None)]


def test_nobody_else_closes_anything(
    page: Start, database: Database, box: CityBox, clock: FakeClock, operators: Path
) -> None:
    box.alarms(clock.wall(), "altered", "x")
    url = page(operators_file=operators)
    stranger, visitor = Visitor(url), Visitor(url)
    visitor.log_in()
    token = visitor.token("/alarms")

    assert stranger.ask("/alarms/1", {"why": "y", "token": stranger.token()})[0] == 403
    assert visitor.ask("/alarms/1", {"why": "y", "token": "another"})[0] == 403
    for number in (2, 2**70):
        assert visitor.ask(f"/alarms/{number}", {"why": "y", "token": token})[0] == 404
    assert _kept(database) == [(True, None, None)]


def test_the_second_of_two_is_told(
    page: Start, database: Database, box: CityBox, clock: FakeClock, operators: Path
) -> None:
    box.alarms(clock.wall(), "altered", "x")
    visitor = Visitor(page(operators_file=operators))
    visitor.log_in()
    close_alarm(database, 1, by_whom="budi", why="first", now_wall=clock.wall())

    status, told = visitor.ask("/alarms/1", {"why": "second", "token": visitor.token("/alarms")})

    assert status == 409
    assert "it is over already" in told
    assert _kept(database) == [(False, "budi", "first")]


def test_the_history_of_alarms_and_of_handling_is_exported(
    page: Start, database: Database, box: CityBox, clock: FakeClock, operators: Path
) -> None:
    box.raises("one", clock.wall())
    box.alarms(clock.wall(), "altered", "x")
    box.alarms(clock.wall() + 1, "gap", "=1+1", clock.wall() + 2)
    visitor = Visitor(page(operators_file=operators))
    visitor.log_in()
    visitor.ask("/alarms/1", {"why": "a, b", "token": visitor.token("/alarms")})
    path = "/alert/palembang/plaju-01/one"
    step = {"was": "new", "becomes": "acknowledged", "note": "patrol 4"}
    visitor.ask(path, {**step, "token": visitor.token(path)})

    told = list(csv.DictReader(visitor.ask("/export/alarms.csv")[1].splitlines()))

    assert [one["closed_by"] for one in told] == ["sari", ""]
    assert [one["closed_why"] for one in told] == ["a, b", ""]
    assert [one["since"] for one in told] == [
        "2026-11-18T11:06:40.000Z",
        "2026-11-18T11:06:41.000Z",
    ]
    assert told[1]["text"] == "'=1+1"
    (done,) = csv.DictReader(visitor.ask("/export/handling.csv")[1].splitlines())
    assert (done["alert"], done["became"], done["by"], done["note"]) == (
        *("one", "acknowledged", "sari", "patrol 4"),
    )
    later = Wanted(since_wall=clock.wall() + 1)
    assert len(list(alarm_lines(database, later))) == 2
    assert len(list(step_lines(database, later))) == 1


def test_a_command_without_a_name_closes_nothing(database: Database, clock: FakeClock) -> None:
    with pytest.raises(EdgeAgentError, match="closed by somebody, for a reason"):
        close_alarm(database, 1, by_whom=" ", why="because", now_wall=clock.wall())
