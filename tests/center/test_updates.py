"""A box that goes back from a new version raises an alarm, until a later one stays; on both engines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.alarm_texts import read_said, say
from edge_agent.center.closing import close_alarm
from edge_agent.domain.update import Phase

if TYPE_CHECKING:
    from tests.center.boxes import Sender
    from tests.center.desk import Desk

_AGENT, _MODEL = "rolled_back", "model_rolled_back"


def test_a_version_that_a_box_went_back_from_is_alarmed_until_a_later_one_stays(
    desk: Desk, box: Sender
) -> None:
    desk.take(box.updated())
    assert desk.alarms() == {_AGENT}
    (told,) = desk.ask("SELECT text, said_json FROM alarms")
    text = "new version 0.2.0+deb12 did not do, 0.1.0+deb12 is back: the broker is not reached"
    assert told[0] == text
    indonesian = say(read_said(json.loads(str(told[1]))), "id", str)
    assert indonesian == (
        "versi baru 0.2.0+deb12 tidak berhasil, 0.1.0+deb12 dipakai lagi: broker tidak terjangkau"
    )

    desk.take(box.alert(), box.health())
    assert desk.alarms() == {_AGENT}

    desk.take(box.updated(Phase.KEPT, "0.2.1+deb12"))
    assert desk.alarms() == set()
    assert desk.ask("SELECT closed_by FROM alarms") == [(None,)]


def test_one_that_cannot_be_put_back_says_so(desk: Desk, box: Sender) -> None:
    desk.take(box.updated(Phase.STUCK))

    assert desk.alarms() == {_AGENT}
    (told,) = desk.ask("SELECT text FROM alarms")
    assert "and 0.1.0+deb12 could not be put back" in str(told[0])


def test_agent_and_model_are_two_alarms_and_each_ends_by_its_own(desk: Desk, box: Sender) -> None:
    desk.take(box.updated(part="agent"), box.updated(part="model", new="street-1.1.0"))
    assert desk.alarms() == {_AGENT, _MODEL}

    desk.take(box.updated(Phase.KEPT, "street-1.2.0", part="model"))
    assert desk.alarms() == {_AGENT}

    desk.take(box.updated(Phase.KEPT, part=None))
    assert desk.alarms() == set()


def test_records_out_of_order_come_to_the_same(desk: Desk, box: Sender) -> None:
    gone, kept = box.updated(), box.updated(Phase.KEPT, "0.2.1+deb12")
    again = box.updated(new="0.2.2+deb12")
    model = box.updated(Phase.KEPT, "street-1.1.0", part="model")

    desk.take(kept)
    desk.take(gone)
    assert desk.alarms() == set()

    desk.take(again, model)
    desk.take(kept, gone)
    assert desk.alarms() == {_AGENT}


def test_what_a_person_has_closed_stays_closed_until_it_happens_anew(
    desk: Desk, box: Sender
) -> None:
    record = box.updated()
    desk.take(record)
    close_alarm(desk.database, 1, by_whom="sari", why="reported to the maker", now_wall=1.0)

    # The box sends again what it does not know to be stored; health says it every minute.
    desk.take(record, box.health())
    assert desk.alarms() == set()

    desk.take(box.updated(new="0.2.1+deb12"))
    assert desk.alarms() == {_AGENT}


@pytest.mark.parametrize(
    "members",
    [
        {"part": "firmware"},
        {"part": 5},
        {"result": "halfway"},
        {"result": ["kept"]},
        {"result": None},
    ],
)
def test_what_only_a_later_center_knows_raises_nothing(
    desk: Desk, box: Sender, members: dict[str, object]
) -> None:
    assert desk.take(box.updated(**members)) == ([(1, 1)], [])

    assert desk.alarms() == set()


@pytest.mark.parametrize("why", [None, 7, "", "x" * 5_000, "a\n\x1b[2Jb\u202e", {"a": 1}])
def test_whatever_a_box_says_of_why_is_one_short_line(desk: Desk, box: Sender, why: object) -> None:
    desk.take(box.updated(why=why, old=why))

    assert desk.alarms() == {_AGENT}
    ((told,),) = desk.ask("SELECT text FROM alarms")
    assert str(told).isprintable()
    assert len(str(told)) < 450
