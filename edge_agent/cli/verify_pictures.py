"""Whether the pictures in a center's files are those that signed alerts name."""

import json
from collections import Counter
from hashlib import sha256

from edge_agent.cli.console import Console
from edge_agent.contract import Verdict, split

# Hashes kept for each side of the comparison; a year of a busy box has fewer.
_MOST = 1_000_000
_GENUINE = frozenset({Verdict.GENUINE, Verdict.AGAIN})
# Whose picture, of which alert, with which hash.
_Name = tuple[tuple[str, str], str, str]


class Pictures:
    """Compares what alerts promise with what came, box by box."""

    def __init__(self) -> None:
        self._named: set[_Name] = set()
        self._here: set[_Name] = set()

    def expect(self, box: tuple[str, str], payload: bytes, verdict: Verdict) -> None:
        """Note the picture that an alert names; one that is not genuine names none."""
        if verdict not in _GENUINE or len(self._named) >= _MOST:
            return
        told = json.loads(split(payload)[0])
        if isinstance(thumb := told.get("thumb"), dict):
            self._named.add((box, str(told.get("id")), str(thumb.get("sha256"))))

    def take(self, box: tuple[str, str], alert_id: str, jpeg: bytes) -> None:
        """Note a picture."""
        if len(self._here) < _MOST:
            self._here.add((box, alert_id, sha256(jpeg).hexdigest()))

    def show(self, box: tuple[str, str], console: Console) -> bool:
        """Say how the box's pictures are, if there are any; tell whether none is wrong.

        One that is missing is no proof of anything: a full disk gives up pictures before alerts.
        """
        name = "/".join(box)
        counts = Counter(
            "fit" if one in self._named else "strange" for one in self._here if one[0] == box
        )
        if counts["fit"]:
            console.ok(name, f"{counts['fit']} pictures are those that the alerts name")
        if counts["strange"]:
            console.bad(name, f"{counts['strange']} pictures that no signed alert names", _STRANGE)
        missing = sum(one[0] == box for one in self._named - self._here) if counts else 0
        if missing:
            console.note(name, f"{missing} pictures that alerts name are not in these files")
        return not counts["strange"]


_STRANGE = "somebody exchanged them, or their alerts are not in these files"
