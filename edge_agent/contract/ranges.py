"""A set of whole numbers that come mostly in a row: a million messages in a row cost one entry."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from edge_agent.contract.body import Range


class Ranges:
    """Numbers, kept as ranges that neither touch nor overlap."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._ranges: list[Range] = []
        for one in ranges:
            self.add(one)

    def __iter__(self) -> Iterator[Range]:
        return iter(self._ranges)

    def __contains__(self, number: int) -> bool:
        at = bisect_left(self._ranges, number, key=lambda one: one.last)
        return at < len(self._ranges) and self._ranges[at].first <= number

    @property
    def last(self) -> int:
        """The greatest number; 0 where there is none."""
        return self._ranges[-1].last if self._ranges else 0

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return sum(one.last - one.first + 1 for one in self._ranges)

    def add(self, new: Range) -> None:
        """Add every number of a range."""
        begin = bisect_left(self._ranges, new.first - 1, key=lambda one: one.last)
        end = begin
        while end < len(self._ranges) and self._ranges[end].first <= new.last + 1:
            end += 1
        touched = self._ranges[begin:end]
        first = min([new.first, *(one.first for one in touched)])
        last = max([new.last, *(one.last for one in touched)])
        self._ranges[begin:end] = [Range(first, last)]

    def missing(self, within: Range) -> tuple[Range, ...]:
        """Return what is not here of a range."""
        gaps, next_ = [], within.first
        for one in self._ranges:
            if one.last < next_:
                continue
            if one.first > within.last:
                break
            if one.first > next_:
                gaps.append(Range(next_, one.first - 1))
            next_ = one.last + 1
        if next_ <= within.last:
            gaps.append(Range(next_, within.last))
        return tuple(gaps)
