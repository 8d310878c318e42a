"""Alerts on disk until they are delivered. What `append` returned for survives a power cut.

Every thread has a connection of its own: a commit waits for the disk, and a lock of ours must not
be held that long (STYLE 31). SQLite's own file lock puts the writers in order.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TypeVar

from edge_agent.contract.receipt import Receipt
from edge_agent.domain.alert import Alert
from edge_agent.domain.clock import ClockStep
from edge_agent.domain.update import Update
from edge_agent.errors import EdgeAgentError
from edge_agent.spool import chain, confirming, file, purging, rows
from edge_agent.spool.chain import Place, Sealer
from edge_agent.spool.confirming import Confirmed
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.reserve import FLOOR_BYTES, RESERVE_BYTES, Reserve
from edge_agent.spool.room import Room
from edge_agent.spool.rows import Kept

__all__ = ["Confirmed", "Kept", "Spool", "SpoolState", "open_spool"]

T = TypeVar("T")

log = logging.getLogger(__name__)

_MIB = 1_048_576
# The log (1 MiB stretched, and as much again in a bad moment), its index and the reserve.
_OVERHEAD_BYTES = 2 * _MIB + 65_536 + RESERVE_BYTES
_LEAST_MB = 8
_PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolState:
    """What waits, and what could not be kept since the spool was first begun."""

    waiting: int
    # Every file of the spool, its log and its reserve.
    size_bytes: int
    # Refused by the broker, kept for inspection, not sent again.
    parked: int
    dropped_thumbnails: int
    dropped_alerts: int


class Spool:
    """A bounded list of alerts on disk, oldest first. Any thread may use it.

    Every method raises EdgeAgentError where the disk refuses. Made by `open_spool`.
    """

    def __init__(
        self,
        path: Path,
        options: SpoolOptions,
        sealer: Sealer | None,
        first: sqlite3.Connection,
        lock: IO[bytes],
    ) -> None:
        self._path = path
        self._sealer = sealer
        self._most_pages = (options.size_mb * _MIB - _OVERHEAD_BYTES) // _PAGE_BYTES
        self._reserve = Reserve(_reserve_path(path))
        self._lock = lock
        self._mine = threading.local()
        self._mine.connection = first
        # Protects the list only.
        self._guard = threading.Lock()
        # As long as one is open SQLite leaves the log its size.
        self._connections = [first]

    def append(self, alert: Alert) -> None:
        """Seal an alert and keep it with its picture; both are on the disk when this returns.

        A full spool drops what matters least (see `room`), counts and logs it; among nothing but
        graver alerts that is the new one. Raises EdgeAgentError where the disk refuses even then:
        the alert is not kept.
        """
        self._write(lambda spool, growth: _fit_in(Room(spool, growth), alert, self._sealer))
        self._reserve.restore()

    def oldest(self, limit: int, after: int = 0) -> list[Kept]:
        """Return the oldest alerts with a number greater than `after`.

        One whose bytes are not those that were sealed (a worn card) is given up here: nobody would
        take it, and it would wait for ever.
        """
        kept = self._read(lambda spool: rows.oldest(spool, limit, after))
        damaged = [one.number for one in kept if one.is_damaged]
        if damaged:
            log.error("%d alerts on the disk are damaged: given up", len(damaged))
            self._write(lambda spool, _: chain.lose(spool, damaged))
        return [one for one in kept if not one.is_damaged]

    def done(self, numbers: Sequence[int]) -> None:
        """Forget delivered alerts, all in one transaction; unknown numbers do not matter.

        What was given up meanwhile becomes a signed record, to be sent like an alert.
        """
        self._write(lambda spool, _: chain.done(spool, self._sealer, numbers))

    def confirm(self, receipt: Receipt, known: Collection[int]) -> Confirmed:
        """Forget what the center has in its database: alerts, once their pictures are there, too.

        `known` are numbers whose alerts an earlier receipt named already.
        """
        sealer = self._sealer
        return self._write(lambda spool, _: confirming.confirm(spool, sealer, receipt, known))

    def drop_picture(self, number: int) -> None:
        """Give up the picture of an alert that the broker has, but not its picture."""
        self._write(lambda spool, _: rows.drop_picture(spool, number))

    def park(self, number: int, reason: str) -> None:
        """Set an alert aside that must not be sent again, and remember why."""
        self._write(lambda spool, _: chain.park(spool, number, reason))

    def note_clock(self, step: ClockStep) -> None:
        """Keep the record of a step of the box's clock; nothing where nobody signs."""
        sealer = self._sealer
        if sealer:
            self._write(lambda spool, _: chain.note_clock(spool, sealer, step))

    def note_update(self, update: Update) -> None:
        """Keep the record of what became of a new version; nothing where nobody signs."""
        sealer = self._sealer
        if sealer:
            self._write(lambda spool, _: chain.note_update(spool, sealer, update))

    def purge(self, *, pictures_only: bool, before_wall: float | None) -> int:
        """Delete alerts, or only their pictures, up to a time; return how many.

        Batch by batch: after a power cut the rest is still there. The center is told by a record.
        """
        what = purging.Purge(pictures_only, before_wall)
        after: int | None = 0
        # Nothing of it may be read from the disk afterwards, as far as SQLite can see to that.
        self._read(lambda spool: spool.execute("PRAGMA secure_delete = ON").fetchall())
        count = self._write(lambda spool, _: purging.purge_parked(spool, what))
        while after is not None:
            start = after
            gone, after = self._write(lambda spool, _: purging.purge(spool, what, start))  # noqa: B023 (called at once)
            count += gone
        self.done(())
        if before_wall is None:
            file.forget_set_aside(self._path)
        self._read(lambda spool: file.blank_log(self._path, spool))
        self._read(lambda spool: spool.execute("PRAGMA secure_delete = FAST").fetchall())
        return count

    def begin_session(self, now_wall: float) -> int:
        """Return a number greater than at any start before, as the status message carries it.

        On a new disk, too: it is not below the Unix seconds of now.
        """
        return self._write(lambda spool, _: rows.begin_session(spool, now_wall))

    def begin_chain(self) -> None:
        """Go on with the box's chain: seal what an older edge-agent left, let a waiting key begin.

        Before the first append. Raises EdgeAgentError where the key is not the one it knows.
        """
        sealer = self._sealer
        if sealer is None:
            return
        # First: whatever is sealed now, the old key signs no more.
        if self._read(lambda spool: chain.has_announced(spool, sealer)):
            sealer.finish_rotation()
        self._write(lambda spool, _: chain.begin(spool, sealer))
        while self._write(lambda spool, growth: _seal_waiting(Room(spool, growth), sealer)):
            pass
        if self._write(lambda spool, _: chain.announce_rotation(spool, sealer)):
            sealer.finish_rotation()

    def head(self) -> str:
        """Return the chain's head, signed: two lines of text; "" where nobody signs."""
        sealer = self._sealer
        return self._read(lambda spool: chain.head(spool, sealer)) if sealer else ""

    def state(self) -> SpoolState:
        """Return what waits and what was lost."""
        waiting = self._read(lambda spool: rows.count(spool, "alerts"))
        parked = self._read(lambda spool: rows.count(spool, "parked"))
        counters = self._read(rows.counters)
        return SpoolState(
            waiting=waiting,
            size_bytes=self._size_bytes(),
            parked=parked,
            dropped_thumbnails=counters["dropped_thumbnails"],
            dropped_alerts=counters["dropped_alerts"],
        )

    def close(self) -> None:
        """Close every thread's connection. Call it after those threads have ended."""
        with self._guard:
            connections, self._connections = self._connections, []
        for connection in connections:
            connection.close()
        with suppress(OSError):  # the log is gone now, so there may be room again
            self._reserve.restore()
        self._lock.close()

    def _write(self, work: Callable[[sqlite3.Connection, int], T]) -> T:
        """Do the work in one durable transaction; note beside the key how far that came."""
        result = self._commit(work)
        if self._sealer:
            self._sealer.note_kept(self._read(chain.newest))
        return result

    def _commit(self, work: Callable[[sqlite3.Connection, int], T]) -> T:
        """Do the work in one durable transaction; on a full disk once more from the reserve."""
        try:
            return _transact(self._connection(), work, self._growth_pages())
        except sqlite3.Error as error:
            if not file.is_full(error):
                raise file.complain(self._path, error) from error
        except OSError as error:
            raise file.complain(self._path, error) from error
        self._reserve.release()
        try:
            connection = self._connection()
            # Writes the log back, so that it begins anew instead of growing.
            connection.execute("PRAGMA wal_checkpoint(RESTART)")
            return _transact(connection, work, 0)
        except sqlite3.Error as error:
            raise file.complain(self._path, error) from error

    def _read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return question(self._connection())
        except sqlite3.Error as error:
            raise file.complain(self._path, error) from error

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = file.connect(self._path)
            with self._guard:
                self._connections.append(connection)
        return connection

    def _growth_pages(self) -> int:
        """How many pages larger the file may become: by our size, and by the partition's."""
        pages = int(self._connection().execute("PRAGMA page_count").fetchone()[0])
        spare = (self._reserve.free_bytes() - FLOOR_BYTES) // _PAGE_BYTES
        return max(0, min(self._most_pages - pages, spare))

    def _size_bytes(self) -> int:
        files = (self._path.with_name(self._path.name + suffix) for suffix in ("", "-wal", "-shm"))
        return self._reserve.size_bytes() + sum(f.stat().st_size for f in files if f.exists())


