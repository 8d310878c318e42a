"""Where the model should look: square crops around what moves and what is followed.

A person far away is 24 pixels tall in 640x360; squeezed with the whole picture to 320 pixels they
are 12 and gone. So crops keep the camera's own pixels, or even enlarge them, and grow only where
what is there is large enough to bear it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import ceil

from edge_agent.domain.geometry import Box
from edge_agent.inference.budget import Need

# Room around an area, as a part of its longer side: blocks and tracks end short of feet and
# wheels, and models want to see a little of the street.
MARGIN = 0.15
# Two crops that share more than this of the smaller one are one crop, if that may grow so much.
MOSTLY_SHARED, LARGEST_GROWTH = 0.6, 1.5
# Rain lights a hundred areas; comparing 24 with one another takes 1 ms in 640x360, 4 in 1920x1080.
MOST_AREAS, NEIGHBOURHOODS = 24, 4
# `Frame.cut` moves edges outwards to even pixels; a hair inside, rounding cannot move them.
_HAIR_PX = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A place to look at, as fractions of the frame, and what suits it.

    The crop is a square of at least `least_px` frame pixels. It may grow to `most_px` to take in
    others; beyond that, what is there would be too small for the model.
    """

    area: Box
    need: Need
    least_px: int
    most_px: int
    # One object, or what could be one: it is never looked at in parts.
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of the frame to look at, and whose wishes that fulfils."""

    part: Box
    wishes: tuple[Wish, ...]

    @property
    def need(self) -> Need:
        """The most urgent reason."""
        return min(wish.need for wish in self.wishes)


@dataclass(frozen=True, slots=True)
class _Canvas:
    """The frame in even pixels."""

    width: int
    height: int

    def side_for(self, cluster: "_Cluster") -> int | None:
        """Return the side of the square for a cluster in pixels; None: only the frame holds it."""
        extent = max(cluster.box.width, cluster.box.height)
        largest = min(self.width, self.height)
        # One more on each side, as the square moves to even pixels.
        if extent + 2 > largest or cluster.least_px >= max(self.width, self.height):
            return None
        roomy = int(extent * (1 + 2 * MARGIN) / 2 + 1) * 2
        return min(largest, max(roomy, cluster.least_px // 2 * 2))

    def square(self, cluster: "_Cluster") -> Box:
        """Return the crop for a cluster, in pixels: a square inside the frame, or the frame."""
        side = self.side_for(cluster)
        if side is None:
            return Box(0, 0, self.width, self.height)
        left = _shifted(cluster.box.centre.x - side / 2, self.width - side)
        top = _shifted(cluster.box.centre.y - side / 2, self.height - side)
        return Box(left, top, left + side, top + side)

    def cost(self, cluster: "_Cluster") -> float:
        """Return the side of the crop: the longer it is, the fewer pixels an object keeps."""
        return self.side_for(cluster) or max(self.width, self.height)


@dataclass(frozen=True, slots=True)
class _Cluster:
    """Wishes that share a crop; `box` is around all of them, in pixels."""

    box: Box
    least_px: int
    # No crop of theirs may be larger.
    limit_px: float
    wishes: tuple[Wish, ...]

    def joined(self, other: "_Cluster") -> "_Cluster":
        """Return both as one."""
        return _Cluster(
            self.box.covering(other.box),
            max(self.least_px, other.least_px),
            min(self.limit_px, other.limit_px),
            self.wishes + other.wishes,
        )


def choose_crops(
    width_px: int, height_px: int, wishes: Sequence[Wish], *, most: int
) -> tuple[Crop, ...]:
    """Return crops that together fulfil every wish, in the order of the wishes.

    There may be more than `most`: the rest has to wait for another frame. Where there are, the
    nearest share one as long as what they show stays large enough. What only the whole frame
    holds, and a frame no larger than a crop would be, get the whole frame.
    """
    canvas = _Canvas(width_px // 2 * 2, height_px // 2 * 2)
    small, parts = _split(_thinned(wishes), width_px, height_px)
    alone = [_cluster(wish, canvas, width_px, height_px) for wish in small]
    clusters = _merge_shared(_gathered(alone, canvas), canvas)
    while len(clusters) > most and (pair := _cheapest_pair(clusters, canvas)):
        clusters = _joined(clusters, *pair)
    clusters += [_cluster(part, canvas, width_px, height_px) for part in parts]
    return tuple(
        Crop(_fractions(canvas.square(one), width_px, height_px), one.wishes) for one in clusters
    )


def _cluster(wish: Wish, canvas: _Canvas, width_px: int, height_px: int) -> _Cluster:
    alone = _Cluster(_pixels(wish.area, width_px, height_px), wish.least_px, 0, (wish,))
    # An object larger than any crop it should share has one of its own.
    own = canvas.cost(alone) if wish.is_whole else 0.0
    return replace(alone, limit_px=max(wish.most_px, wish.least_px, own))


def _thinned(wishes: Sequence[Wish]) -> list[Wish]:
    """Join what moves in one neighbourhood, where a storm brings too much to compare."""
    if len(wishes) <= MOST_AREAS:
        return list(wishes)
    urgent = [wish for wish in wishes if wish.need is Need.WATCHED][:MOST_AREAS]
    neighbourhoods: dict[tuple[int, int], Wish] = {}
    for wish in wishes:
        if not any(wish is one for one in urgent):
            centre = wish.area.clipped().centre
            place = (int(centre.x * NEIGHBOURHOODS), int(centre.y * NEIGHBOURHOODS))
            known = neighbourhoods.get(place)
            neighbourhoods[place] = wish if known is None else _both(known, wish)
    return urgent + list(neighbourhoods.values())


def _both(one: Wish, other: Wish) -> Wish:
    return Wish(
        area=one.area.covering(other.area),
        need=min(one.need, other.need),
        least_px=max(one.least_px, other.least_px),
        most_px=min(one.most_px, other.most_px),
        is_whole=one.is_whole and other.is_whole,
    )


def _gathered(alone: Sequence[_Cluster], canvas: _Canvas) -> list[_Cluster]:
    """Put each, in order, into the first cluster whose square stays as small as it may be."""
    clusters: list[_Cluster] = []
    for one in alone:
        for place, cluster in enumerate(clusters):
            both = cluster.joined(one)
            least = max(canvas.cost(cluster), canvas.cost(one))
            if canvas.cost(both) <= min(least, both.limit_px):
                clusters[place] = both
                break
        else:
            clusters.append(one)
    return clusters


def _merge_shared(clusters: list[_Cluster], canvas: _Canvas) -> list[_Cluster]:
    """Join clusters whose squares mostly overlap, until there are none."""
    squares = [canvas.square(one) for one in clusters]
    for first, second in combinations(range(len(clusters)), 2):
        one, other = squares[first], squares[second]
        if one.shared(other) <= MOSTLY_SHARED * min(one.area, other.area):
            continue
        both = clusters[first].joined(clusters[second])
        limit = LARGEST_GROWTH * max(one.width, one.height, other.width, other.height)
        if canvas.cost(both) <= min(limit, both.limit_px):
            return _merge_shared(_joined(clusters, first, second), canvas)
    return clusters


def _cheapest_pair(clusters: list[_Cluster], canvas: _Canvas) -> tuple[int, int] | None:
    """Return the two clusters whose common square is the smallest; None where none may be."""
    pairs = {
        (first, second): clusters[first].joined(clusters[second])
        for first, second in combinations(range(len(clusters)), 2)
    }
    costs = {pair: canvas.cost(both) for pair, both in pairs.items()}
    lawful = [pair for pair, both in pairs.items() if costs[pair] <= both.limit_px]
    return min(lawful, key=lambda pair: costs[pair], default=None)


def _joined(clusters: list[_Cluster], first: int, second: int) -> list[_Cluster]:
    """Return the clusters with the second one merged into the first one's place."""
    merged = clusters[first].joined(clusters[second])
    return [
        merged if place == first else cluster
        for place, cluster in enumerate(clusters)
        if place != second
    ]


