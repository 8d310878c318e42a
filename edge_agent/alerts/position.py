"""How far this box's numbers may have gone, kept beside the key and apart from the spool.

A number must never be signed twice, also when the spool was lost: to the center that is forgery.
So numbers are taken in advance, some at a time, and a new spool begins after all that were taken.
Beside them stands the newest number that the spool has kept, written without waiting for the disk:
a spool that ends before it has lost something, be it one alert.
"""

import os
import zlib
from pathlib import Path

from edge_agent.runtime.files import write_whole

# Numbers taken at a time: one more write to the disk for so many alerts, and as many numbers that
# nobody can account for after a loss.
STEP = 64
# One sector each: two for what was taken, written in turn, so that a power cut spoils the newer one
# at most; the third for what was kept.
_SLOT_BYTES = 512
_SLOTS = 2


class Position:
    """The greatest number that may have been signed. Its file never grows: a full disk is no matter.

    Writers come one after the other: the spool's transaction sees to that. Raises OSError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        content = _slots_of(path)
        found = [_read_slot(content, slot) for slot in range(_SLOTS)]
        known = [one for one in found if one is not None]
        # None: there is no file, or it cannot be believed.
        self.most: int | None = max(known) if known else None
        # The newest that is known to have been kept; 0 where that is not known.
        self.kept = _read_slot(content, _SLOTS) or 0

    def begin(self, most: int = 0) -> None:
        """Make the file: before the key that it belongs to, or anew after a loss, never from 0."""
        write_whole(self._path, _slot(most) * _SLOTS + _slot(0), mode=0o600)
        self.most, self.kept = most, 0

    def cover(self, seq: int) -> None:
        """Return only when the disk knows that this number may be signed."""
        if self.most is not None and seq <= self.most:
            return
        most = seq + STEP - 1
        if self.most is None:
            self.begin(most)
            return
        self._put(most, most // STEP % _SLOTS, waits=True)
        self.most = most

    def note_kept(self, seq: int) -> None:
        """Remember that the spool has kept everything up to this number, after it has.

        The spool's own commit has reached the disk before, so this is never ahead of it.
        """
        if seq > self.kept and self.most is not None:
            self._put(seq, _SLOTS, waits=False)
            self.kept = seq

    def _put(self, number: int, slot: int, *, waits: bool) -> None:
        handle = os.open(self._path, os.O_WRONLY)
        try:
            os.pwrite(handle, _slot(number), _SLOT_BYTES * slot)
            if waits:
                os.fdatasync(handle)
        finally:
            os.close(handle)


def _slot(most: int) -> bytes:
    text = b"%020d" % most
    return (b"%s %08x\n" % (text, zlib.crc32(text))).ljust(_SLOT_BYTES)


def _slots_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _read_slot(content: bytes, number: int) -> int | None:
    slot = content[number * _SLOT_BYTES : (number + 1) * _SLOT_BYTES]
    digits = slot[:20]
    return int(digits) if digits.isdigit() and slot == _slot(int(digits)) else None
