"""How tall people are in each part of one camera's picture, learned from what was followed there.

A mast shows a person of 200 pixels at its foot and one of 15 at the end of the street. Who knows
which, knows how large a crop may be before they are too small to be seen. Learned from boxes that
the tracker believes in; all heights are fractions of the picture's height.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from edge_agent.domain.geometry import Box, Point
from edge_agent.domain.sighting import Label, Track

# Cells of a sixteenth by a ninth are square in most cameras' pictures.
COLUMNS, ROWS = 16, 9
# Heights remembered per cell, the newest; a camera that was turned is learned anew after nine.
MOST_PER_CELL = 16
# Fewer heights than this in a place say nothing yet.
FEWEST = 4
# A season: trees grow, masts are hit by lorries, and nobody tells us.
MEMORY_S = 90 * 86_400.0
# Clocks of boxes without a battery are set late, and wrong ones are put back.
_FUTURE_S = 86_400.0
# Persons, riders and cars are about as tall as each other; buses and trucks twice that.
_TALLNESS = {Label.BUS: 2.0, Label.TRUCK: 2.0}
# A heap may be of any height.
_UNTOLD = frozenset({Label.GARBAGE})
# Tracks whose last cell is remembered, so that who stands still counts once.
_MOST_TRACKS = 64
# A box cut by the picture's edge is smaller than what it shows.
_EDGE = 0.005


@dataclass(frozen=True, slots=True)
class Height:
    """How tall somebody was, and when by the box's wall clock (Unix seconds)."""

    height: float
    seen_wall: float


class SizeGrid:
    """Learns from tracks; forgets what is old. For one thread."""

    def __init__(self, cells: Iterable[tuple[int, Sequence[Height]]] = ()) -> None:
        """Begin with what is remembered: cells are numbered row by row from the upper left."""
        self._cells = {
            number: deque(heights, maxlen=MOST_PER_CELL)
            for number, heights in cells
            if 0 <= number < COLUMNS * ROWS
        }
        self._last_cell: dict[int, int] = {}

    @property
    def cells(self) -> list[tuple[int, tuple[Height, ...]]]:
        """What is known, by cell, to be kept."""
        return [(number, tuple(heights)) for number, heights in sorted(self._cells.items())]

    def learn(self, tracks: Iterable[Track], taken_at: float, now_wall: float) -> None:
        """Take in who is seen now; once for each cell that somebody comes to."""
        for track in tracks:
            is_seen = track.is_confirmed and track.last_seen == taken_at
            if is_seen and _is_whole(track.box) and track.label not in _UNTOLD:
                self._learn_one(track, now_wall)

    def at(self, place: Point) -> float | None:
        """Return how tall a person is whose feet are there; None: nobody knows yet.

        The median of the cell, or of those around it, or of the whole row: along a row the
        distance from the camera is much the same.
        """
        column, row = _column(place), _row(place)
        around = [(column + x, row + y) for y in (-1, 0, 1) for x in (-1, 0, 1)]
        for cells in ([(column, row)], around, [(x, row) for x in range(COLUMNS)]):
            heights = self._heights(cells)
            if len(heights) >= FEWEST:
                return median(heights)
        return None

    def least(self) -> float | None:
        """Return how tall people are where they are smallest; None: nobody knows yet."""
        medians = [
            median(one.height for one in heights)
            for heights in self._cells.values()
            if len(heights) >= FEWEST
        ]
        return min(medians, default=None)

    def forget(self, now_wall: float) -> None:
        """Drop what was seen a season ago, and what a wrong clock calls the future."""
        for number, heights in list(self._cells.items()):
            recent = [one for one in heights if -_FUTURE_S <= now_wall - one.seen_wall <= MEMORY_S]
            self._cells[number] = deque(recent, maxlen=MOST_PER_CELL)
            if not recent:
                del self._cells[number]

    def _learn_one(self, track: Track, now_wall: float) -> None:
        foot = track.box.foot
        number = _row(foot) * COLUMNS + _column(foot)
        if self._last_cell.get(track.id) == number:
            return
        self._last_cell.pop(track.id, None)
        if len(self._last_cell) >= _MOST_TRACKS:
            del self._last_cell[next(iter(self._last_cell))]
        self._last_cell[track.id] = number
        height = track.box.height / _TALLNESS.get(track.label, 1.0)
        self._cells.setdefault(number, deque(maxlen=MOST_PER_CELL)).append(Height(height, now_wall))

    def _heights(self, cells: Iterable[tuple[int, int]]) -> list[float]:
        return [
            one.height
            for column, row in cells
            if 0 <= column < COLUMNS and 0 <= row < ROWS
            for one in self._cells.get(row * COLUMNS + column, ())
        ]


def _is_whole(box: Box) -> bool:
    return min(box.left, box.top) > _EDGE and max(box.right, box.bottom) < 1.0 - _EDGE


def _column(place: Point) -> int:
    return min(COLUMNS - 1, max(0, int(place.x * COLUMNS)))


def _row(place: Point) -> int:
    return min(ROWS - 1, max(0, int(place.y * ROWS)))
