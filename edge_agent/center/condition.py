"""How a box says it is: its status and its health. Unsigned, so a hint; only `head` is signed.

A status that is older than what we know is passed over; health means that the box is there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.center.database import Transaction
from edge_agent.center.post import Box
from edge_agent.contract.body import MOST_BYTES, parse

_STATES = frozenset({"online", "stopped", "offline"})
_MOST_SESSION = 2**53
_MOST_WORD = 64
# The member of a status that tells what the box runs.
SOFTWARE = "software"
_MOST_PLACE = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What one status or health message says, as far as it can be read."""

    site: str
    box: str
    session: int
    time: str
    version: str
    # Of a status; health means "online".
    state: str
    # The signed head, two lines; "" where there is none.
    head: str
    # Of health: how often somebody came under the box's name since its start.
    takeovers: int
    # Of health: where the box stands; None where it does not say.
    place_json: str | None
    is_health: bool
    # What was said, in ASCII.
    json: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a condition told that we did not know."""

    has_begun_anew: bool = False
    # Somebody else came under the box's name.
    is_copied: bool = False


def read_condition(payload: bytes, *, is_health: bool) -> Condition | None:
    """Return what it says; None for what no box of ours says."""
    told = parse(payload) if len(payload) <= MOST_BYTES else None
    if told is None or (is_health and told.get("type") != "health"):
        return None
    session, state = told.get("session"), "online" if is_health else _word(told, "state")
    if not _is_count(session) or state not in _STATES:
        return None
    broker = told.get("broker")
    takeovers = broker.get("takeovers") if isinstance(broker, dict) else 0
    head = told.get("head")
    return Condition(
        site=_word(told, "site"),
        box=_word(told, "box"),
        session=int(str(session)),
        time=_word(told, "time"),
        version=_word(told, "version"),
        state=state,
        head=head if isinstance(head, str) and head.isascii() else "",
        takeovers=int(str(takeovers)) if _is_count(takeovers) else 0,
        place_json=_place(told.get("place")),
        is_health=is_health,
        json=json.dumps(told, separators=(",", ":")),
    )


def keep_condition(transaction: Transaction, box: Box, told: Condition) -> Change | None:
    """Keep what a box of the same name said; None where it is older than what we know."""
    known = transaction.row(
        "SELECT session, takeovers, status_json FROM boxes WHERE site = ? AND box = ?",
        *(box.site, box.box),
    )
    session, takeovers, status = known or (0, 0, None)
    if told.session < session:
        return None
    is_new = told.session > session
    before = 0 if is_new else takeovers
    # An old status is no news of the health, and the other way round.
    column, time = ("health_json", "") if told.is_health else ("status_json", "status_time = ?,")
    transaction.run(
        f"UPDATE boxes SET session = ?, state = ?, version = ?, takeovers = ?, {time} {column} = ?"  # noqa: S608 (words of ours)
        " WHERE site = ? AND box = ?",
        *(told.session, told.state, told.version, max(before, told.takeovers)),
        *((told.time,) if time else ()),
        *(told.json if told.is_health else _with_software(told.json, status), box.site, box.box),
    )
    return Change(has_begun_anew=is_new and session > 0, is_copied=told.takeovers > before)


def _with_software(told: str, before: str | None) -> str:
    """Return a status with what the box runs, which it says at its birth and not each time."""
    now, known = json.loads(told), json.loads(before or "{}")
    if SOFTWARE in now or SOFTWARE not in known:
        return told
    return json.dumps(now | {SOFTWARE: known[SOFTWARE]}, separators=(",", ":"))


def _place(value: object) -> str | None:
    text = json.dumps(value, separators=(",", ":"))
    return text if isinstance(value, dict) and len(text) <= _MOST_PLACE else None


def _is_count(value: object) -> bool:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and 0 <= int(str(value)) <= _MOST_SESSION


def _word(members: Mapping[str, object], key: str) -> str:
    value = members.get(key)
    is_word = isinstance(value, str) and len(value) <= _MOST_WORD and value.isprintable()
    return str(value) if is_word else ""