def open_spool(path: Path, options: SpoolOptions, sealer: Sealer | None = None) -> Spool:
    """Open the spool at that path, or begin one; without a sealer alerts are kept unsigned.

    A damaged file is set aside as `<name>.corrupt-<n>` and what can be read of it is carried over.
    Raises EdgeAgentError for a folder we cannot write, a full disk, a file of another program, and
    a second agent on the same spool.
    """
    if options.size_mb < _LEAST_MB:
        raise EdgeAgentError(
            f"a spool of {options.size_mb} MB is too small",
            hint=f"set spool.size_mb to {_LEAST_MB} or more",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = file.lock(path)
    except OSError as error:
        raise file.complain(path, error) from error
    try:
        spool = Spool(path, options, sealer, _first_connection(path), lock)
    except BaseException:
        lock.close()
        raise
    try:
        spool.begin_chain()
    except BaseException:
        spool.close()
        raise
    return spool


def _first_connection(path: Path) -> sqlite3.Connection:
    """Open the file, from the reserve if the disk is full, and fill the reserve again."""
    reserve = Reserve(_reserve_path(path))
    try:
        try:
            connection = file.open_sound(path)
        except sqlite3.Error as error:
            if not (file.is_full(error) and reserve.release()):
                raise
            connection = file.open_sound(path)
        reserve.restore()
    except (sqlite3.Error, OSError) as error:
        raise file.complain(path, error) from error
    return connection


def _reserve_path(path: Path) -> Path:
    return path.with_name(path.name + ".reserve")


def _fit_in(room: Room, alert: Alert, sealer: Sealer | None) -> None:
    place = Place()
    if sealer:
        payload, place = chain.seal(room.connection, sealer, alert.body)
        alert = replace(alert, body=payload)
    fitting = room.fit(alert)
    if fitting is None:
        chain.give_up(room.connection, place, chain.DISK_FULL, rows.RANK[alert.severity])
    else:
        rows.insert(room.connection, fitting, (place.seq, place.sha256))


def _seal_waiting(room: Room, sealer: Sealer) -> bool:
    if chain.is_sealed(room.connection):
        return False
    room.clear(chain.PAGES_A_BATCH)
    chain.seal_waiting(room.connection, sealer)
    return True


def _transact(
    connection: sqlite3.Connection, work: Callable[[sqlite3.Connection, int], T], growth: int
) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection, growth)
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite has rolled back already if the disk is full
            connection.execute("ROLLBACK")
        raise
    return result
