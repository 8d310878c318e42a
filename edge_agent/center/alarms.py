"""What is wrong with a box, for people: raised once, cleared when it is over, or by a person.

At most one of each kind is open for a box; its text tells the latest.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from edge_agent.center.alarm_texts import Said
from edge_agent.center.database import Transaction
from edge_agent.center.post import Box

# Whoever may publish anywhere could invent boxes without end.
_MOST_UNKNOWN = 1_000
# Closed ones are history.
_MOST_CLOSED = 100_000


class Kind(StrEnum):
    """Every kind of alarm; docs/reference/center.md tells what each means and what to do."""

    # These end by themselves.
    GAP = "gap"
    CUT = "cut"
    SILENT = "silent"
    # The center's own: it is connected to no broker, so it hears no box at all.
    DEAF = "deaf"
    UNKNOWN_BOX = "unknown_box"
    UNKNOWN_KEY = "unknown_key"
    KEY_LOST = "key_lost"
    # A new version of the agent, or a new model, that did not do; ends when a later one is kept.
    ROLLED_BACK = "rolled_back"
    MODEL_ROLLED_BACK = "model_rolled_back"
    # These are closed by a person, who has found out why.
    FORK = "fork"
    ALTERED = "altered"
    FOREIGN = "foreign"
    RETIRED_KEY = "retired_key"
    RESTARTED = "restarted"
    UNREADABLE = "unreadable"
    CERTIFICATE_COPIED = "certificate_copied"


@dataclass(slots=True)
class Alarms:
    """Raises and clears within one transaction; `raised` is what is new, to be told after it."""

    transaction: Transaction
    wall: float
    raised: list[tuple[Box, Kind, str]] = field(default_factory=list)

    def raise_alarm(self, box: Box, kind: Kind, what: Said) -> None:
        """Open an alarm, or let the open one of this kind tell the latest."""
        text = what.english
        is_open = self.transaction.run(
            "UPDATE alarms SET text = ?, said_json = ? WHERE site = ? AND box = ? AND kind = ?"
            " AND until_wall IS NULL",
            *(text, what.json, box.site, box.box, kind.value),
        )
        if is_open or (kind is Kind.UNKNOWN_BOX and self._is_crowded()):
            return
        self.transaction.run(
            "INSERT INTO alarms (site, box, kind, text, said_json, since_wall)"
            " VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (site, box, kind) WHERE until_wall IS NULL DO NOTHING",
            *(box.site, box.box, kind.value, text, what.json, self.wall),
        )
        self.raised.append((box, kind, text))

    def clear(self, box: Box, kinds: Iterable[Kind]) -> None:
        """Close what is over."""
        for kind in kinds:
            self.transaction.run(
                "UPDATE alarms SET until_wall = ? WHERE site = ? AND box = ? AND kind = ?"
                " AND until_wall IS NULL",
                *(self.wall, box.site, box.box, kind.value),
            )

    def forget_old(self) -> None:
        """Forget the oldest closed ones beyond what we keep."""
        self.transaction.run(
            "DELETE FROM alarms WHERE until_wall IS NOT NULL AND number <="
            " (SELECT max(number) FROM alarms) - ?",
            _MOST_CLOSED,
        )

    def _is_crowded(self) -> bool:
        told = self.transaction.row(
            "SELECT count(*) FROM alarms WHERE kind = ? AND until_wall IS NULL",
            Kind.UNKNOWN_BOX.value,
        )
        return told is not None and told[0] >= _MOST_UNKNOWN