def _split(wishes: Sequence[Wish], width_px: int, height_px: int) -> tuple[list[Wish], list[Wish]]:
    """Return the wishes that a crop can fulfil, and the equal parts of those that are too large."""
    small: list[Wish] = []
    parts: list[Wish] = []
    for wish in wishes:
        box = _pixels(wish.area, width_px, height_px)
        side = min(max(wish.most_px, wish.least_px), width_px // 2 * 2, height_px // 2 * 2)
        # Squares have even sides and move to even pixels.
        step = max(2.0, side / (1 + 2 * MARGIN) - 4)
        across, down = max(1, ceil(box.width / step)), max(1, ceil(box.height / step))
        if wish.is_whole or across * down == 1:
            small.append(wish)
        else:
            parts += [
                replace(wish, area=_part(wish.area.clipped(), column, row, (across, down)))
                for row in range(down)
                for column in range(across)
            ]
    return small, parts


def _part(area: Box, column: int, row: int, count: tuple[int, int]) -> Box:
    width, height = area.width / count[0], area.height / count[1]
    left, top = area.left + column * width, area.top + row * height
    return Box(left, top, left + width, top + height)


def _shifted(start: float, room: int) -> int:
    """Return the even pixel nearest to `start` from which a crop stays inside the frame."""
    return min(max(0, round(start / 2) * 2), room)


def _pixels(area: Box, width_px: int, height_px: int) -> Box:
    """Return an area in pixels, the part inside the even pixels of the frame."""
    inside, last_x, last_y = area.clipped(), width_px // 2 * 2, height_px // 2 * 2
    return Box(
        min(inside.left * width_px, last_x),
        min(inside.top * height_px, last_y),
        min(inside.right * width_px, last_x),
        min(inside.bottom * height_px, last_y),
    )


def _fractions(crop: Box, width_px: int, height_px: int) -> Box:
    return Box(
        (crop.left + _HAIR_PX) / width_px,
        (crop.top + _HAIR_PX) / height_px,
        (crop.right - _HAIR_PX) / width_px,
        (crop.bottom - _HAIR_PX) / height_px,
    )
