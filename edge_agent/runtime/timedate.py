"""Whether the clock is disciplined, asked of systemd where the service's sandbox hides the kernel's word.

`ProtectClock=yes` forbids adjtimex(2), reading included. systemd's timedated (org.freedesktop.timedate1,
`NTPSynchronized`) reads it for others, whichever program disciplines the clock.
"""

from __future__ import annotations

import subprocess
import time
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_QUESTION = ("/usr/bin/timedatectl", "show", "--property=NTPSynchronized", "--value")
# Seconds for which an answer holds, unless the clock was set; and for which one is waited for, longer
# where the last one says nothing any more. Who comes in the meantime and later gets the last answer, for
# an alert may be on its way.
HOLDS_S, PATIENCE_S, _MOST_PATIENCE_S = 30.0, 2.0, 10.0
# Seconds of a step after which the last answer says nothing.
_STEP_S = 1.0


class Timedate:
    """Asks no more than once in `HOLDS_S`, or after a step; what nobody answers is not synchronised."""

    def __init__(self, question: Sequence[str] = _QUESTION) -> None:
        self._question = question
        self._lock = Lock()
        self._is_synced = False
        self._asking: subprocess.Popen[bytes] | None = None
        # When it was asked last, and how far the wall clock was ahead of the monotonic one then.
        self._asked_at, self._asked_ahead_s = -HOLDS_S, 0.0

    def is_synced(self, wall: float) -> bool:
        """Return what was answered last; `wall` is Unix seconds, now."""
        mono = time.monotonic()
        with self._lock:
            if self._asking is not None:
                self._listen(0.0)
                return self._is_synced
            is_set = abs(wall - mono - self._asked_ahead_s) > _STEP_S
            if is_set or mono - self._asked_at >= HOLDS_S:
                self._asked_at, self._asked_ahead_s = mono, wall - mono
                self._ask()
                self._listen(_MOST_PATIENCE_S if is_set else PATIENCE_S)
            return self._is_synced

    def _ask(self) -> None:
        nothing = subprocess.DEVNULL
        try:
            self._asking = subprocess.Popen(  # noqa: S603 (a question of our own)
                self._question, stdin=nothing, stdout=subprocess.PIPE, stderr=nothing
            )
        except OSError:
            self._is_synced = False

    def _listen(self, patience_s: float) -> None:
        asking = self._asking
        if asking is None or not _has_ended(asking, patience_s):
            return
        answer, _ = asking.communicate()
        self._asking = None
        self._is_synced = asking.returncode == 0 and answer.strip() == b"yes"


def _has_ended(asking: subprocess.Popen[bytes], patience_s: float) -> bool:
    # Its word is shorter than a pipe, so that it ends without being read.
    try:
        asking.wait(patience_s)
    except subprocess.TimeoutExpired:
        return False
    return True
