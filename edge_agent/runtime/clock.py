"""Three clocks, never mixed: the wall for people, the monotonic for waiting, the camera's for rules.

The camera's clock is not here: it comes with each frame.
"""

import ctypes
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from edge_agent.runtime.timedate import Timedate

# adjtimex(2): the kernel's word for "nobody disciplines this clock".
_TIME_ERROR = 5
_STA_UNSYNC = 0x0040


@dataclass(frozen=True, slots=True)
class ClockState:
    """Whether the box's wall clock can be believed, as the kernel knows it (adjtimex(2))."""

    is_synced: bool
    # The kernel's bound on how wrong the clock may be; None if it does not say, or may not be asked.
    error_ms: float | None


class Clock(Protocol):
    """What time it is, by the box."""

    def wall(self) -> float:
        """Return Unix seconds. May jump in either direction."""
        ...

    def mono(self) -> float:
        """Return seconds that only grow; for waiting and for ages."""
        ...

    def state(self) -> ClockState:
        """Return whether the wall clock is to be believed."""
        ...


class SystemClock:
    """The box's own clock."""

    def wall(self) -> float:
        """Return Unix seconds. May jump in either direction."""
        return time.time()  # noqa: TID251 (the one place)

    def mono(self) -> float:
        """Return seconds that only grow; for waiting and for ages."""
        return time.monotonic()

    def state(self) -> ClockState:
        """Return whether the wall clock is to be believed."""
        return _kernel_state() or ClockState(
            is_synced=_timedate.is_synced(self.wall()), error_ms=None
        )


def rfc3339(wall: float) -> str:
    """Return Unix seconds as RFC 3339 writes them: UTC, in milliseconds."""
    moment = datetime.fromtimestamp(wall, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Timex(ctypes.Structure):
    """`struct timex` of <sys/timex.h>, up to the last member we read."""

    _fields_ = (  # type: ignore[mutable-override]  # ctypes reads a plain tuple
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        # The kernel writes the whole structure; glibc's is 208 bytes on 64-bit machines.
        ("rest", ctypes.c_byte * 256),
    )


# One for the process: it holds an answer.
_timedate = Timedate()


def _kernel_state() -> ClockState | None:
    """Return what the kernel says; None where it may not be asked."""
    answer = _Timex()
    try:
        result = int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(answer)))
    except (AttributeError, OSError):
        return None
    if result < 0:
        return None
    is_synced = result != _TIME_ERROR and not answer.status & _STA_UNSYNC
    return ClockState(is_synced=is_synced, error_ms=answer.maxerror / 1000)
