"""Looking where nothing is known: the whole picture every 30 s, for what stands still.

Where people are so small that the whole picture, squeezed into the model's input, would hide
them, a round also goes over the picture in parts, one at a time, spread over the 30 s.
"""

from dataclasses import dataclass

from edge_agent.domain.geometry import Box, Point
from edge_agent.inference.size_grid import COLUMNS, SizeGrid
from edge_agent.inference.sizes import LEAST_HEIGHT_PX

# Camera seconds between two rounds, for what stood there before we came.
SWEEP_S = 30.0
WHOLE = Box(0.0, 0.0, 1.0, 1.0)
# While nothing is learned: the whole of 704x576 and 768x576 will do; of 1920x1080, parts of 640.
_LARGEST_SQUEEZE, _PART_SQUEEZE = 2.5, 2.0
# More parts than one a second cost more than they find.
MOST_PARTS = 30
# Neighbours share this part of their side, so that somebody between them is whole in one.
_SHARED = 0.15
_GROWTH = 1.25


@dataclass(frozen=True, slots=True)
class _View:
    """The frame in pixels, and the side of the model's input."""

    width_px: int
    height_px: int
    side_px: int


class Sweep:
    """One camera's rounds, in its own time. The first, and one after the light changed, is quick."""

    def __init__(self, sizes: SizeGrid, side_px: int) -> None:
        self._sizes = sizes
        self._side_px = side_px
        self._parts: tuple[Box, ...] = ()
        self._next = 0
        self._began_at = 0.0
        # No pause between the parts of this round; once more after it.
        self._is_quick = True
        self._is_wanted_again = False

    def hurry(self) -> None:
        """Begin a quick round: nobody knows what moved meanwhile. One under way ends first."""
        self._is_wanted_again = True

    def part(self, width_px: int, height_px: int, taken_at: float) -> Box | None:
        """Return the part that is to be looked at now; None: later. `done` tells that it was."""
        if self._next >= len(self._parts) and not self._begin(width_px, height_px, taken_at):
            return None
        return self._parts[self._next] if self.overdue_s(taken_at) >= 0.0 else None

    def overdue_s(self, taken_at: float) -> float:
        """Return since when the next part should have been looked at."""
        pause_s = 0.0 if self._is_quick else SWEEP_S / len(self._parts)
        return taken_at - self._began_at - self._next * pause_s

    def done(self) -> None:
        """Go on to the next part."""
        self._next += 1

    def _begin(self, width_px: int, height_px: int, taken_at: float) -> bool:
        is_first = not self._parts
        if not is_first and not self._is_wanted_again and taken_at - self._began_at < SWEEP_S:
            return False
        self._is_quick, self._is_wanted_again = is_first or self._is_wanted_again, False
        self._began_at, self._next = taken_at, 0
        view = _View(width_px, height_px, self._side_px)
        self._parts = (WHOLE, *plan_parts(view, self._sizes))
        return True


def plan_parts(view: _View, sizes: SizeGrid) -> list[Box]:
    """Return the parts that show everybody tall enough; none, where the whole picture does."""
    longer = max(view.width_px, view.height_px)
    least = sizes.least()
    if least is None and longer <= _LARGEST_SQUEEZE * view.side_px:
        return []
    if least is not None and least * view.height_px * view.side_px >= LEAST_HEIGHT_PX * longer:
        return []
    zoom = 1.0
    while len(parts := _bands(view, sizes, zoom)) > MOST_PARTS:
        zoom *= _GROWTH
    return parts


def _bands(view: _View, sizes: SizeGrid, zoom: float) -> list[Box]:
    """Return rows of squares from the top: far away they are small, near they are large."""
    parts: list[Box] = []
    top = 0.0
    while True:
        side = min(_side(view, sizes, top) * zoom, view.width_px, view.height_px)
        is_last = top + side >= view.height_px - 1
        start = max(0.0, min(top, view.height_px - side))
        parts += [
            Box(
                left / view.width_px,
                start / view.height_px,
                (left + side) / view.width_px,
                (start + side) / view.height_px,
            )
            for left in _starts(view.width_px, side)
        ]
        if is_last:
            return parts
        top += side * (1 - _SHARED)


def _side(view: _View, sizes: SizeGrid, top: float) -> float:
    """Return the side of the squares of a row that begins here: its smallest people decide."""
    row = top / view.height_px
    heights = [sizes.at(Point((column + 0.5) / COLUMNS, row)) for column in range(COLUMNS)]
    known = [height for height in heights if height is not None]
    if not known:
        return _PART_SQUEEZE * view.side_px
    largest = min(known) * view.height_px * view.side_px / LEAST_HEIGHT_PX
    return max(view.side_px / 2, largest)


def _starts(length: float, side: float) -> list[float]:
    """Return where squares begin that cover a row, evenly, each sharing a little with the next."""
    if side >= length:
        return [0.0]
    count = 1 + int(-(-(length - side) // (side * (1 - _SHARED))))
    return [(length - side) * n / (count - 1) for n in range(count)]
