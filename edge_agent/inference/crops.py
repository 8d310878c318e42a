"""Where the model should look: square crops around what moves and what is followed.

A person far away is 24 pixels tall in 640x360; squeezed with the whole picture to 320 pixels they
are 12 and gone. So crops keep the camera's own pixels wherever the budget allows, and grow only
where objects are larger, or where there are more places than looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from edge_agent.domain.geometry import Box

# Room around an area, as a part of its longer side: blocks and tracks end short of feet and
# wheels, and models want to see a little of the street.
MARGIN = 0.15
# Two crops that share more than this of the smaller one are one crop, if that may grow so much.
MOSTLY_SHARED, LARGEST_GROWTH = 0.6, 1.5
# Rain lights a hundred areas; comparing 24 with one another takes about a millisecond.
MOST_AREAS, NEIGHBOURHOODS = 24, 4
# `Frame.cut` moves edges outwards to even pixels; a hair inside, rounding cannot move them.
_HAIR_PX = 0.01


@dataclass(frozen=True, slots=True)
class _Canvas:
    """The frame in pixels, even ones, and the smallest crop that is worth a look."""

    width: int
    height: int
    least: int

    @property
    def is_small(self) -> bool:
        """Tell whether one look at the whole frame already keeps its pixels."""
        return max(self.width, self.height) <= self.least

    def side_for(self, cluster: Box) -> int | None:
        """Return the side of the square for a cluster in pixels; None: only the frame holds it."""
        extent = max(cluster.width, cluster.height)
        largest = min(self.width, self.height)
        # One more on each side, as the square moves to even pixels.
        if extent + 2 > largest:
            return None
        roomy = int(extent * (1 + 2 * MARGIN) / 2 + 1) * 2
        return min(largest, max(roomy, self.least))

    def square(self, cluster: Box) -> Box:
        """Return the crop for a cluster, in pixels: a square inside the frame, or the frame."""
        side = self.side_for(cluster)
        if side is None:
            return Box(0, 0, self.width, self.height)
        left = _shifted(cluster.centre.x - side / 2, self.width - side)
        top = _shifted(cluster.centre.y - side / 2, self.height - side)
        return Box(left, top, left + side, top + side)


def choose_crops(
    width_px: int,
    height_px: int,
    motion: Sequence[Box],
    followed: Sequence[Box],
    *,
    most: int,
    side_px: int,
) -> list[Box]:
    """Return at most `most` crops that together hold every area, as fractions of the frame.

    Squares of at least `side_px` (the model's input) pixels, or of the frame's shorter side if
    that is less; followed objects come first, then motion by size. An area that no square holds,
    and a frame no larger than `side_px`, get the whole frame. Where the areas are more than the
    looks, the nearest share one, at the cost of pixels: nothing that moves is left out.
    """
    canvas = _Canvas(width_px // 2 * 2, height_px // 2 * 2, side_px // 2 * 2)
    largest_first = sorted(motion, key=lambda area: (-area.area, area.left, area.top))
    areas = [_pixels(area, width_px, height_px) for area in (*followed, *largest_first)]
    if not areas or most < 1:
        return []
    if canvas.is_small:
        return [Box(0.0, 0.0, 1.0, 1.0)]
    clusters = _merge_shared(_cluster(_thinned(areas, canvas), canvas), canvas)
    while len(clusters) > most:
        clusters = _merge_cheapest(clusters, canvas)
    return [_fractions(canvas.square(cluster), width_px, height_px) for cluster in clusters]


def _thinned(areas: Sequence[Box], canvas: _Canvas) -> list[Box]:
    """Join areas of one neighbourhood where a storm brings too many to compare all with all."""
    if len(areas) <= MOST_AREAS:
        return list(areas)
    neighbourhoods: dict[tuple[int, int], Box] = {}
    for area in areas:
        place = (
            int(area.centre.x * NEIGHBOURHOODS / (canvas.width + 1)),
            int(area.centre.y * NEIGHBOURHOODS / (canvas.height + 1)),
        )
        neighbourhoods[place] = neighbourhoods.get(place, area).covering(area)
    return list(neighbourhoods.values())


def _cluster(areas: Sequence[Box], canvas: _Canvas) -> list[Box]:
    """Put each area, in order, into the first cluster whose square stays as small as it may be."""
    clusters: list[Box] = []
    for area in areas:
        for place, cluster in enumerate(clusters):
            both = cluster.covering(area)
            if _cost(both, canvas) <= max(_cost(cluster, canvas), _cost(area, canvas)):
                clusters[place] = both
                break
        else:
            clusters.append(area)
    return clusters


def _merge_shared(clusters: list[Box], canvas: _Canvas) -> list[Box]:
    """Join clusters whose squares mostly overlap, until there are none."""
    for first, second in combinations(range(len(clusters)), 2):
        one, other = canvas.square(clusters[first]), canvas.square(clusters[second])
        both = clusters[first].covering(clusters[second])
        limit = LARGEST_GROWTH * max(one.width, one.height, other.width, other.height)
        is_shared = one.shared(other) > MOSTLY_SHARED * min(one.area, other.area)
        if is_shared and _cost(both, canvas) <= limit:
            return _merge_shared(_joined(clusters, first, second), canvas)
    return clusters


def _merge_cheapest(clusters: list[Box], canvas: _Canvas) -> list[Box]:
    """Join the two clusters whose common square is the smallest."""
    first, second = min(
        combinations(range(len(clusters)), 2),
        key=lambda pair: _cost(clusters[pair[0]].covering(clusters[pair[1]]), canvas),
    )
    return _joined(clusters, first, second)


def _joined(clusters: list[Box], first: int, second: int) -> list[Box]:
    """Return the clusters with the second one merged into the first one's place."""
    merged = clusters[first].covering(clusters[second])
    return [
        merged if place == first else cluster
        for place, cluster in enumerate(clusters)
        if place != second
    ]


def _cost(cluster: Box, canvas: _Canvas) -> float:
    """Return the side of the crop: the longer it is, the fewer pixels an object keeps."""
    return canvas.side_for(cluster) or max(canvas.width, canvas.height)


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
