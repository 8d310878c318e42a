"""A little disk held back, so that a full partition cannot keep the spool from opening or deleting.

What wedges a database on a full disk is its log: even a delete has to be written there first.
"""

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

# The log as it is stretched at the start (1 MiB) plus its index, when the disk was full before us.
RESERVE_BYTES = 1_310_720
# The database file grows only while the partition has this much left: more than the reserve, so
# that giving the reserve up never looks like room to grow.
FLOOR_BYTES = 2 * 1_048_576


class Reserve:
    """One file of real blocks beside the spool. The file system is the only memory: no state here."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def release(self) -> bool:
        """Give the blocks back to the partition; tell whether there were any."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        log.warning("the disk of the spool is full: living from the reserve")
        return True

    def restore(self) -> None:
        """Take the blocks again, if they are missing and the partition can spare them."""
        if self._path.exists() or self.free_bytes() < FLOOR_BYTES + RESERVE_BYTES:
            return
        try:
            with self._path.open("xb") as file:
                self._path.chmod(0o600)
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
        except FileExistsError:
            return  # another thread was faster
        except OSError as error:
            # Somebody took the space, or a quota: work goes on, only less sheltered.
            log.warning("cannot hold back a reserve for the spool: %s", error.strerror)
            self._path.unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """Return what the partition still has for us."""
        state = os.statvfs(self._path.parent)
        return state.f_bavail * state.f_frsize

    def size_bytes(self) -> int:
        """Return what is held back now."""
        return self._path.stat().st_size if self._path.exists() else 0
