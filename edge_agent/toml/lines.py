"""Where in a TOML file a value stands. `tomllib` tells values, but not their lines."""

import re
from collections.abc import Iterator

# ("zones", 0, "outline"): the outline of the first zone.
Place = tuple[str | int, ...]

_NAME = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_NAMES = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_NAMES})\s*\]")
_KEY = re.compile(rf"\s*({_NAMES})\s*=")


class Lines:
    """The lines of one file, by place. A file that is no valid TOML has lines all the same."""

    def __init__(self, text: str) -> None:
        self._line_of: dict[Place, int] = {}
        for number, place in _places(text):
            self._line_of.setdefault(place, number)

    def find(self, place: Place) -> int | None:
        """Return the line of a place, or of the nearest thing around it; they count from 1."""
        for length in range(len(place), 0, -1):
            if line := self._line_of.get(place[:length]):
                return line
        return None


def _places(text: str) -> Iterator[tuple[int, Place]]:
    table: Place = ()
    counts: dict[Place, int] = {}
    for number, line in _lines_outside_texts(text):
        if header := _HEADER.match(line):
            table = _split(header[2])
            yield number, table
            if header[1] == "[[":
                count = counts.get(table, 0)
                counts[table] = count + 1
                table = (*table, count)
                yield number, table
        elif key := _KEY.match(line):
            yield number, (*table, *_split(key[1]))


def _lines_outside_texts(text: str) -> Iterator[tuple[int, str]]:
    is_inside = False
    for number, line in enumerate(text.split("\n"), start=1):
        if not is_inside:
            yield number, line
        is_inside ^= (line.count('"""') + line.count("'''")) % 2 == 1


def _split(names: str) -> Place:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, names))
