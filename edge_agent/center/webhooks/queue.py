"""The deliveries in the database: queued, claimed for a while, ended. Several centers share them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from edge_agent.center.database import Database, Row, Transaction
from edge_agent.center.told import read_json, read_told
from edge_agent.center.webhooks.options import WebhookOptions
from edge_agent.contract import split

WAITING = "waiting"
DELIVERED = "delivered"
DEAD = "dead"
_STATES = frozenset({"new", "update", "end"})
# Longer than a try may take: a center that dies with a claim gives it back by this.
LEASE_S = 60.0
# What was delivered is kept for those who ask what an agency got.
_KEEP_S = 7 * 86_400.0
# What was given up is kept until a person looks; the newest of them.
_MOST_DEAD = 10_000
_COLUMNS = (
    "number, agency, url, site, box, alert_id, revision, tries, since_wall, next_wall, state,"
    " last_error"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """One alert of one agency, on its way."""

    number: int
    agency: str
    url: str
    site: str
    box: str
    alert_id: str
    revision: int
    tries: int
    since_wall: float
    next_wall: float
    state: str
    last_error: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One that is ours for LEASE_S, and what to send."""

    queued: Queued
    body: bytes


def queue_alert(
    transaction: Transaction,
    webhooks: Iterable[WebhookOptions],
    payload: bytes,
    now_wall: float,
) -> None:
    """Queue one revision, as it came from its box, for every agency that its tags name.

    In the transaction that stores it: an alert that is stored is queued, and one that is not is not.
    """
    told = read_told(split(payload)[0])
    rows = [
        (one.agency, one.url, told.site, told.box, told.id, told.revision)
        for one in webhooks
        if one.agency in told.agencies
    ]
    if not rows:
        return
    content = write_body(payload)
    transaction.run_each(
        "INSERT INTO deliveries (agency, url, site, box, alert_id, revision, body, since_wall,"
        " next_wall) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*row, content, now_wall, now_wall) for row in rows],
    )


def write_body(payload: bytes) -> bytes:
    """Return what an agency gets: the alert to read, and the box's own two lines, which prove it."""
    body, _ = split(payload)
    told = read_told(body)
    content = {
        "type": f"alert.{told.state if told.state in _STATES else 'other'}",
        "timestamp": told.time,
        "data": {"alert": read_json(body), "message": payload.decode("utf-8", "replace")},
    }
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def claim(database: Database, url: str, agency: str, now_wall: float) -> Claim | None:
    """Take the next one that is due; None where none is. Raises EdgeAgentError."""
    due = "state = 'waiting' AND url = ? AND agency = ? AND next_wall <= ?"
    values = (url, agency, now_wall)
    # Most often there is none: asked without keeping anybody from writing.
    asked = f"SELECT number FROM deliveries WHERE {due} LIMIT 1"  # noqa: S608 (words of this file)
    if not database.read(lambda transaction: transaction.row(asked, *values)):
        return None

    def take(transaction: Transaction) -> Claim | None:
        row = transaction.row(
            f"SELECT {_COLUMNS} FROM deliveries WHERE {due} ORDER BY next_wall, number LIMIT 1"  # noqa: S608 (words of this file)
            f"{transaction.row_lock}",
            *values,
        )
        if row is None:
            return None
        one = _queued(row)
        transaction.run(
            "UPDATE deliveries SET tries = tries + 1, next_wall = ? WHERE number = ?",
            *(now_wall + LEASE_S, one.number),
        )
        body = transaction.row("SELECT body FROM deliveries WHERE number = ?", one.number)
        return Claim(one, bytes(body[0]) if body else b"")

    return database.write(take)


def end(database: Database, number: int, state: str, now_wall: float, says: str = "") -> None:
    """Write that one was delivered, or is given up. Raises EdgeAgentError."""
    database.write(
        lambda transaction: transaction.run(
            "UPDATE deliveries SET state = ?, next_wall = ?, last_error = ? WHERE number = ?",
            *(state, now_wall, says, number),
        )
    )


def put_off(database: Database, queued: Queued, until_wall: float, says: str) -> None:
    """Let one wait, unless somebody else has claimed it since. Raises EdgeAgentError."""
    database.write(
        lambda transaction: transaction.run(
            "UPDATE deliveries SET next_wall = ?, last_error = ?"
            " WHERE number = ? AND tries = ? AND state = 'waiting'",
            *(until_wall, says, queued.number, queued.tries + 1),
        )
    )


def tidy(database: Database, now_wall: float) -> None:
    """Forget what was delivered long ago, and the oldest of very many that were given up."""

    def work(transaction: Transaction) -> None:
        transaction.run(
            "DELETE FROM deliveries WHERE state = 'delivered' AND next_wall < ?", now_wall - _KEEP_S
        )
        transaction.run(
            "DELETE FROM deliveries WHERE state = 'dead' AND number <= (SELECT number FROM"
            " deliveries WHERE state = 'dead' ORDER BY number DESC LIMIT 1 OFFSET ?)",
            _MOST_DEAD,
        )

    database.write(work)


def give_up(database: Database, since_wall: float, now_wall: float, says: str) -> int:
    """Give up what has waited since then, or for longer; return how many. Raises EdgeAgentError."""
    return database.write(
        lambda transaction: transaction.run(
            "UPDATE deliveries SET state = 'dead', next_wall = ?,"
            " last_error = CASE WHEN last_error = '' THEN ? ELSE last_error END"
            " WHERE state = 'waiting' AND since_wall < ?",
            *(now_wall, says, since_wall),
        )
    )


def find(database: Database, state: str, most: int) -> list[Queued]:
    """Return the newest in one state. Raises EdgeAgentError."""
    sql = f"SELECT {_COLUMNS} FROM deliveries WHERE state = ? ORDER BY number DESC LIMIT ?"  # noqa: S608 (words of this file)
    rows = database.read(lambda transaction: transaction.rows(sql, state, most))
    return [_queued(row) for row in rows]


def count(database: Database, state: str) -> dict[tuple[str, str], int]:
    """Return how many are in one state, by agency and address. Raises EdgeAgentError."""
    sql = "SELECT agency, url, COUNT(*) FROM deliveries WHERE state = ? GROUP BY agency, url"
    rows = database.read(lambda transaction: transaction.rows(sql, state))
    return {(str(agency), str(url)): int(number) for agency, url, number in rows}


def retry(database: Database, numbers: Iterable[int] | None, now_wall: float) -> int:
    """Let these, or all that were given up, be tried as if they were new; return how many."""

    def work(transaction: Transaction) -> int:
        again = "UPDATE deliveries SET state = 'waiting', tries = 0, since_wall = ?, next_wall = ?"
        if numbers is None:
            return transaction.run(f"{again} WHERE state = 'dead'", now_wall, now_wall)
        dead = f"{again} WHERE state IN ('dead', 'waiting') AND number = ?"
        return sum(transaction.run(dead, now_wall, now_wall, number) for number in numbers)

    return database.write(work)


def _queued(row: Row) -> Queued:
    return Queued(**dict(zip(_COLUMNS.split(", "), row, strict=True)))
