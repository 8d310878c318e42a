"""Alarms that no message raises: boxes that are silent, and numbers that stay missing."""

import logging

from edge_agent.center.alarm_texts import said
from edge_agent.center.alarms import Alarms, Kind
from edge_agent.center.database import Database, Transaction
from edge_agent.center.post import Box
from edge_agent.center.stored_chain import GRACE_S, StoredChain
from edge_agent.runtime.clock import Clock, rfc3339

log = logging.getLogger(__name__)

# A broker that is started anew is back sooner.
DEAF_S = 30.0
# In one transaction; the others wait for the next round.
_MOST_BOXES = 500


class Watch:
    """Looks at all boxes. Several centers may look at once: an alarm is raised once."""

    def __init__(self, database: Database, clock: Clock, *, silent_s: float, name: str) -> None:
        """`name` is this center's at the broker."""
        self._database = database
        self._me = Box("center", name)
        # Since when nothing can be heard.
        self._deaf_since_mono: float | None = None
        self._clock = clock
        self._silent_s = silent_s

    def look(self, *, hears_for_s: float) -> None:
        """Raise what is due. Raises EdgeAgentError where the database refuses.

        While the center itself cannot hear, no box is silent: a broker that is down must not send
        technicians to every box in town.
        """
        wall = self._clock.wall()
        can_judge = hears_for_s > self._silent_s
        deaf_s = self._deaf_s(is_deaf=hears_for_s == 0)
        alarms = self._database.write(
            lambda transaction: self._look(transaction, wall, can_judge=can_judge, deaf_s=deaf_s)
        )
        for box, kind, text in alarms.raised:
            log.warning("alarm %s of %s: %s", kind.value, box, text)

    def _deaf_s(self, *, is_deaf: bool) -> float:
        now = self._clock.mono()
        if not is_deaf:
            self._deaf_since_mono = None
            return 0.0
        if self._deaf_since_mono is None:
            self._deaf_since_mono = now
        return now - self._deaf_since_mono

    def _look(
        self, transaction: Transaction, wall: float, *, can_judge: bool, deaf_s: float
    ) -> Alarms:
        alarms = Alarms(transaction, wall)
        if deaf_s > DEAF_S:
            alarms.raise_alarm(self._me, Kind.DEAF, said("deaf"))
        elif deaf_s == 0:
            alarms.clear(self._me, (Kind.DEAF,))
        for box, seen_wall in self._silent(transaction, wall) if can_judge else ():
            alarms.raise_alarm(box, Kind.SILENT, said("silent", since=rfc3339(seen_wall)))
        for box in self._with_gaps(transaction, wall):
            chain = StoredChain(transaction, box, alarms)
            if chain.load():
                chain.tell_gaps(*chain.gaps())
        return alarms

    def _silent(self, transaction: Transaction, wall: float) -> list[tuple[Box, float]]:
        """Return boxes heard once and no more; one that was stopped on purpose is not silent."""
        found = transaction.rows(
            "SELECT site, box, seen_wall FROM boxes WHERE registered = 1 AND seen_wall < ?"
            " AND state <> 'stopped' AND NOT EXISTS (SELECT 1 FROM alarms WHERE"
            " alarms.site = boxes.site AND alarms.box = boxes.box AND alarms.kind = ?"
            " AND alarms.until_wall IS NULL) ORDER BY site, box LIMIT ?",
            *(wall - self._silent_s, Kind.SILENT.value, _MOST_BOXES),
        )
        return [(Box(site, box), seen) for site, box, seen in found]

    def _with_gaps(self, transaction: Transaction, wall: float) -> list[Box]:
        found = transaction.rows(
            "SELECT site, box FROM boxes WHERE registered = 1 AND gap_since_wall <= ?"
            " AND NOT EXISTS (SELECT 1 FROM alarms WHERE alarms.site = boxes.site"
            " AND alarms.box = boxes.box AND alarms.kind IN (?, ?) AND alarms.until_wall IS NULL)"
            " ORDER BY site, box LIMIT ?",
            *(wall - GRACE_S, Kind.GAP.value, Kind.CUT.value, _MOST_BOXES),
        )
        return [Box(site, box) for site, box in found]
