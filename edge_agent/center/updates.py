"""What became of new versions on a box: one that it went back from is an alarm, until a later one stays.

Only the signed record counts. Health says the same once a minute, unsigned: what a person has
closed would come again with each of them.
"""

from collections.abc import Mapping

from edge_agent.center.alarm_texts import Said, said
from edge_agent.center.alarms import Alarms, Kind
from edge_agent.center.database import Transaction
from edge_agent.center.post import Box
from edge_agent.contract import split
from edge_agent.contract.body import UPDATED, parse

_KINDS = {
    "agent": Kind.ROLLED_BACK,
    "model": Kind.MODEL_ROLLED_BACK,
}
_KEPT, _STUCK = "kept", "stuck"
_RESULTS = frozenset({_KEPT, "rolled back", _STUCK})
# What a box's record says of why, and a name with a version.
_MOST_WHY, _MOST_VERSION = 300, 64
# A box has a new version once a week.
_MOST_LATER = 100


def judge_update(transaction: Transaction, alarms: Alarms, box: Box, seq: int, body: bytes) -> None:
    """Raise or end the alarm of this part of the box, unless something later is known of it.

    Two centers may take two records of a box out of order.
    """
    told = parse(body) or {}
    part = _part(told)
    kind, result = _KINDS.get(part), _word(told, "result", _MOST_VERSION)
    # A later box may have more parts, and more results.
    if kind is None or result not in _RESULTS or _is_past(transaction, box, seq, part):
        return
    if result == _KEPT:
        alarms.clear(box, (kind,))
    else:
        alarms.raise_alarm(box, kind, _sentence(told, part, is_stuck=result == _STUCK))


def _sentence(told: Mapping[str, object], part: str, *, is_stuck: bool) -> Said:
    facts = {
        "new": _word(told, "new", _MOST_VERSION),
        "old": _word(told, "old", _MOST_VERSION),
        "why": _word(told, "why", _MOST_WHY),
    }
    if part == "model":
        return said("model_rolled_back", **facts)
    return said("stuck", **facts) if is_stuck else said("rolled_back", **facts)


def _is_past(transaction: Transaction, box: Box, seq: int, part: str) -> bool:
    later = transaction.rows(
        "SELECT payload FROM messages WHERE site = ? AND box = ? AND seq > ? AND type = ?"
        " ORDER BY seq DESC LIMIT ?",
        *(box.site, box.box, seq, UPDATED, _MOST_LATER),
    )
    return any(_part(parse(split(bytes(payload))[0]) or {}) == part for (payload,) in later)


def _part(told: Mapping[str, object]) -> str:
    """Return what it is a version of; boxes said nothing of it before models were watched, too."""
    part = told.get("part", "agent")
    return part if isinstance(part, str) else ""


def _word(told: Mapping[str, object], name: str, most: int) -> str:
    text = told.get(name)
    shown = text[:most] if isinstance(text, str) else ""
    return "".join(sign if sign.isprintable() else "?" for sign in shown) or "-"
