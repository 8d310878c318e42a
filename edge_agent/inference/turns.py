"""Whose turn it is to be looked at, where more moves than there are looks.

Kept per place and not per object, because what merely moves has no name yet. The place that was
looked at longest ago comes first, so in a storm the looks go round the picture.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from edge_agent.domain.geometry import Box, Point

# Places are about as large as the smallest crop in a wide picture.
COLUMNS, ROWS = 16, 9
# Nothing moved there for this long: whoever waited has gone.
_GONE_S = 2.0


class Turns:
    """Remembers when each place was looked at, and since when it has been waiting in vain."""

    def __init__(self) -> None:
        self._looked_at: dict[int, float] = {}
        # How often somebody in the place was looked at.
        self._looks: Counter[int] = Counter()
        # Since when, and when it was last wanted.
        self._waiting: dict[int, tuple[float, float]] = {}

    def order(self, wanted: Sequence[Iterable[Box]]) -> list[int]:
        """Return the numbers of these looks, each for some areas: the longest ago comes first.

        Several for one place, which only crops of their own show well, take turns in it.
        """
        oldest = [min(map(self._last_look, areas)) for areas in wanted]
        crowds: dict[int, list[int]] = {}
        for number, (_, place) in enumerate(oldest):
            crowds.setdefault(place, []).append(number)

        def turn(number: int) -> tuple[float, int]:
            looked_at, place = oldest[number]
            crowd = crowds[place]
            return looked_at, (crowd.index(number) - self._looks[place]) % len(crowd)

        return sorted(range(len(wanted)), key=turn)

    def waited_s(self, areas: Iterable[Box], taken_at: float) -> float:
        """Return how long the most patient of these has been wanted and not looked at."""
        since = (self._waiting.get(_place(area.centre), (taken_at, 0.0))[0] for area in areas)
        return taken_at - min(since)

    def note(
        self,
        parts: Iterable[Box],
        looked: Iterable[Box],
        refused: Iterable[Box],
        taken_at: float,
    ) -> None:
        """Take in which parts were looked at, for which areas, and which areas had to wait."""
        seen = {_place(area.centre) for area in looked}
        self._looks.update(seen)
        # A crop that covers most of a place may end before what waits there.
        waiting = {_place(area.centre) for area in refused} - seen
        for place in (seen | {place for part in parts for place in _places(part)}) - waiting:
            self._looked_at[place] = taken_at
            self._waiting.pop(place, None)
        for place in waiting:
            since, _ = self._waiting.get(place, (taken_at, taken_at))
            self._waiting[place] = (since, taken_at)
        self._waiting = {
            place: times for place, times in self._waiting.items() if taken_at - times[1] <= _GONE_S
        }

    def longest_wait_s(self, taken_at: float) -> float:
        """Return how long somebody has been waiting by now; 0 if nobody is."""
        return max((taken_at - since for since, _ in self._waiting.values()), default=0.0)

    def _last_look(self, area: Box) -> tuple[float, int]:
        place = _place(area.centre)
        return self._looked_at.get(place, float("-inf")), place


def _place(point: Point) -> int:
    column = min(COLUMNS - 1, max(0, int(point.x * COLUMNS)))
    return min(ROWS - 1, max(0, int(point.y * ROWS))) * COLUMNS + column


def _places(part: Box) -> Iterable[int]:
    """Return the places whose middle lies in the part."""
    return (
        row * COLUMNS + column
        for row in range(ROWS)
        for column in range(COLUMNS)
        if part.left <= (column + 0.5) / COLUMNS <= part.right
        and part.top <= (row + 0.5) / ROWS <= part.bottom
    )
