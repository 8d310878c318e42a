"""What a full spool gives up, in which order: what matters least goes first, and it is counted.

Refused alerts first (nobody waits for them), then pictures before alerts, low severity before
high, oldest first. A new alert never pushes out an alert that matters more.
"""

import logging
import sqlite3
from dataclasses import dataclass, replace

from edge_agent.domain.alert import Alert
from edge_agent.domain.sighting import Severity
from edge_agent.errors import EdgeAgentError
from edge_agent.spool import chain, rows

log = logging.getLogger(__name__)

# Of a 4096-byte page SQLite leaves this much for the rest of a long value.
_BYTES_A_PAGE = 4092
# Leaves, indexes and counters that one append may have to split or touch.
_SPARE_PAGES = 12


@dataclass(frozen=True, slots=True)
class Room:
    """The drop policy inside one open transaction.

    `growth_pages` is how much larger the database file may become, in pages of 4096 bytes.
    """

    connection: sqlite3.Connection
    growth_pages: int

    def fit(self, alert: Alert) -> Alert | None:
        """Drop until the alert fits; return it, without its picture if that had to go too.

        None where it is itself what matters least: all that is left is graver. Raises
        EdgeAgentError where nothing is left to drop.
        """
        rank = rows.RANK[alert.severity]
        while self._lacks(alert) and (self._drop_parked() or self._drop_picture(rank)):
            pass
        if self._lacks(alert) and alert.thumbnail:
            alert = replace(alert, thumbnail=b"")
            self._count("dropped_thumbnails", "the picture of a new alert", alert.severity)
        while self._lacks(alert) and (
            self._drop_picture(rows.RANK[Severity.HIGH]) or self._drop_alert(rank)
        ):
            pass
        if not self._lacks(alert):
            return alert
        if rows.least(self.connection, "alerts", rows.RANK[Severity.HIGH]) is None:
            raise EdgeAgentError(
                "the disk is full and nothing in the spool is left to drop",
                hint="free some space on the partition of state_dir: df -h",
            )
        self._count("dropped_alerts", "a new alert", alert.severity)
        return None

    def clear(self, pages: int) -> None:
        """Drop refused alerts and pictures until so many pages are to be had, or none is left."""
        high = rows.RANK[Severity.HIGH]
        while self._has_fewer_than(pages) and (self._drop_parked() or self._drop_picture(high)):
            pass

    def _lacks(self, alert: Alert) -> bool:
        lengths = (len(alert.body), len(alert.thumbnail))
        need = sum(-(-length // _BYTES_A_PAGE) for length in lengths) + _SPARE_PAGES
        return self._has_fewer_than(need)

    def _has_fewer_than(self, need: int) -> bool:
        free = int(self.connection.execute("PRAGMA freelist_count").fetchone()[0])
        return free + self.growth_pages < need

    def _drop_parked(self) -> bool:
        is_dropped = rows.drop_parked(self.connection)
        if is_dropped:
            log.warning("the spool is full: dropped an alert that the broker had refused")
        return is_dropped

    def _drop_picture(self, most_rank: int) -> bool:
        victim = rows.least(self.connection, "thumbnails", most_rank)
        if victim is None:
            return False
        self.connection.execute("DELETE FROM thumbnails WHERE number = ?", victim[:1])
        self._count("dropped_thumbnails", "the picture of a waiting alert", victim[1])
        return True

    def _drop_alert(self, most_rank: int) -> bool:
        victim = rows.least(self.connection, "alerts", most_rank)
        if victim is None:
            return False
        chain.drop(self.connection, victim[0])
        self._count("dropped_alerts", "a waiting alert", victim[1])
        return True

    def _count(self, counter: str, what: str, severity: Severity) -> None:
        rows.add_to_counter(self.connection, counter)
        log.warning("the spool is full: dropped %s of %s severity", what, severity)
