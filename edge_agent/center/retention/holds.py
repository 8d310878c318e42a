"""An alert that somebody holds is kept beyond every term, until somebody releases it.

Who, when and why are kept for both. The alert's row is locked meanwhile, so that no deletion that runs
at the same moment slips past.
"""

from dataclasses import dataclass

from edge_agent.center.closing import MOST_WHY, is_name, is_reason
from edge_agent.center.database import Database, Row, Transaction
from edge_agent.errors import EdgeAgentError

HOLD, RELEASE = "hold", "release"
_COLUMNS = "site, box, alert_id, since_wall, by_whom, why, until_wall, released_by, released_why"
_THIS = "site = ? AND box = ? AND alert_id = ? AND until_wall IS NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One hold; `until_wall` is None while it lasts."""

    site: str
    box: str
    alert_id: str
    since_wall: float
    by_whom: str
    why: str
    until_wall: float | None
    released_by: str
    released_why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants: HOLD or RELEASE, of which alert, and why."""

    site: str
    box: str
    alert_id: str
    act: str
    by_whom: str
    why: str


def change_hold(database: Database, wish: Wish, now_wall: float) -> str:
    """Do it: "done"; "same" where it is so already, "unknown" where there is no such alert.

    Raises EdgeAgentError where it does not say who and why.
    """
    if not is_name(wish.by_whom) or not is_reason(wish.why):
        raise EdgeAgentError(
            "an alert is held or released by somebody, for a reason",
            hint=f'say who and why, in at most {MOST_WHY} letters: --by NAME --why "…"',
        )
    return database.write(lambda transaction: _change(transaction, wish, now_wall))


def is_held(transaction: Transaction, site: str, box: str, alert_id: str) -> bool:
    """Tell whether somebody holds it now."""
    sql = f"SELECT 1 FROM holds WHERE {_THIS}"  # noqa: S608 (words of this file)
    return transaction.row(sql, site, box, alert_id) is not None


def find(database: Database, most: int) -> list[Hold]:
    """Return those that last, newest first, then those that are over."""
    sql = (
        f"SELECT {_COLUMNS} FROM holds"  # noqa: S608 (words of this file)
        " ORDER BY until_wall IS NOT NULL, number DESC LIMIT ?"
    )
    return [_read(row) for row in database.read(lambda t: t.rows(sql, most))]


def of_alert(database: Database, site: str, box: str, alert_id: str) -> Hold | None:
    """Return the hold of one alert that lasts."""
    sql = f"SELECT {_COLUMNS} FROM holds WHERE {_THIS}"  # noqa: S608 (words of this file)
    row = database.read(lambda t: t.row(sql, site, box, alert_id))
    return _read(row) if row else None


def _change(transaction: Transaction, wish: Wish, now_wall: float) -> str:
    whose = (wish.site, wish.box, wish.alert_id)
    sql = "SELECT 1 FROM alerts WHERE site = ? AND box = ? AND id = ?"
    if transaction.row(f"{sql}{transaction.row_lock}", *whose) is None:
        return "unknown"
    if wish.act == HOLD:
        changed = transaction.run(
            "INSERT INTO holds (site, box, alert_id, since_wall, by_whom, why)"
            " VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (site, box, alert_id) WHERE until_wall IS NULL DO NOTHING",
            *(*whose, now_wall, wish.by_whom, wish.why),
        )
    else:
        changed = transaction.run(
            f"UPDATE holds SET until_wall = ?, released_by = ?, released_why = ? WHERE {_THIS}",  # noqa: S608 (words of this file)
            *(now_wall, wish.by_whom, wish.why, *whose),
        )
    return "done" if changed else "same"


def _read(row: Row) -> Hold:
    site, box, alert_id, since, who, why, until, released_by, released_why = row
    return Hold(
        site=site,
        box=box,
        alert_id=alert_id,
        since_wall=since,
        by_whom=who,
        why=why,
        until_wall=until,
        released_by=released_by or "",
        released_why=released_why or "",
    )
