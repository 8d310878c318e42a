"""A map without a map: boxes where their coordinates are, on a grid of degrees, as inline SVG.

A center has no internet, so there are no tiles to fetch. North is up; east and west are squeezed by
the cosine of the latitude, so that a kilometre is as long both ways.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

WIDTH = 1000.0
HEIGHT = 560.0
_MARGIN = 70.0
# Boxes nearer to each other than a mark is wide share one.
_CELL = 34.0
# A name of twenty letters.
_NAME_WIDTH = 220.0
# A single box, or all on one corner: show two kilometres around it.
_LEAST_DEGREES = 0.02
_KM_PER_DEGREE = 111.2
_STEPS_KM = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
# A grid line each, about.
_LINES = 6
_WORST_FIRST = ("silent", "offline", "dark", "unknown", "stopped", "online")


@dataclass(frozen=True, slots=True)
class Spot:
    """One box, or what one mark of the map stands for."""

    latitude: float
    longitude: float
    name: str
    status: str
    link: str


@dataclass(frozen=True, slots=True)
class Mark:
    """One dot of the map."""

    x: float
    y: float
    radius: float
    status: str
    label: str
    # Who is there, a line each.
    told: str
    link: str
    # Its name stands on the left, because the right is taken.
    is_left: bool = False


@dataclass(frozen=True, slots=True)
class GridLine:
    """One line of the grid and what it says."""

    position: float
    text: str
    is_vertical: bool


@dataclass(frozen=True, slots=True)
class CityMap:
    """All that the drawing needs."""

    marks: tuple[Mark, ...]
    lines: tuple[GridLine, ...]
    scale_width: float
    scale_text: str


@dataclass(frozen=True, slots=True)
class _View:
    """From degrees to the drawing."""

    west: float
    north: float
    # Drawing units for a degree of latitude, and for one of longitude.
    per_latitude: float
    per_longitude: float

    def x(self, longitude: float) -> float:
        return (longitude - self.west) * self.per_longitude

    def y(self, latitude: float) -> float:
        return (self.north - latitude) * self.per_latitude


def draw(spots: Iterable[Spot]) -> CityMap | None:
    """Return the map of these; None where there is nothing to show."""
    here = list(spots)
    if not here:
        return None
    view = _view(here)
    step_km = _scale_km(view)
    return CityMap(
        marks=_marks(here, view),
        lines=_grid(view),
        scale_width=round(step_km / _KM_PER_DEGREE * view.per_latitude, 1),
        scale_text=f"{step_km:g} km" if step_km >= 1 else f"{step_km * 1000:g} m",
    )


def _view(spots: Sequence[Spot]) -> _View:
    latitudes = [spot.latitude for spot in spots]
    longitudes = [spot.longitude for spot in spots]
    middle = ((min(latitudes) + max(latitudes)) / 2, (min(longitudes) + max(longitudes)) / 2)
    # At a pole all longitudes meet; nobody guards a street there.
    squeeze = max(0.01, math.cos(math.radians(middle[0])))
    tall = max(max(latitudes) - min(latitudes), _LEAST_DEGREES)
    wide = max((max(longitudes) - min(longitudes)) * squeeze, _LEAST_DEGREES)
    scale = min((WIDTH - 2 * _MARGIN) / wide, (HEIGHT - 2 * _MARGIN) / tall)
    return _View(
        west=middle[1] - WIDTH / 2 / (scale * squeeze),
        north=middle[0] + HEIGHT / 2 / scale,
        per_latitude=scale,
        per_longitude=scale * squeeze,
    )


def _marks(spots: Sequence[Spot], view: _View) -> tuple[Mark, ...]:
    cells: dict[tuple[int, int], list[Spot]] = {}
    for spot in spots:
        x, y = view.x(spot.longitude), view.y(spot.latitude)
        cells.setdefault((round(x / _CELL), round(y / _CELL)), []).append(spot)
    alone = [_mark(those, view) for those in cells.values()]
    marks = [replace(mark, is_left=_is_right_taken(mark, alone)) for mark in alone]
    # Trouble is drawn last: on top.
    return tuple(sorted(marks, key=lambda mark: -_WORST_FIRST.index(mark.status)))


def _is_right_taken(mark: Mark, all_marks: Sequence[Mark]) -> bool:
    return any(
        0 < other.x - mark.x < _NAME_WIDTH and abs(other.y - mark.y) < _CELL for other in all_marks
    )


def _mark(spots: Sequence[Spot], view: _View) -> Mark:
    worst = min(spots, key=lambda spot: _WORST_FIRST.index(spot.status))
    count = len(spots)
    return Mark(
        x=round(sum(view.x(spot.longitude) for spot in spots) / count, 1),
        y=round(sum(view.y(spot.latitude) for spot in spots) / count, 1),
        radius=min(22.0, 9.0 + 3 * math.log2(count)),
        status=worst.status,
        label=worst.name if count == 1 else f"{count}",
        told="\n".join(spot.name for spot in spots[:12]) + ("\n…" if count > 12 else ""),  # noqa: PLR2004 (what a tooltip holds)
        link=worst.link,
    )


def _grid(view: _View) -> tuple[GridLine, ...]:
    step = _grid_step(HEIGHT / view.per_latitude)
    # Near the poles a degree of longitude is short: fewer lines, of a step of their own.
    wide_step = max(step, _grid_step(WIDTH / view.per_longitude))
    south = view.north - HEIGHT / view.per_latitude
    east = view.west + WIDTH / view.per_longitude
    across = [
        GridLine(round(view.y(at), 1), _degrees(at, step, "N", "S"), is_vertical=False)
        for at in _multiples(south, view.north, step)
    ]
    upright = [
        GridLine(round(view.x(at), 1), _degrees(at, wide_step, "E", "W"), is_vertical=True)
        for at in _multiples(view.west, east, wide_step)
    ]
    return (*across, *upright)


def _grid_step(span: float) -> float:
    power = 10.0 ** math.floor(math.log10(span / _LINES))
    return next((f * power for f in (1, 2, 5) if f * power >= span / _LINES), 10 * power)


def _multiples(least: float, most: float, step: float) -> list[float]:
    first = math.ceil(least / step)
    return [number * step for number in range(first, math.floor(most / step) + 1)]


def _degrees(at: float, step: float, plus: str, minus: str) -> str:
    places = max(0, -math.floor(math.log10(step)))
    return f"{abs(at):.{places}f}° {plus if at >= 0 else minus}"


def _scale_km(view: _View) -> float:
    """Return a round length that is a fifth of the width at most."""
    most = WIDTH / 5 / view.per_latitude * _KM_PER_DEGREE
    return max((km for km in _STEPS_KM if km <= most), default=_STEPS_KM[0])
