"""How often the agent was started on this box, and how its runs ended: kept in one small file.

A run that ends in order notes that itself. Of one that did not, the unit's ExecStopPost notes what
systemd saw; where there is not even that, and the box has booted since, the power failed.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from edge_agent.runtime.clock import rfc3339
from edge_agent.runtime.files import write_whole

log = logging.getLogger(__name__)

FILE = "starts.json"
# Written by systemd/edge-agent.service: "watchdog killed ABRT".
SEEN_BY_SYSTEMD = "last-end"
_MOST_BYTES = 4_096
# Told to end; told to begin anew; a thread died; it could not begin.
STOPPED, RESTARTED, DEFECT, FAILED = "stopped", "restarted", "defect", "failed"
POWER, CRASH = "power", "crash"
# By systemd's word for how a service ended (systemd.exec(5), $SERVICE_RESULT).
_SEEN = {"watchdog": "watchdog", "oom-kill": "memory", "timeout": "timeout", "signal": "killed"}
_IN_ORDER = {STOPPED, RESTARTED, FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """What is known of the runs before, this one counted."""

    count: int = 0
    # Of these, how many followed a run that did not end in order.
    unclean: int = 0
    # How the run before ended; "" where there was none.
    last_end: str = ""
    # How the last of those that did not end in order ended, and when the next one began.
    last_unclean: str = ""
    last_unclean_time: str = ""
    # Of the run that goes on: the kernel's boot, and how it ended; "" as long as it goes on.
    boot: str = ""
    end: str = ""

    def told(self) -> dict[str, object]:
        """Return what the center is told (docs/reference/topics.md)."""
        last = {"end": self.last_unclean, "time": self.last_unclean_time}
        return {
            "count": self.count,
            "unclean": self.unclean,
            "last_end": self.last_end or None,
            "last_unclean": last if self.last_unclean else None,
        }


class StartBook:
    """Counts the starts of one state folder. A disk that refuses costs the count, not the agent."""

    def __init__(self, state_dir: Path, wall: Callable[[], float], boot: str) -> None:
        self.now = Starts()
        self._file = state_dir / FILE
        self._seen = state_dir / SEEN_BY_SYSTEMD
        self._wall = wall
        self._boot = boot

    def begin(self) -> Starts:
        """Count this start, and find out how the run before ended."""
        before = self._read()
        how = self._how_it_ended(before) if before.count else ""
        now = replace(before, count=before.count + 1, last_end=how, boot=self._boot, end="")
        if how and how not in _IN_ORDER:
            now = replace(
                now,
                unclean=now.unclean + 1,
                last_unclean=how,
                last_unclean_time=rfc3339(self._wall()),
            )
            log.warning("the run before this one did not end in order: %s", how)
        self._write(now)
        return now

    def end(self, how: str) -> None:
        """Note how this run ends, in its own word."""
        self._write(replace(self.now, end=how))

    def _how_it_ended(self, before: Starts) -> str:
        try:
            word = self._seen.read_text(errors="replace")[:_MOST_BYTES].partition(" ")[0].strip()
        except OSError:
            word = ""
        # Why it was told to end systemd knows: the kernel killed a process beside it for its memory.
        if before.end and word not in _SEEN:
            return before.end
        if word:
            return _SEEN.get(word, CRASH)
        return CRASH if before.boot == self._boot else POWER

    def _read(self) -> Starts:
        try:
            return _known(json.loads(self._file.read_bytes()[:_MOST_BYTES]))
        except FileNotFoundError:
            return Starts()
        except (OSError, ValueError, TypeError, RecursionError) as error:
            log.warning("starts are counted anew: %s cannot be read (%s)", self._file, error)
            return Starts()

    def _write(self, now: Starts) -> None:
        self.now = now
        try:
            write_whole(self._file, json.dumps(asdict(now), indent=2).encode() + b"\n")
            # What systemd saw was of the run before.
            self._seen.unlink(missing_ok=True)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            log.warning("cannot note how often the agent started: %s", why)


def _known(told: dict[str, object]) -> Starts:
    """Return what we wrote. Raises ValueError or TypeError where somebody else did."""
    known = Starts(**told)  # type: ignore[arg-type]  # looked at below
    for one in fields(known):
        value = getattr(known, one.name)
        if type(value) is not type(one.default) or (isinstance(value, int) and value < 0):
            raise ValueError(one.name)
    return known
