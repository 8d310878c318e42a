"""Deletes what is past its term: in small transactions, each noted with what it deleted.

Never what somebody holds, and, unless center.toml says otherwise, only what somebody has closed. Two
centers on one database may delete at once: what one has deleted the other does not find.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from edge_agent.center.database import Database, Row, Transaction
from edge_agent.center.key import CenterKey
from edge_agent.center.post import Box
from edge_agent.center.retention.holds import is_held
from edge_agent.center.retention.letters import note
from edge_agent.center.retention.options import StoreOptions
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop

log = logging.getLogger(__name__)

DAY_S = 86_400.0
# Terms are days: an hour more is nothing.
_EVERY_S = 3600.0
# Not while boxes send what they kept for a center that was away.
_FIRST_S = 60.0
# Looked at in one question, and deleted in one transaction at most.
_PAGE = 200
# Between two transactions: whoever stores messages comes first.
_PAUSE_S = 0.05
_OLD_PICTURES = """
SELECT received_wall, site, box, alert_id, sha256, length(content) FROM pictures
WHERE received_wall < ? AND (received_wall, site, box, alert_id, sha256) > (?, ?, ?, ?, ?)
ORDER BY received_wall, site, box, alert_id, sha256 LIMIT ?
"""
_OLD_ALERTS = """
SELECT received_wall, site, box, id FROM alerts
WHERE received_wall < ? AND (received_wall, site, box, id) > (?, ?, ?, ?)
ORDER BY received_wall, site, box, id LIMIT ?
"""
_THIS = "site = ? AND box = ? AND alert_id = ?"


@dataclass(slots=True)
class Tally:
    """What one run has deleted, and what it had to leave."""

    pictures: int = 0
    alerts: int = 0
    messages: int = 0
    # Pictures that no alert named, messages set aside, and copies for agencies.
    others: int = 0
    size_bytes: int = 0
    # Past their term, and nobody has closed them.
    not_closed: int = 0
    held: int = 0

    def add(self, other: "Tally") -> None:
        """Count another one's, too."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was deleted."""
        return not (self.pictures or self.alerts or self.others)


class Deletion:
    """`run` belongs to one thread."""

    def __init__(
        self, database: Database, key: CenterKey, clock: Clock, options: StoreOptions
    ) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._options = options
        # Said once, not every hour.
        self._told_not_closed = 0

    def run(self, stop: Stop) -> None:
        """Delete what is due, every hour, until told to stop."""
        wait_s = _FIRST_S
        while not stop.wait(wait_s):
            wait_s = _EVERY_S
            try:
                self._tell(self.run_once(stop))
            except EdgeAgentError as failure:
                log.warning("what is past its term is not deleted: %s", failure.report())

    def run_once(self, stop: Stop) -> Tally:
        """Delete all that is due, and give the room back. Raises EdgeAgentError."""
        if not self._options.is_anything_deleted:
            return Tally()
        run = _Run(self._database, self._key, self._options, self._clock.wall(), stop)
        run.delete()
        if not run.tally.is_nothing:
            while not stop.is_told and self._database.give_back():
                stop.wait(_PAUSE_S)
        return run.tally

    def _tell(self, tally: Tally) -> None:
        if not tally.is_nothing:
            log.info(
                "deleted after their term: %d alerts, %d pictures, %d messages, %d others",
                *(tally.alerts, tally.pictures, tally.messages, tally.others),
            )
        if tally.not_closed and tally.not_closed != self._told_not_closed:
            log.warning(
                "%d alerts are past their term, and nobody has closed them", tally.not_closed
            )
        self._told_not_closed = tally.not_closed


