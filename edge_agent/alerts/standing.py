"""What stands open at the moment, rule by rule: what mirrors show of alerts.

An alert is told in revisions; other people's formats know only that a rule is broken, or is not.
"""

import json
import threading
from dataclasses import dataclass, replace

from edge_agent.domain.alert import Alert
from edge_agent.domain.sighting import State

# Visits remembered for each rule; a crowd beyond it is a crowd all the same.
_MOST_OPEN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One rule of one camera, or one trouble that the camera reports of itself."""

    camera: str
    rule: str
    # intrusion, tamper, video_loss …
    kind: str
    is_on: bool = False
    # When it came to that, as the alert has it; "" before the first alert.
    time: str = ""
    # Of the object that the latest alert is about.
    track: int | None = None


class Standings:
    """Knows how every rule stands. Any thread may use it."""

    def __init__(self, known: tuple[Standing, ...]) -> None:
        self._lock = threading.Lock()
        # A rule may be called like a trouble.
        self._standing = {_key(one): one for one in known}
        self._open: dict[tuple[str, str, str], set[str]] = {}

    def all(self) -> tuple[Standing, ...]:
        """Return all of them, in the order of the configuration."""
        with self._lock:
            return tuple(self._standing.values())

    def settle(self, known: tuple[Standing, ...]) -> tuple[Standing, ...]:
        """Know these from now on, as they stand; return those that are known no longer."""
        keys = {_key(one): one for one in known}
        with self._lock:
            before = self._standing
            self._standing = {key: before.get(key, one) for key, one in keys.items()}
            self._open = {key: visits for key, visits in self._open.items() if key in keys}
            return tuple(one for key, one in before.items() if key not in keys)

    def take(self, alert: Alert) -> Standing | None:
        """Return how the alert's rule stands now; None for a rule that nobody knows."""
        told = json.loads(alert.body)
        key = alert.camera, told["type"], told["rule"]
        with self._lock:
            before = self._standing.get(key)
            if before is None:
                return None
            visits = self._open.setdefault(key, set())
            if told["state"] == State.END:
                visits.discard(alert.id)
            elif len(visits) < _MOST_OPEN:
                visits.add(alert.id)
            objects = told.get("objects") or [{}]
            now = replace(
                before, is_on=bool(visits), time=told["time"], track=objects[0].get("track")
            )
            self._standing[key] = now
            return now


def _key(one: Standing) -> tuple[str, str, str]:
    return one.camera, one.kind, one.rule
