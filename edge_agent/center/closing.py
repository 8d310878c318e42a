"""An alarm is closed by a person who says why; both are kept with it, and exported.

Two may close one at once, at two centers: whoever comes second changes nothing and is told.
"""

from dataclasses import dataclass

from edge_agent.center.database import Database, Transaction
from edge_agent.errors import EdgeAgentError

# As long as an operator's name may be, and a sentence or two.
_MOST_NAME = 40
MOST_WHY = 200
# What both databases call a whole number.
_MOST_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: "done", "over" (and by whom, "" by itself), or "unknown"."""

    result: str
    by_whom: str = ""


def is_reason(text: str) -> bool:
    """Tell whether a text can be kept as a reason."""
    return bool(text.strip()) and len(text) <= MOST_WHY and text.isprintable()


def is_name(text: str) -> bool:
    """Tell whether a text can be kept as somebody's name."""
    return bool(text.strip()) and len(text) <= _MOST_NAME and text.isprintable()


def close_alarm(
    database: Database, number: int, *, by_whom: str, why: str, now_wall: float
) -> Outcome:
    """Close it, or tell why not; durable when it returns. Raises EdgeAgentError."""
    if not is_name(by_whom) or not is_reason(why):
        raise EdgeAgentError(
            "an alarm is closed by somebody, for a reason",
            hint=f'say who and why, in at most {MOST_WHY} letters: --by NAME --why "…"',
        )

    if not 0 < number <= _MOST_NUMBER:
        return Outcome("unknown")

    def work(transaction: Transaction) -> Outcome:
        closed = transaction.run(
            "UPDATE alarms SET until_wall = ?, closed_by = ?, closed_why = ?"
            " WHERE number = ? AND until_wall IS NULL",
            *(now_wall, by_whom, why, number),
        )
        if closed:
            return Outcome("done", by_whom)
        told = transaction.row("SELECT closed_by FROM alarms WHERE number = ?", number)
        return Outcome("over", str(told[0] or "")) if told else Outcome("unknown")

    return database.write(work)
