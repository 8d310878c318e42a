"""What a camera taught about sizes, kept over a restart: one small file a camera.

A file that cannot be read is no reason to be blind: the sizes are learned anew.
"""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from edge_agent.inference.size_grid import Height, SizeGrid
from edge_agent.runtime.files import write_whole

log = logging.getLogger(__name__)

# A power cut costs what was learned in this time; SD cards wear out by writing.
KEEP_S = 3600.0
# Ours are 9 KB at most; anything larger was not written by us.
_MOST_BYTES = 100_000


class SizeFile:
    """Keeps one camera's sizes, every hour and when told to."""

    def __init__(self, path: Path, wall: Callable[[], float]) -> None:
        """Read what is remembered; a damaged file is as good as none."""
        self.grid = SizeGrid(_read(path))
        self._path = path
        self._wall = wall
        self.grid.forget(wall())
        self._kept = self.grid.cells
        self._kept_wall = wall()

    def keep_now_and_then(self) -> None:
        """Write the file where an hour has passed since the last time; cheap otherwise."""
        # A wall clock that jumped back must not keep us from writing until it is there again.
        if abs(self._wall() - self._kept_wall) >= KEEP_S:
            self.keep()

    def keep(self) -> None:
        """Write the file if there is something new; a disk that refuses is told, once an hour."""
        self._kept_wall = self._wall()
        self.grid.forget(self._kept_wall)
        cells = self.grid.cells
        if cells == self._kept:
            return
        told = [[n, [[round(h.height, 4), int(h.seen_wall)] for h in hs]] for n, hs in cells]
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, json.dumps(told, separators=(",", ":")).encode())
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            log.warning("what was learned about sizes is not kept: %s", why)
            return
        self._kept = cells


def _read(path: Path) -> Iterator[tuple[int, list[Height]]]:
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(_MOST_BYTES))
        cells = [
            (int(number), [Height(float(height), float(wall)) for height, wall in heights])
            for number, heights in told
        ]
    # Nested too deep, or a number beyond all bounds: nothing that we wrote.
    except (OSError, ValueError, TypeError, OverflowError, RecursionError):
        return
    for number, heights in cells:
        yield number, [one for one in heights if 0 < one.height <= 1]
