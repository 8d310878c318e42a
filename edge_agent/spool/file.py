"""The spool's file: how it is opened, found damaged, set aside and begun anew."""

import fcntl
import logging
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import IO

from edge_agent.errors import EdgeAgentError
from edge_agent.spool import chain, confirming, rows
from edge_agent.spool.salvage import carry_over

log = logging.getLogger(__name__)

# Damaged files kept for whoever investigates; each may be as large as the spool.
_MOST_SET_ASIDE = 2
# Another camera's append or a checkpoint may hold the file for this long on a slow card, seconds.
_BUSY_S = 5.0
# Pages of log before it is written back, and what the log is stretched to at the start, so that it
# need not grow later, when the partition may be full.
_CHECKPOINT_PAGES = 100
_LOG_BYTES = 1_048_576
_SQLITE_FULL = frozenset(
    # A quota says EDQUOT, which SQLite calls IOERR_WRITE; the index of the log says SHMSIZE.
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
)
# What the formats before ours lack: signatures, and finding an alert by its number in the chain.
_UPGRADES = {
    1: (chain.SCHEMA, confirming.SCHEMA),
    2: (confirming.SCHEMA,),
}
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class SpoolDamagedError(EdgeAgentError):
    """The file is not what SQLite wrote. Opening it anew sets it aside, so a restart heals."""


def connect(path: Path) -> sqlite3.Connection:
    """Open one connection whose commits have reached the disk when they return.

    WAL with synchronous=FULL: NORMAL lost 29 % in simulated power cuts (docs/design/0002).
    """
    connection = sqlite3.connect(
        path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        # Debian's SQLite zeroes what it deletes; FAST does so only where it costs no extra write.
        connection.execute("PRAGMA secure_delete = FAST")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def open_sound(path: Path) -> sqlite3.Connection:
    """Return a connection to a sound spool with a stretched log: the one there, or a fresh one.

    Raises EdgeAgentError for a file of somebody else, and sqlite3.Error as SQLite says it.
    """
    create(path)
    try:
        return _open(path)
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
        aside = _set_aside(path)
        log.warning("the spool was damaged (%s): set aside as %s, begun anew", error, aside.name)
    create(path)
    connection = _open(path)
    carry_over(aside, connection)
    return connection


def lock(path: Path) -> IO[bytes]:
    """Keep a second agent away from the same spool, until the file returned is closed."""
    file = path.with_name(path.name + ".lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise EdgeAgentError(
            f"another edge-agent already works with the spool {path}",
            hint="stop it first: sudo systemctl stop edge-agent",
        ) from error
    return file


def forget_set_aside(path: Path) -> None:
    """Delete every damaged spool that was set aside: its alerts are to be nowhere any more."""
    for old in path.parent.glob(f"{path.name}.corrupt-*"):
        old.unlink(missing_ok=True)


def blank_log(path: Path, connection: sqlite3.Connection) -> None:
    """Write back what is in the log and overwrite it with zeros, over its whole length.

    Not cut off: at the size it has it needs no room on a full disk.
    """
    connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
    log = path.with_name(path.name + "-wal")
    _stretch_log(connection, max(_LOG_BYTES, log.stat().st_size))


def is_full(error: sqlite3.Error) -> bool:
    """Tell whether the partition had no room for it."""
    return getattr(error, "sqlite_errorcode", 0) in _SQLITE_FULL


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether the file is not what SQLite wrote."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def complain(path: Path, error: sqlite3.Error | OSError) -> EdgeAgentError:
    """Return what to tell the technician."""
    if isinstance(error, OSError):
        return EdgeAgentError(
            f"cannot work in the spool's folder {path.parent}: {error.strerror}",
            hint=f"let edge-agent write there: chown edge-agent {path.parent}",
        )
    if is_full(error):
        return EdgeAgentError(
            f"the disk of the spool {path} is full",
            hint=f"free some space: df -h {path.parent}",
        )
    if is_damage(error):
        return SpoolDamagedError(
            f"the spool {path} is damaged: {error}",
            hint="restart edge-agent: it sets the file aside and saves what can be read",
        )
    return EdgeAgentError(
        f"cannot use the spool {path}: {error}",
        hint=f"check the disk and who may write there: ls -l {path.parent}",
    )


def create(path: Path) -> None:
    """Make an empty file that only we may read, and have its name on the disk. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Alerts are about people: for us only, and SQLite gives its log the same mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # else a power cut may take the name away, and every alert with it
    finally:
        os.close(folder)


def _open(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    try:
        _check_owner(path, connection)
        _look_closely(connection)
        rows.free_first_pages(connection)
        _stretch_log(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_owner(path: Path, connection: sqlite3.Connection) -> None:
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    is_empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if is_empty and not version:
        rows.create_tables(connection, " ".join(_UPGRADES[1]))
    elif owner != rows.APPLICATION_ID:
        raise EdgeAgentError(
            f"{path} is a database of another program",
            hint="move it away, or choose another state_dir",
        )
    elif version in _UPGRADES:
        # In one transaction; unsigned alerts are sealed once it is known who signs.
        steps = " ".join(_UPGRADES[version])
        connection.executescript(
            f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {rows.SCHEMA_VERSION}; COMMIT;"
        )
    elif version != rows.SCHEMA_VERSION:
        raise EdgeAgentError(
            f"the spool {path} has format {version}, this edge-agent knows {rows.SCHEMA_VERSION}",
            hint="install the edge-agent that wrote it and let it deliver everything first",
        )


def _look_closely(connection: sqlite3.Connection) -> None:
    report = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if report != "ok":
        damage = sqlite3.DatabaseError(report)
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage


def _stretch_log(connection: sqlite3.Connection, size_bytes: int = _LOG_BYTES) -> None:
    """Make the log as large as it will be, while there is room: a rolled back write leaves it so."""
    connection.execute("PRAGMA cache_size = 8")  # pages; what does not fit is spilled into the log
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("INSERT INTO thumbnails VALUES (-1, 0, zeroblob(?))", (size_bytes,))
    finally:
        with suppress(sqlite3.Error):  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        connection.execute("PRAGMA cache_size = -2000")


def _set_aside(path: Path) -> Path:
    """Rename the damaged file and its log; forget the oldest one set aside."""
    kept = sorted(path.parent.glob(f"{path.name}.corrupt-*[0-9]"), key=_aside_number)
    for old in kept[: len(kept) - _MOST_SET_ASIDE + 1]:
        for file in path.parent.glob(f"{old.name}*"):
            file.unlink(missing_ok=True)
    number = _aside_number(kept[-1]) + 1 if kept else 1
    aside = path.with_name(f"{path.name}.corrupt-{number}")
    for suffix in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def _aside_number(path: Path) -> int:
    digits = path.name.rpartition("-")[2]
    return int(digits) if digits.isdigit() else 0
