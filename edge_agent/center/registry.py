"""Which boxes the center believes, and their keys: a file that a person writes, read when it changes.

Its lines are what `edge-agent key show` prints at the box. The database knows them afterwards; of
several centers each needs the same file.
"""

import base64
import logging
from pathlib import Path

from edge_agent.center.database import Database, Transaction
from edge_agent.center.post import Box, read_topic
from edge_agent.contract import key_id, read_key
from edge_agent.errors import EdgeAgentError

log = logging.getLogger(__name__)

# 10,000 boxes need 1 MB.
_MOST_BYTES = 64 * 1024 * 1024
_HINT = "write a line for each box, as `edge-agent key show` prints it there: SITE/BOX KEY"

# And what `key show` says besides, in a file that it was led into.
_REMARKS = ("#", "✓", "•", "ok ", "-- ", "next:")

Keys = dict[Box, dict[str, bytes]]


class Registry:
    """The file and the database in step. Used by one thread."""

    def __init__(self, path: Path, database: Database) -> None:
        self._path = path
        self._database = database
        self._mark: tuple[int, ...] = ()

    def refresh(self) -> list[Box]:
        """Read the file if it has changed; return the boxes that have a new key by it.

        Raises EdgeAgentError for a file that cannot be used; the database keeps what it knows.
        """
        mark = _mark_of(self._path)
        if mark == self._mark:
            return []
        keys = read_boxes(self._path)
        new = self._database.write(lambda transaction: register(transaction, keys))
        self._mark = mark
        log.info("the list of boxes has %d boxes", len(keys))
        return new


def read_boxes(path: Path) -> Keys:
    """Return the boxes in the file and their keys by `kid`. Raises EdgeAgentError."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise EdgeAgentError(f"{path} is too large for a list of boxes", hint=_HINT)
        text = path.read_bytes().decode(errors="replace")
    except OSError as error:
        raise EdgeAgentError(
            f"cannot read the list of boxes {path}: {(error.strerror or str(error)).lower()}",
            hint=_HINT,
        ) from error
    keys: Keys = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith(_REMARKS):
            box, key = _read_line(path, number, line)
            keys.setdefault(box, {})[key_id(key)] = key
    return keys


def register(transaction: Transaction, keys: Keys) -> list[Box]:
    """Let the database know exactly these boxes and keys; return boxes that have a new key.

    A key that is no longer in the file is not believed any more; what a box's own chain has
    announced stays.
    """
    told = transaction.rows("SELECT site, box, kid FROM keys WHERE from_file = 1 AND confirmed = 1")
    known = {(Box(site, box), kid) for site, box, kid in told}
    wanted = {(box, kid): key for box, several in keys.items() for kid, key in several.items()}
    transaction.run_each(
        "INSERT INTO boxes (site, box, registered) VALUES (?, ?, 1)"
        " ON CONFLICT (site, box) DO UPDATE SET registered = 1 WHERE boxes.registered = 0",
        [(box.site, box.box) for box in sorted(keys)],
    )
    listed = transaction.rows("SELECT site, box FROM boxes WHERE registered = 1")
    transaction.run_each(
        "UPDATE boxes SET registered = 0 WHERE site = ? AND box = ?",
        [row for row in sorted(listed) if Box(*row) not in keys],
    )
    new = sorted(wanted.keys() - known)
    transaction.run_each(
        "INSERT INTO keys (site, box, kid, key_base64, since_seq, confirmed, from_file)"
        " VALUES (?, ?, ?, ?, 0, 1, 1)"
        " ON CONFLICT (site, box, kid) DO UPDATE SET confirmed = 1, from_file = 1",
        [(box.site, box.box, kid, base64.b64encode(wanted[box, kid]).decode()) for box, kid in new],
    )
    transaction.run_each(
        "UPDATE keys SET confirmed = 0, from_file = 0 WHERE site = ? AND box = ? AND kid = ?",
        [(box.site, box.box, kid) for box, kid in sorted(known - wanted.keys())],
    )
    return sorted({box for box, _ in new})


def _read_line(path: Path, number: int, line: str) -> tuple[Box, bytes]:
    whose, _, written = line.strip().rpartition(" ")
    site, _, name = whose.strip().partition("/")
    key = read_key(written)
    if key is None or "/" in name or read_topic(f"city/v1/{site}/{name}/up/status") is None:
        raise EdgeAgentError(f"line {number} of {path} is not a box and its key", hint=_HINT)
    return Box(site, name), key


def _mark_of(path: Path) -> tuple[int, ...]:
    try:
        told = path.stat()
    except OSError:
        return (0,)
    return (told.st_mtime_ns, told.st_size, told.st_ino)
