"""A map without a map: boxes where their coordinates are, on a grid of degrees, as inline SVG.

A center has no internet, so there are no tiles to fetch. North is up; east and west are squeezed by
the cosine of the latitude, so that a kilometre is as long both ways.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

# A single box, or all on one corner: show two kilometres around it.
_LEAST_DEGREES = 0.02
_KM_PER_DEGREE = 111.2
_STEPS_KM = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
# Longer names are cut; the list below has all of them.
_MOST_LETTERS = 24
_WORST_FIRST = ("silent", "offline", "dark", "unknown", "stopped", "online")


@dataclass(frozen=True, slots=True)
class Spot:
    """One box, or what one mark of the map stands for."""

    latitude: float
    longitude: float
    name: str
    status: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is drawn on, in units of the drawing."""

    width: float
    height: float
    margin: float
    # Boxes nearer to each other than this share a mark.
    cell: float
    radius: float
    # About, of the page's bold letters.
    letter_width: float
    letter_height: float
    # Lines of the grid across it, about.
    lines: int


# A desktop's is as wide as the page; a phone's has about the pixels of its screen, so that a letter
# is as large there as everywhere.
WIDE = Paper(
    width=1000,
    height=560,
    margin=70,
    cell=34,
    radius=9,
    letter_width=9.6,
    letter_height=20,
    lines=6,
)
TALL = Paper(
    width=340, height=400, margin=34, cell=26, radius=7, letter_width=7.9, letter_height=17, lines=4
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One dot of the map."""

    x: float
    y: float
    radius: float
    status: str
    # "" where there is no room for a name.
    label: str
    # Who is there, a line each.
    told: str
    link: str
    # Where the name stands, and what of it: "start", "middle", "end".
    label_x: float = 0.0
    label_y: float = 0.0
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class GridLine:
    """One line of the grid and what it says."""

    position: float
    # Degrees, and towards which of N, S, E, W.
    degrees: str
    side: str
    is_vertical: bool


@dataclass(frozen=True, slots=True)
class CityMap:
    """All that the drawing needs."""

    paper: Paper
    marks: tuple[Mark, ...]
    lines: tuple[GridLine, ...]
    scale_width: float
    scale_text: str


@dataclass(frozen=True, slots=True)
class _View:
    """From degrees to the drawing."""

    paper: Paper
    west: float
    north: float
    # Drawing units for a degree of latitude, and for one of longitude.
    per_latitude: float
    per_longitude: float

    def x(self, longitude: float) -> float:
        return (longitude - self.west) * self.per_longitude

    def y(self, latitude: float) -> float:
        return (self.north - latitude) * self.per_latitude


@dataclass(frozen=True, slots=True)
class _Area:
    """A part of the drawing that something covers."""

    left: float
    top: float
    right: float
    bottom: float

    def grown(self, by: float) -> "_Area":
        return _Area(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def meets(self, other: "_Area") -> bool:
        beside = self.right <= other.left or other.right <= self.left
        return not beside and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: "_Area") -> bool:
        is_wide_enough = self.left <= other.left and other.right <= self.right
        return is_wide_enough and self.top <= other.top and other.bottom <= self.bottom


def draw(spots: Iterable[Spot], paper: Paper = WIDE) -> CityMap | None:
    """Return the map of these; None where there is nothing to show."""
    here = list(spots)
    if not here:
        return None
    view = _view(here, paper)
    step_km = _scale_km(view)
    return CityMap(
        paper=paper,
        marks=_marks(here, view),
        lines=_grid(view),
        scale_width=round(step_km / _KM_PER_DEGREE * view.per_latitude, 1),
        scale_text=f"{step_km:g} km" if step_km >= 1 else f"{step_km * 1000:g} m",
    )


def _view(spots: Sequence[Spot], paper: Paper) -> _View:
    latitudes = [spot.latitude for spot in spots]
    longitudes = [spot.longitude for spot in spots]
    middle = ((min(latitudes) + max(latitudes)) / 2, (min(longitudes) + max(longitudes)) / 2)
    # At a pole all longitudes meet; nobody guards a street there.
    squeeze = max(0.01, math.cos(math.radians(middle[0])))
    tall = max(max(latitudes) - min(latitudes), _LEAST_DEGREES)
    wide = max((max(longitudes) - min(longitudes)) * squeeze, _LEAST_DEGREES)
    room = paper.width - 2 * paper.margin, paper.height - 2 * paper.margin
    scale = min(room[0] / wide, room[1] / tall)
    return _View(
        paper=paper,
        west=middle[1] - paper.width / 2 / (scale * squeeze),
        north=middle[0] + paper.height / 2 / scale,
        per_latitude=scale,
        per_longitude=scale * squeeze,
    )


def _marks(spots: Sequence[Spot], view: _View) -> tuple[Mark, ...]:
    cells: dict[tuple[int, int], list[Spot]] = {}
    cell = view.paper.cell
    for spot in spots:
        x, y = view.x(spot.longitude), view.y(spot.latitude)
        cells.setdefault((round(x / cell), round(y / cell)), []).append(spot)
    marks = [_mark(those, view) for those in cells.values()]
    # Trouble is named first, and drawn last: on top.
    marks.sort(key=lambda mark: _WORST_FIRST.index(mark.status))
    return tuple(reversed(_name(marks, view.paper)))


def _mark(spots: Sequence[Spot], view: _View) -> Mark:
    worst = min(spots, key=lambda spot: _WORST_FIRST.index(spot.status))
    count, least = len(spots), view.paper.radius
    return Mark(
        x=round(sum(view.x(spot.longitude) for spot in spots) / count, 1),
        y=round(sum(view.y(spot.latitude) for spot in spots) / count, 1),
        radius=min(2.4 * least, least + 3 * math.log2(count)),
        status=worst.status,
        label=worst.name if count == 1 else f"{count}",
        told="\n".join(spot.name for spot in spots[:12]) + ("\n…" if count > 12 else ""),  # noqa: PLR2004 (what a tooltip holds)
        link=worst.link,
    )


def _name(marks: Sequence[Mark], paper: Paper) -> list[Mark]:
    """Give each its name where it hides nothing; none where there is no room."""
    taken = [_Area(one.x, one.y, one.x, one.y).grown(one.radius) for one in marks]
    taken.append(_Area(paper.width * 0.78, 0, paper.width, 3 * paper.letter_height))
    named = []
    for mark in marks:
        label = mark.label
        if len(label) > _MOST_LETTERS:
            label = f"{label[: _MOST_LETTERS - 1]}…"
        place = _place(mark, len(label) * paper.letter_width, paper, taken)
        if place is None:
            named.append(replace(mark, label=""))
            continue
        area, anchor = place
        taken.append(area)
        at = {"start": area.left, "end": area.right}.get(anchor, (area.left + area.right) / 2)
        base = round(area.bottom - paper.letter_height / 4, 1)
        named.append(replace(mark, label=label, label_x=round(at, 1), label_y=base, anchor=anchor))
    return named


def _place(
    mark: Mark, width: float, paper: Paper, taken: Sequence[_Area]
) -> tuple[_Area, str] | None:
    """Return where its name goes: right of it, else left, below, above; None for nowhere."""
    high, gap = paper.letter_height, mark.radius + 4
    middle = min(max(mark.x, width / 2 + 2), paper.width - width / 2 - 2)
    places = (
        (_Area(mark.x + gap, mark.y - high / 2, mark.x + gap + width, mark.y + high / 2), "start"),
        (_Area(mark.x - gap - width, mark.y - high / 2, mark.x - gap, mark.y + high / 2), "end"),
        (
            _Area(middle - width / 2, mark.y + gap, middle + width / 2, mark.y + gap + high),
            "middle",
        ),
        (
            _Area(middle - width / 2, mark.y - gap - high, middle + width / 2, mark.y - gap),
            "middle",
        ),
    )
    whole = _Area(0, 0, paper.width, paper.height)
    for area, anchor in places:
        if whole.holds(area) and not any(area.meets(other) for other in taken):
            return area, anchor
    return None


def _grid(view: _View) -> tuple[GridLine, ...]:
    paper = view.paper
    step = _grid_step(paper.height / view.per_latitude, paper.lines)
    # Near the poles a degree of longitude is short: fewer lines, of a step of their own.
    wide_step = max(step, _grid_step(paper.width / view.per_longitude, paper.lines))
    south = view.north - paper.height / view.per_latitude
    east = view.west + paper.width / view.per_longitude
    across = [
        GridLine(round(view.y(at), 1), _degrees(at, step), "NS"[at < 0], is_vertical=False)
        for at in _multiples(south, view.north, step)
    ]
    upright = [
        GridLine(round(view.x(at), 1), _degrees(at, wide_step), "EW"[at < 0], is_vertical=True)
        for at in _multiples(view.west, east, wide_step)
    ]
    return (*across, *upright)


def _grid_step(span: float, lines: int) -> float:
    power = 10.0 ** math.floor(math.log10(span / lines))
    return next((f * power for f in (1, 2, 5) if f * power >= span / lines), 10 * power)


def _multiples(least: float, most: float, step: float) -> list[float]:
    first = math.ceil(least / step)
    return [number * step for number in range(first, math.floor(most / step) + 1)]


def _degrees(at: float, step: float) -> str:
    places = max(0, -math.floor(math.log10(step)))
    return f"{abs(at):.{places}f}°"


def _scale_km(view: _View) -> float:
    """Return a round length that is a fifth of the width at most."""
    most = view.paper.width / 5 / view.per_latitude * _KM_PER_DEGREE
    return max((km for km in _STEPS_KM if km <= most), default=_STEPS_KM[0])
