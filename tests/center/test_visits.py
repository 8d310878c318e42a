"""Visits that a power cut or a kill has ended, in whichever order their words come; on both engines."""

from __future__ import annotations

import json
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.post import Arrival

if TYPE_CHECKING:
    from edge_agent.center.database import Transaction
    from tests.center.boxes import Sender
    from tests.center.desk import Desk

# Of one boot, where only the agent was killed.
KILLED = ({"boot": "one", "mono_ms": 900_000}, {"boot": "one", "mono_ms": 900_200})
CUT = ({"boot": "one", "mono_ms": 900_000}, {"boot": "two", "mono_ms": 40_000})
HOW = pytest.mark.parametrize(("before", "after"), [KILLED, CUT], ids=["a kill", "a power cut"])
Clock = "dict[str, object]"


def _forget(transaction: Transaction) -> None:
    for table in ("messages", "alerts", "hashes", "missing"):
        transaction.run(f"DELETE FROM {table}")  # noqa: S608 (our own words)
    transaction.run(
        "UPDATE boxes SET session = 0, health_json = NULL, last_seq = 0, whole_upto = 0"
    )


def _states(desk: Desk) -> dict[str, str]:
    return {str(id_): str(state) for id_, state in desk.ask("SELECT id, state FROM alerts")}


def _begins(desk: Desk, box: Sender, clock: Clock, began_mono_ms: int = 800_000) -> None:
    desk.take(box.status(session=1), _health(box, 1, clock, began_mono_ms))


def _health(box: Sender, session: int, clock: Clock, began_mono_ms: int) -> Arrival:
    return box.health(session=session, boot=str(clock["boot"]), began_mono_ms=began_mono_ms)


def _end_of_a_run(box: Sender, before: Clock, after: Clock) -> list[Arrival]:
    """One visit that is known, its end and another waiting in the spool, and one of the next run."""
    early = box.alert("early", clock=before)
    waiting = [
        box.alert("early", 1, state="update", clock=before),
        box.alert("late", clock=before),
    ]
    began = _health(box, 2, after, int(str(after["mono_ms"])) - 100)
    return [early, box.status(session=2), *waiting, began, box.alert("present", clock=after)]


@HOW
def test_what_is_sent_after_the_next_start_and_was_written_before_it_is_over(
    desk: Desk, box: Sender, before: Clock, after: Clock
) -> None:
    _begins(desk, box, before)

    for one in _end_of_a_run(box, before, after):
        desk.take(one)

    assert _states(desk) == {"early": "end", "late": "end", "present": "new"}


@HOW
def test_it_is_over_as_well_where_the_health_came_first(
    desk: Desk, box: Sender, before: Clock, after: Clock
) -> None:
    early, status, update, late, health, present = _end_of_a_run(box, before, after)
    _begins(desk, box, before)

    for one in (early, status, health, present, late, update):
        desk.take(one)

    assert _states(desk) == {"early": "end", "late": "end", "present": "new"}
    assert desk.alarms() == set()


@HOW
@pytest.mark.parametrize("is_one_batch", [True, False])
def test_in_whichever_order_two_centers_take_it_the_present_visit_goes_on(
    desk: Desk, box: Sender, before: Clock, after: Clock, *, is_one_batch: bool
) -> None:
    """Once its next revision has come; until then an order may show it as over."""
    _, status, _, late, health, present = _end_of_a_run(box, before, after)
    more = box.alert("present", 1, state="update", clock=after)
    for number, order in enumerate(permutations((status, late, health, present))):
        desk.database.write(_forget)
        _begins(desk, box, before)

        for several in [order] if is_one_batch else [[one] for one in order]:
            desk.take(*several)
        desk.take(more)

        assert _states(desk) == {"late": "end", "present": "update"}, number


@HOW
def test_an_alert_that_overtakes_the_first_word_of_its_run_goes_on(
    desk: Desk, box: Sender, before: Clock, after: Clock
) -> None:
    _begins(desk, box, before)

    desk.take(box.alert("present", clock=after))

    assert _states(desk) == {"present": "new"}


@pytest.mark.parametrize(
    "health", [{"boot": ""}, {"boot": 1}, {"began_mono_ms": None}, {"head": "{}"}, {"head": 1}]
)
def test_a_box_that_does_not_tell_its_run_ends_nothing(
    desk: Desk, box: Sender, health: dict[str, object]
) -> None:
    desk.take(box.status(session=1), box.alert("a", clock={"boot": "one", "mono_ms": 0}))
    told = json.loads(box.health().payload) | {"boot": "one", "began_mono_ms": 1} | health

    desk.take(Arrival(f"{box.up}/health", json.dumps(told).encode()), box.alert("b", clock={}))

    assert _states(desk) == {"a": "new", "b": "new"}
