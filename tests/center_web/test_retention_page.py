"""What the page says of what was deleted after its term, and how a person keeps an alert beyond it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_agent.center.key import make_key
from edge_agent.center.retention.deletion import DAY_S, Deletion
from edge_agent.center.retention.options import StoreOptions
from edge_agent.runtime.stop import Stop
from tests.center_web.city import a_picture
from tests.center_web.conftest import PASSWORD
from tests.center_web.test_access import Visitor

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.center.database import Database
    from tests.center_web.city import CityBox
    from tests.fakes.clock import FakeClock
    from tests.peers.browser import Browser

Start = "Callable[..., str]"
ALERT = "/alert/palembang/plaju-01/one"


def _delete(database: Database, clock: FakeClock, folder: Path, **terms: int) -> None:
    options = StoreOptions(only_closed=False, **terms)
    Deletion(database, make_key(folder / "center.pem"), clock, options).run_once(Stop())


def _holds(database: Database) -> list[tuple[object, ...]]:
    sql = "SELECT alert_id, by_whom, why, until_wall IS NULL, released_by FROM holds"
    return [tuple(map(str, row)) for row in database.read(lambda t: t.rows(sql))]


def test_a_picture_that_had_its_term_is_said_to_be_deleted_and_not_awaited(
    page: Start,
    browser: Browser,
    database: Database,
    box: CityBox,
    clock: FakeClock,
    tmp_path: Path,
) -> None:
    box.raises("one", clock.wall(), a_picture())
    clock.advance(40 * DAY_S)
    _delete(database, clock, tmp_path, keep_pictures_days=30)

    url = page()
    browser.open(url)
    assert browser.text(".card .none") == "deleted after its term"
    browser.open(url + ALERT)

    assert "deleted after its term" in browser.text(".look")
    assert "✓ verified" in browser.text(".badges")
    assert "picture is the signed one deleted after its term" in browser.text(".checks")


def test_the_neighbours_of_what_was_deleted_say_so(
    page: Start, database: Database, box: CityBox, clock: FakeClock, tmp_path: Path
) -> None:
    box.raises("before", clock.wall())
    clock.advance(40 * DAY_S)
    box.raises("one", clock.wall())
    _delete(database, clock, tmp_path, keep_alerts_days=30)
    visitor = Visitor(page())

    status, told = visitor.ask(ALERT)

    assert status == 200
    assert "deleted after its term" in told
    assert "verified" in told
    assert visitor.ask(ALERT.replace("one", "before"))[0] == 404


def test_a_signed_in_person_holds_and_releases_an_alert_with_a_reason(
    page: Start, browser: Browser, database: Database, box: CityBox, operators: Path
) -> None:
    box.raises("one", box.wall, a_picture())
    url = page(operators_file=operators)
    browser.open(url + ALERT)
    assert browser.all(".hold") == []
    browser.open(f"{url}/login?back={ALERT}")
    browser.one("input[name=name]").send_keys("sari")
    browser.one("input[name=password]").send_keys(PASSWORD)
    browser.one(".login-form button").click()

    browser.one(".hold input[name=why]").send_keys("police report 77")
    browser.one(".do-hold").click()

    browser.until(lambda: "Held as evidence" in browser.text("main"), "it is not held")
    assert "by sari" in browser.text(".hold p")
    assert "police report 77" in browser.text(".hold q")
    browser.one(".hold input[name=why]").send_keys("the case is closed")
    browser.one(".do-release").click()
    browser.until(lambda: "Keep beyond its term" in browser.text("main"), "it is not released")
    assert [(one[1], one[2], one[4]) for one in _holds(database)] == [
        ("sari", "police report 77", "sari")
    ]


def test_nobody_else_holds_anything_and_nobody_without_a_reason(
    page: Start, database: Database, box: CityBox, clock: FakeClock, operators: Path
) -> None:
    box.raises("one", clock.wall())
    url = page(operators_file=operators)
    stranger, visitor = Visitor(url), Visitor(url)
    visitor.log_in()
    token = visitor.token(ALERT)
    form = {"act": "hold", "why": "y", "token": token}

    assert stranger.ask(f"{ALERT}/hold", {**form, "token": stranger.token()})[0] == 403
    assert visitor.ask(f"{ALERT}/hold", {**form, "token": "another"})[0] == 403
    assert visitor.ask(f"{ALERT}/hold", {**form, "act": "burn"})[0] == 403
    assert visitor.ask(f"{ALERT}/hold", {**form, "why": " "})[0] == 400
    assert visitor.ask(f"{ALERT}x/hold", form)[0] == 404
    assert _holds(database) == []
    assert visitor.ask(f"{ALERT}/hold", form)[0] == 303
    assert visitor.ask(f"{ALERT}/hold", form)[0] == 409
    assert len(_holds(database)) == 1
