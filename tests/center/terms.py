"""Alerts that are sent, closed, held, and deleted after their term."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_agent.center.handling import NEXT_STEPS, change_handling
from edge_agent.center.handling import Wish as Step
from edge_agent.center.retention.deletion import Deletion, Tally
from edge_agent.center.retention.holds import HOLD, Wish, change_hold
from edge_agent.center.retention.options import StoreOptions
from edge_agent.runtime.stop import Stop
from tests.center.boxes import PICTURE, Sender

if TYPE_CHECKING:
    from tests.center.desk import Desk

BOTH = StoreOptions(keep_pictures_days=30, keep_alerts_days=90)
PICTURES = StoreOptions(keep_pictures_days=30)


def delete(desk: Desk, options: StoreOptions = BOTH) -> Tally:
    return Deletion(desk.database, desk.key, desk.clock, options).run_once(Stop())


def send(desk: Desk, box: Sender, *names: str) -> None:
    for name in names:
        desk.take(box.alert(name, picture=PICTURE), box.picture(name), box.alert(name, 1))


def close(desk: Desk, box: Sender, *names: str) -> None:
    for name in names:
        for was, becomes in (("new", "acknowledged"), ("acknowledged", "closed")):
            assert becomes in NEXT_STEPS[was]
            whose = {"site": box.box.site, "box": box.box.box, "alert_id": name}
            step = Step(**whose, was=was, becomes=becomes, by_whom="sari")
            assert change_handling(desk.database, step, desk.clock.wall()).result == "done"


def hold(desk: Desk, box: Sender, name: str, act: str = HOLD, why: str = "court") -> str:
    whose = {"site": box.box.site, "box": box.box.box, "alert_id": name}
    wish = Wish(**whose, act=act, by_whom="sari", why=why)
    return change_hold(desk.database, wish, desk.clock.wall())


def ids(desk: Desk, table: str = "alerts", column: str = "id") -> list[object]:
    rows = desk.ask(f"SELECT DISTINCT {column} FROM {table} ORDER BY {column}")  # noqa: S608 (our own words)
    return [row[0] for row in rows]
