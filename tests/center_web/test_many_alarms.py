"""More alarms than a page shows: every open one is counted, and the page says that it has an end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_agent.center.post import Box
from edge_agent.center.web.archive import MOST_ALARMS, Archive
from tests.center_web.city import CityBox

if TYPE_CHECKING:
    from edge_agent.center.database import Database
    from tests.fakes.clock import FakeClock
    from tests.peers.browser import Browser

Start = "Callable[..., str]"


def test_alarms_older_than_the_newest_two_hundred_are_counted(
    page: Start, browser: Browser, database: Database, box: CityBox, clock: FakeClock
) -> None:
    box.is_seen(clock.wall())
    box.alarms(clock.wall() - 900, "gap", "numbers 4-7 are missing")
    for number in range(MOST_ALARMS):
        CityBox(database, site="z", name=f"n{number}").alarms(clock.wall(), "silent", "x")
    url = page(language="en")

    browser.open(f"{url}/boxes")
    assert browser.text("td .alarmed") == "1"

    browser.open(f"{url}/alarms")
    told = "Only the newest of these are shown here; the table has all of them. Shown: 200"
    assert told in browser.text("main")


def test_only_what_is_open_and_of_the_boxes_between_is_counted(database: Database) -> None:
    one, two, three = (CityBox(database, name=f"box-{n}") for n in (1, 2, 3))
    one.alarms(1.0, "gap", "x")
    two.alarms(1.0, "gap", "over", until=2.0)
    for kind in ("gap", "silent"):
        two.alarms(2.0, kind, "x")
    three.alarms(1.0, "fork", "x")

    counted = Archive(database).open_alarms(Box(one.site, one.box), Box(two.site, two.box))

    assert counted == {(one.site, one.box): 1, (two.site, two.box): 2}