@dataclass(slots=True)
class _Run:
    """One run: it has a row of its own in `deletions`, from its first deletion on."""

    database: Database
    key: CenterKey
    options: StoreOptions
    wall: float
    stop: Stop
    tally: Tally = field(default_factory=Tally)
    _number: int | None = None

    def delete(self) -> None:
        pictures_s, alerts_s = (
            days * DAY_S
            for days in (self.options.keep_pictures_days, self.options.keep_alerts_days)
        )
        # Alerts first: they take their pictures with them.
        if alerts_s:
            self._delete_alerts(self.wall - alerts_s)
        kept = self.tally.not_closed, self.tally.held
        if pictures_s:
            # Whose alert was kept above is kept here: counted once.
            self.tally.not_closed = self.tally.held = 0
            self._delete_pictures(self.wall - pictures_s)
        self.tally.not_closed = max(self.tally.not_closed, kept[0])
        self.tally.held = max(self.tally.held, kept[1])
        self._delete_others(self.wall - alerts_s, self.wall - (pictures_s or alerts_s))

    def _delete_alerts(self, before: float) -> None:
        for rows in self._pages(_OLD_ALERTS, before, 4):
            self._write(partial(self._alerts_of, rows=rows, before=before))

    def _delete_pictures(self, before: float) -> None:
        for rows in self._pages(_OLD_PICTURES, before, 5):
            self._write(partial(self._pictures_of, rows=rows))

    def _pages(self, sql: str, before: float, width: int) -> Iterator[list[Row]]:
        """Return what is old, a page at a time; each row is looked at once."""
        place: tuple[object, ...] = (-1e300, *("",) * (width - 1))
        while not self.stop.is_told:
            values = (before, *place, _PAGE)
            rows = self.database.read(lambda t: t.rows(sql, *values))  # noqa: B023 (at once)
            if not rows:
                return
            place = tuple(rows[-1][:width])
            yield rows
            self.stop.wait(_PAUSE_S)

    def _alerts_of(self, transaction: Transaction, rows: Sequence[Row], before: float) -> Tally:
        tally = Tally()
        for box, several in _locked(transaction, rows):
            gone: list[tuple[int, str]] = []
            for row in several:
                gone += self._delete_alert(transaction, (box.site, box.box, row[3]), before, tally)
            note(transaction, self.key, box, gone, self.wall)
        return tally

    def _delete_alert(
        self, transaction: Transaction, whose: tuple[str, str, str], before: float, tally: Tally
    ) -> list[tuple[int, str]]:
        """Delete one with all that belongs to it, if it may go; return its numbers and hashes."""
        messages = transaction.rows(
            f"SELECT seq, sha256, received_wall, length(payload) FROM messages WHERE {_THIS}",  # noqa: S608 (words of this file)
            *whose,
        )
        is_going_on = any(row[2] >= before for row in messages)
        if is_going_on or not self._may_go(transaction, whose, tally):
            return []
        sizes = [size for *_, size in messages] + _sizes(transaction, whose)
        tally.alerts += transaction.run(
            "DELETE FROM alerts WHERE site = ? AND box = ? AND id = ?", *whose
        )
        for table in ("messages", "handling", "pictures", "deleted_pictures", "holds"):
            transaction.run(f"DELETE FROM {table} WHERE {_THIS}", *whose)  # noqa: S608 (as above)
        tally.messages += len(messages)
        tally.pictures += len(sizes) - len(messages)
        tally.size_bytes += sum(sizes)
        return [(int(seq), str(digest)) for seq, digest, *_ in messages]

    def _pictures_of(self, transaction: Transaction, rows: Sequence[Row]) -> Tally:
        tally = Tally()
        for box, several in _locked(transaction, rows):
            named = sorted((str(row[3]), str(row[4]), int(row[5])) for row in several)
            for name, pictures in groupby(named, key=lambda one: one[0]):
                whose = (box.site, box.box, name)
                if self._may_go(transaction, whose, tally):
                    for _, digest, size in pictures:
                        deleted = self._delete_picture(transaction, whose, digest)
                        tally.pictures += deleted
                        tally.size_bytes += size * deleted
        return tally

    def _delete_picture(
        self, transaction: Transaction, whose: tuple[str, str, str], digest: str
    ) -> int:
        deleted = transaction.run(
            f"DELETE FROM pictures WHERE {_THIS} AND sha256 = ?",  # noqa: S608 (as above)
            *(*whose, digest),
        )
        if deleted:
            transaction.run(
                "INSERT INTO deleted_pictures (site, box, alert_id, sha256) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (site, box, alert_id, sha256) DO NOTHING",
                *(*whose, digest),
            )
            transaction.run(
                "UPDATE alerts SET picture_deleted_wall = ?"
                " WHERE site = ? AND box = ? AND id = ? AND thumb_sha256 = ?",
                *(self.wall, *whose, digest),
            )
        return deleted

    def _may_go(self, transaction: Transaction, whose: tuple[str, str, str], tally: Tally) -> bool:
        """Tell whether nothing keeps this alert, and keep others from changing that meanwhile."""
        sql = "SELECT handling FROM alerts WHERE site = ? AND box = ? AND id = ?"
        row = transaction.row(f"{sql}{transaction.row_lock}", *whose)
        if row is None:
            # Another center was faster, or it was never an alert that people see.
            return True
        held = is_held(transaction, *whose)
        is_open = self.options.only_closed and row[0] != "closed"
        tally.held += held
        tally.not_closed += is_open and not held
        return not (held or is_open)

    def _delete_others(self, alerts_before: float, pictures_before: float) -> None:
        """Delete what no alert names; each of these tables is small."""
        statements = [
            ("DELETE FROM held_pictures WHERE received_wall < ?", pictures_before),
        ]
        if self.options.keep_alerts_days:
            statements += [
                ("DELETE FROM quarantine WHERE received_wall < ?", alerts_before),
                (
                    "DELETE FROM deliveries WHERE state <> 'waiting' AND since_wall < ?",
                    alerts_before,
                ),
            ]

        def work(transaction: Transaction) -> Tally:
            return Tally(others=sum(transaction.run(sql, before) for sql, before in statements))

        self._write(work)

    def _write(self, work: Callable[[Transaction], Tally]) -> None:
        """Delete, and count it in the same transaction."""

        def transact(transaction: Transaction) -> tuple[Tally, int | None]:
            tally = work(transaction)
            return tally, self._number if tally.is_nothing else self._note(transaction, tally)

        tally, self._number = self.database.write(transact)
        self.tally.add(tally)

    def _note(self, transaction: Transaction, tally: Tally) -> int:
        number = self._number
        if number is None:
            row = transaction.row(
                "INSERT INTO deletions (at_wall, keep_pictures_days, keep_alerts_days, only_closed)"
                " VALUES (?, ?, ?, ?) RETURNING number",
                *(self.wall, self.options.keep_pictures_days, self.options.keep_alerts_days),
                int(self.options.only_closed),
            )
            assert row  # noqa: S101 (it was made just now)
            number = int(row[0])
        transaction.run(
            "UPDATE deletions SET pictures = pictures + ?, alerts = alerts + ?,"
            " messages = messages + ?, others = others + ?, size_bytes = size_bytes + ?"
            " WHERE number = ?",
            *(tally.pictures, tally.alerts, tally.messages, tally.others, tally.size_bytes),
            number,
        )
        return number


def _locked(transaction: Transaction, rows: Sequence[Row]) -> list[tuple[Box, list[Row]]]:
    """Return the rows box by box, and keep the intake from these boxes.

    It locks them first as well, and in the same order: nobody waits crosswise.
    """
    by_box: dict[Box, list[Row]] = {}
    for row in rows:
        by_box.setdefault(Box(row[1], row[2]), []).append(row)
    for box in sorted(by_box):
        transaction.row(
            f"SELECT 1 FROM boxes WHERE site = ? AND box = ?{transaction.row_lock}",  # noqa: S608 (words of ours)
            *(box.site, box.box),
        )
    return sorted(by_box.items())


def _sizes(transaction: Transaction, whose: tuple[str, str, str]) -> list[int]:
    sql = f"SELECT length(content) FROM pictures WHERE {_THIS}"  # noqa: S608 (words of this file)
    return [int(size) for (size,) in transaction.rows(sql, *whose)]
