"""Rules and masks that the center has switched off: kept over a restart, some for a while only.

Nothing is here that is on. A file that cannot be read switches nothing off: what a person wrote in a
camera's file counts.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edge_agent.domain.sighting import Finding, Scene
from edge_agent.duty import Rule
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import rfc3339
from edge_agent.runtime.files import write_whole

log = logging.getLogger(__name__)

FILE = "switches.json"


class Kind(StrEnum):
    """What can be switched."""

    RULE = "rule"
    MASK = "mask"


@dataclass(frozen=True, slots=True)
class Off:
    """One thing that is off; `until` is Unix seconds, None is for good."""

    kind: Kind
    camera: str
    name: str
    until: float | None = None

    def __str__(self) -> str:
        """Return it in words, for people."""
        till = "" if self.until is None else f" until {rfc3339(self.until)}"
        return f"{self.camera}: the {self.kind} {self.name} is switched off{till}"


class Switches:
    """What is off. Any thread may ask; one thread switches."""

    def __init__(self, file: Path, wall: Callable[[], float]) -> None:
        self._file = file
        self._wall = wall
        # Replaced as a whole, never changed.
        self._off: tuple[Off, ...] = _read(file)

    def is_on(self, kind: Kind, camera: str, name: str) -> bool:
        """Tell whether a rule or a mask is to work now."""
        return not any(
            (one.kind, one.camera, one.name) == (kind, camera, name) for one in self.off()
        )

    def off(self) -> tuple[Off, ...]:
        """Return what is off now."""
        if not self._off:
            return ()
        now = self._wall()
        return tuple(one for one in self._off if one.until is None or now < one.until)

    def switch(self, what: Off, *, on: bool) -> None:
        """Switch one on, or off; on the disk when this returns. Raises EdgeAgentError."""
        mine = (what.kind, what.camera, what.name)
        others = tuple(one for one in self.off() if (one.kind, one.camera, one.name) != mine)
        off = others if on else (*others, what)
        told = [
            {"kind": one.kind, "camera": one.camera, "name": one.name, "until": one.until}
            for one in off
        ]
        try:
            write_whole(self._file, json.dumps(told, indent=2).encode() + b"\n")
        except OSError as error:
            raise EdgeAgentError(
                f"cannot keep what is switched off in {self._file}: {error.strerror}",
                hint=f"check the disk and who may write there: df -h {self._file.parent}",
            ) from error
        self._off = off


class SwitchedRule:
    """A rule that may be switched off: what it told is ended then, and it judges nothing."""

    def __init__(self, rule: Rule, is_on: Callable[[], bool]) -> None:
        self._rule = rule
        self._is_on = is_on
        self._was_on = True

    def judge(self, scene: Scene) -> list[Finding]:
        """Return what changed with this scene."""
        was_on, self._was_on = self._was_on, self._is_on()
        if self._was_on:
            return self._rule.judge(scene)
        return self._rule.finish() if was_on else []

    def finish(self) -> list[Finding]:
        """Return what has to be said when nothing will be seen for a while."""
        return self._rule.finish()


def _read(file: Path) -> tuple[Off, ...]:
    try:
        return tuple(map(_off, json.loads(file.read_bytes())))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("nobody knows what was switched off: %s cannot be read (%s)", file, error)
        return ()


def _off(told: dict[str, object]) -> Off:
    until = told["until"]
    is_time = until is None or (isinstance(until, int | float) and not isinstance(until, bool))
    if not is_time:
        raise ValueError(until)
    return Off(Kind(str(told["kind"])), str(told["camera"]), str(told["name"]), until)  # type: ignore[arg-type]  # looked at above


def switched(rule: Rule, name: str, switches: Switches, camera: str) -> Rule:
    """Return a camera's rule as it can be switched."""
    return SwitchedRule(rule, lambda: switches.is_on(Kind.RULE, camera, name))
