"""From page to page of the list, on both engines: every alert is on exactly one."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.database import Database, open_database
from tests.center.conftest import postgres, postgres_url, where
from tests.center_web.city import CityBox
from tests.center_web.test_access import Start, Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.clock import FakeClock

# pytest finds fixtures by the name of the module.
__all__ = ["postgres", "postgres_url", "where"]


@pytest.fixture
def database(where: str) -> Iterator[Database]:
    opened = open_database(where)
    yield opened
    opened.close()


def _pages(url: str, query: str = "/") -> list[list[str]]:
    """Follow the link to older alerts to its end; return what each page shows."""
    visitor, pages, link = Visitor(url), [], query
    while link:
        status, text = visitor.ask(link)
        assert status == 200
        pages.append(re.findall(r'data-key="([^"]+)"', text))
        found = re.search(r'<a href="([^"]+before=[^"]+)"', text)
        link = html.unescape(found[1]) if found else ""
        assert len(pages) < 20
    return pages


def test_no_alert_of_those_that_came_at_once_is_passed_over(
    page: Start, database: Database, box: CityBox, clock: FakeClock
) -> None:
    other = CityBox(database, "plaju-02")
    for number in range(60):
        box.raises(f"{number}", clock.wall())
        other.raises(f"{number}", clock.wall(), severity="high")
    box.raises("x/ä?&", clock.wall() - 0.1)
    url = page()

    every, grave = _pages(url), _pages(url, "/?severity=high")

    assert [len(one) for one in every] == [48, 48, 25]
    assert len({key for one in every for key in one}) == 121
    assert [len(one) for one in grave] == [48, 12]
    assert {key.split("/")[1] for one in grave for key in one} == {"plaju-02"}
