"""The same page and the same couriers on PostgreSQL, which several centers share."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.database import Database, open_database
from edge_agent.center.handling import Wish, change_handling
from edge_agent.center.post import Box
from edge_agent.center.web.archive import MOST_ALARMS, Archive, Filter
from edge_agent.center.web.dossier import open_dossier
from edge_agent.center.webhooks.courier import Courier
from edge_agent.center.webhooks.queue import find, give_up, retry, tidy
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from tests.center.conftest import postgres, postgres_url
from tests.center_web.agency import Agency
from tests.center_web.city import CityBox, a_picture
from tests.center_web.test_webhooks import _webhook
from tests.peers.center import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.clock import FakeClock

# pytest finds fixtures by the name of the module.
__all__ = ["postgres", "postgres_url"]


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    opened = open_database(postgres_url)
    yield opened
    opened.close()


def test_the_page_finds_and_proves_alerts_there(
    database: Database, box: CityBox, clock: FakeClock
) -> None:
    box.is_seen(clock.wall())
    box.alarms(clock.wall(), "gap", "numbers 4-7 are missing")
    box.raises("one", clock.wall(), a_picture(), severity="high")
    box.raises("one", clock.wall() + 1, revision=1, state="end")
    archive = Archive(database)

    wanted = Filter(severity="medium", agency="satpol-pp", handling="new")
    assert [card.told.id for card in archive.newest(wanted)] == ["one"]
    assert archive.newest(Filter(agency="bpbd")) == []
    assert archive.changed(0, Filter())[1] == [f"{box.site}/{box.box}/one"]
    assert archive.counts(clock.wall() + 1) == {"new": 1, "high": 0, "silent": 1, "alarms": 1}
    assert archive.choices()["agency"] == ["satpol-pp"]
    assert [one.box for one in archive.boxes()] == [box.box]
    assert len(archive.alarms(is_open=True)) == 1
    dossier = open_dossier(archive, box.site, box.box, "one")
    assert dossier
    assert dossier.is_sound, [one.checks for one in dossier.revisions]
    assert len(dossier.pictures) == 1


def test_every_open_alarm_of_the_boxes_on_a_page_is_counted(database: Database) -> None:
    one, two, last = (CityBox(database, name=f"box-{n}") for n in (1, 2, 3))
    one.alarms(1.0, "gap", "the oldest of all")
    for kind in ("gap", "silent", "fork"):
        two.alarms(2.0, kind, "x")
    two.alarms(2.0, "gap", "over", until=3.0)
    for n in range(MOST_ALARMS):
        CityBox(database, site="tempat-lain", name=f"n{n}").alarms(4.0, "silent", "x")
    first, end = Box(one.site, one.box), Box(last.site, last.box)

    counted = Archive(database).open_alarms(first, end)

    assert counted == {(one.site, one.box): 1, (two.site, two.box): 3}


def test_of_two_operators_at_two_centers_one_is_told(
    database: Database, postgres_url: str, box: CityBox, clock: FakeClock
) -> None:
    box.raises("one", clock.wall())
    other = open_database(postgres_url)
    outcomes = []

    def press(where: Database, name: str) -> None:
        wish = Wish(
            site=box.site,
            box=box.box,
            alert_id="one",
            was="new",
            becomes="acknowledged",
            by_whom=name,
        )
        outcomes.append(change_handling(where, wish, clock.wall()).result)

    workers = [
        Worker(name, lambda where=where, name=name: press(where, name), on_failure=lambda: None)
        for where, name in ((database, "sari"), (other, "budi"))
    ]
    for worker in workers:
        worker.start()
    assert all(worker.join(10) for worker in workers)
    other.close()

    assert sorted(outcomes) == ["conflict", "done"]
    assert len(Archive(database).steps(box.site, box.box, "one")) == 1


def test_two_centers_bring_each_alert_once(
    database: Database, postgres_url: str, box: CityBox
) -> None:
    other = open_database(postgres_url)
    stop = Stop()
    with Agency(204) as agency:
        webhook = _webhook(agency.url)
        for number in range(30):
            box.raises(f"alert-{number}", box.wall, queued_for=[webhook])
        couriers = [
            Courier(webhook, where, SystemClock(), random.Random(1)) for where in (database, other)
        ]
        workers = [
            Worker(f"courier {number}", lambda one=one: one.run(stop), on_failure=stop.tell)
            for number, one in enumerate(couriers)
        ]
        for worker in workers:
            worker.start()
        until(lambda: len(find(database, "delivered", 50)) == 30, 15)
        stop.tell()
        assert all(worker.join(5) for worker in workers)
    other.close()

    assert len(agency.ids()) == len(set(agency.ids())) == 30
    tidy(database, SystemClock().wall() + 8 * 86_400)
    assert find(database, "delivered", 50) == []
    assert retry(database, None, 0.0) == 0


def test_what_nobody_takes_up_is_given_up_there_too(database: Database, box: CityBox) -> None:
    box.raises("one", box.wall, queued_for=[_webhook("http://127.0.0.1/removed")])

    assert give_up(database, box.wall, box.wall + 9, "nobody") == 0
    assert give_up(database, box.wall + 1, box.wall + 9, "nobody") == 1

    assert [(one.last_error, one.tries) for one in find(database, "dead", 9)] == [("nobody", 0)]
