"""What people do about an alert: new, acknowledged, dispatched, closed. Each step is kept, with who and when.

Two operators may press at once, at two centers: whoever comes second changes nothing and is told.
"""

from dataclasses import dataclass

from edge_agent.center.database import Database, Transaction

NEW = "new"
ACKNOWLEDGED = "acknowledged"
DISPATCHED = "dispatched"
CLOSED = "closed"
# From where one may go where. Closed by mistake: somebody takes it up again, by name.
NEXT_STEPS = {
    NEW: (ACKNOWLEDGED,),
    ACKNOWLEDGED: (DISPATCHED, CLOSED),
    DISPATCHED: (CLOSED,),
    CLOSED: (ACKNOWLEDGED,),
}
_THIS = "site = ? AND box = ? AND id = ?"
# What fits below a picture; longer stories belong into the agency's own books.
MOST_NOTE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to become of an alert, and what they believed it to be."""

    site: str
    box: str
    alert_id: str
    was: str
    becomes: str
    by_whom: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a wish: "done", "conflict", "illegal", "unknown", and how the alert is now."""

    result: str
    handling: str = ""
    by_whom: str = ""


def change_handling(database: Database, wish: Wish, now_wall: float) -> Outcome:
    """Do it, or tell why not; durable when it returns. Raises EdgeAgentError."""
    return database.write(lambda transaction: _change(transaction, wish, now_wall))


def _change(transaction: Transaction, wish: Wish, now_wall: float) -> Outcome:
    told = transaction.row(
        f"SELECT handling, handled_by FROM alerts WHERE {_THIS}{transaction.row_lock}",  # noqa: S608 (words of this file)
        *(wish.site, wish.box, wish.alert_id),
    )
    if told is None:
        return Outcome("unknown")
    handling, by_whom = str(told[0]), str(told[1] or "")
    if handling != wish.was:
        return Outcome("conflict", handling, by_whom)
    if wish.becomes not in NEXT_STEPS.get(handling, ()):
        return Outcome("illegal", handling, by_whom)
    transaction.run(
        "INSERT INTO handling (site, box, alert_id, at_wall, became, by_whom, note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        *(wish.site, wish.box, wish.alert_id, now_wall),
        *(wish.becomes, wish.by_whom, wish.note[:MOST_NOTE]),
    )
    transaction.run(
        f"UPDATE alerts SET handling = ?, handled_by = ?, handled_wall = ?, change = ? WHERE {_THIS}",  # noqa: S608 (words of this file)
        *(wish.becomes, wish.by_whom, now_wall, transaction.take_changes(1)),
        *(wish.site, wish.box, wish.alert_id),
    )
    return Outcome("done", wish.becomes, wish.by_whom)
