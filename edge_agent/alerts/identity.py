"""Names for alerts that sort by time and never repeat: UUID version 7 (RFC 9562, section 5.7)."""

import random
import uuid
from collections.abc import Callable

_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62


def uuid7(wall: float, source: random.Random) -> uuid.UUID:
    """Return a UUID of that moment (Unix seconds), with 74 random bits."""
    milliseconds = int(wall * 1000) & (1 << 48) - 1
    return uuid.UUID(
        int=milliseconds << 80
        | _VERSION_7
        | source.getrandbits(12) << 64
        | _VARIANT
        | source.getrandbits(62)
    )


class Identities:
    """Gives each visit its name once, at its first alert, and counts its revisions."""

    def __init__(self, wall: Callable[[], float], source: random.Random) -> None:
        self._wall = wall
        self._source = source
        self._open: dict[tuple[str, int], tuple[str, int]] = {}

    def next(self, rule: str, visit: int, *, is_last: bool) -> tuple[str, int]:
        """Return the visit's id and the revision to send now; after the last it is forgotten."""
        key = (rule, visit)
        name, revision = self._open.get(key) or (str(uuid7(self._wall(), self._source)), 0)
        if is_last:
            self._open.pop(key, None)
        else:
            self._open[key] = (name, revision + 1)
        return name, revision
