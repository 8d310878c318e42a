"""Alarms that no message raises, and those that the center must not raise while it hears nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.center.desk import LONG_S

if TYPE_CHECKING:
    from tests.center.boxes import Sender
    from tests.center.desk import Desk


def test_a_center_that_cannot_hear_calls_no_box_silent(desk: Desk, box: Sender) -> None:
    desk.take(box.status())
    desk.clock.advance(600)

    desk.watch.look(hears_for_s=0.0)
    deaf = desk.alarms()
    desk.watch.look(hears_for_s=170.0)
    just_back = desk.alarms()
    desk.watch.look(hears_for_s=LONG_S)

    assert (deaf, just_back, desk.alarms()) == (set(), set(), {"silent"})


def test_a_center_without_a_broker_says_so_of_itself(desk: Desk) -> None:
    desk.watch.look(hears_for_s=0.0)
    desk.clock.advance(29)
    desk.watch.look(hears_for_s=0.0)
    at_first = desk.alarms()

    desk.clock.advance(2)
    desk.watch.look(hears_for_s=0.0)
    then = desk.ask("SELECT site, box, kind FROM alarms WHERE until_wall IS NULL")
    desk.watch.look(hears_for_s=1.0)

    assert at_first == set()
    assert then == [("center", "one", "deaf")]
    assert desk.alarms() == set()
