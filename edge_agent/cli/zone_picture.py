"""Zones drawn over the camera's picture, with a ruler around it to read corners from.

The picture is enlarged first: names on a 352x288 sub stream would hide what they name.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box, Polygon
from edge_agent.domain.zone import Zone
from edge_agent.rules.options import IntrusionOptions

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
Place = tuple[int, int]

# The longer side. Fits a laptop's screen, and leaves 120 px between two lines of the grid.
_LONGEST_PX = 1200
_MARGIN_PX = 52
_FOOTER_PX = 40
_STEPS = 10
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SHIFT = 4
# Blue, green, red. Told apart also by those who do not see red and green (Okabe and Ito, 2008).
_COLOURS: tuple[Colour, ...] = (
    (0, 159, 230),
    (233, 180, 86),
    (167, 121, 204),
    (115, 158, 0),
    (66, 228, 240),
    (0, 94, 213),
)
_BACKGROUND = (38, 32, 28)
_LIGHT = (245, 245, 245)
_QUIET = (176, 168, 160)
_DARK = (20, 16, 12)
# How much of the zone's colour covers the picture; people in it must stay visible.
_FILL = 0.28
_GRID = 0.35


def picture_of(frame: Frame) -> Picture:
    """Return a frame as blue, green, red; shape (height, width, 3)."""
    return _picture(cv2.cvtColor(frame.cut(Box(0.0, 0.0, 1.0, 1.0)), cv2.COLOR_YUV2BGR_I420))


def draw_zones(
    picture: Picture, zones: Sequence[Zone], rules: Sequence[IntrusionOptions], title: str
) -> Picture:
    """Return the picture with a grid, all zones with their names and rules, and a ruler."""
    scene = _enlarge(picture)
    _draw_grid(scene)
    for number, zone in enumerate(zones):
        _draw_zone(scene, zone, _COLOURS[number % len(_COLOURS)])
    # Names come last: a zone over another must not hide the other's name.
    for number, zone in enumerate(zones):
        watched = [describe_rule(rule) for rule in rules if rule.zone.name == zone.name]
        _draw_name(scene, zone, watched, _COLOURS[number % len(_COLOURS)])
    return _frame_with_ruler(scene, title)


def describe_rule(rule: IntrusionOptions) -> str:
    """Return a rule in a few words."""
    labels = ", ".join(sorted(label.value for label in rule.labels))
    return f"{labels} after {rule.patience_s:g} s ({rule.severity.value})"


def _enlarge(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    times = _LONGEST_PX / max(width, height)
    way = cv2.INTER_AREA if times < 1 else cv2.INTER_CUBIC
    size = (max(1, round(width * times)), max(1, round(height * times)))
    return _picture(cv2.resize(picture, size, interpolation=way))


def _draw_grid(scene: Picture) -> None:
    lines = scene.copy()
    height, width = scene.shape[:2]
    for step in range(1, _STEPS):
        x, y = round(width * step / _STEPS), round(height * step / _STEPS)
        # A dark line beside the light one: seen on a white wall and on a black road.
        for offset, colour in ((1, _DARK), (0, _LIGHT)):
            cv2.line(lines, (x + offset, 0), (x + offset, height), colour, 1)
            cv2.line(lines, (0, y + offset), (width, y + offset), colour, 1)
    cv2.addWeighted(lines, _GRID, scene, 1 - _GRID, 0, dst=scene)


def _draw_zone(scene: Picture, zone: Zone, colour: Colour) -> None:
    corners = _corners(zone.outline, scene)
    filled = scene.copy()
    cv2.fillPoly(filled, [corners], colour, cv2.LINE_AA, _SHIFT)
    cv2.addWeighted(filled, _FILL, scene, 1 - _FILL, 0, dst=scene)
    cv2.polylines(scene, [corners], True, _DARK, 5, cv2.LINE_AA, _SHIFT)  # noqa: FBT003 (cv2's own)
    cv2.polylines(scene, [corners], True, colour, 2, cv2.LINE_AA, _SHIFT)  # noqa: FBT003 (cv2's own)
    for x, y in corners >> _SHIFT:
        cv2.circle(scene, (int(x), int(y)), 6, _DARK, -1, cv2.LINE_AA)
        cv2.circle(scene, (int(x), int(y)), 4, colour, -1, cv2.LINE_AA)


def _draw_name(scene: Picture, zone: Zone, watched: Sequence[str], colour: Colour) -> None:
    lines = [(zone.name, 0.75, _LIGHT), *((words, 0.5, _QUIET) for words in watched)]
    if not watched:
        lines.append(("no rule watches it", 0.5, _QUIET))
    sizes = [cv2.getTextSize(text, _FONT, scale, 1)[0] for text, scale, _ in lines]
    width = max(size[0] for size in sizes) + 24
    height = sum(size[1] + 12 for size in sizes) + 10
    left, top = _spot(zone.outline, scene, width, height)
    _draw_plate(scene, (left, top), (left + width, top + height), colour)
    bottom = top
    for (text, scale, ink), size in zip(lines, sizes, strict=True):
        bottom += size[1] + 12
        cv2.putText(scene, text, (left + 14, bottom), _FONT, scale, ink, 1, cv2.LINE_AA)


def _draw_plate(scene: Picture, start: Place, end: Place, colour: Colour) -> None:
    plate = scene[start[1] : end[1], start[0] : end[0]]
    cv2.addWeighted(plate, 0.2, np.full_like(plate, _DARK), 0.8, 0, dst=plate)
    cv2.rectangle(scene, start, (start[0] + 5, end[1] - 1), colour, -1)


def _spot(outline: Polygon, scene: Picture, width: int, height: int) -> Place:
    """Return where a plate goes: around the place deepest inside the zone, all in the picture."""
    mask = np.zeros(scene.shape[:2], np.uint8)
    cv2.fillPoly(mask, [_corners(outline, scene)], (255,), cv2.LINE_8, _SHIFT)
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0,))
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    left = min(max(0, int(x) - width // 2), max(0, scene.shape[1] - width))
    top = min(max(0, int(y) - height // 2), max(0, scene.shape[0] - height))
    return left, top


def _frame_with_ruler(scene: Picture, title: str) -> Picture:
    height, width = scene.shape[:2]
    canvas = np.full(
        (height + 2 * _MARGIN_PX + _FOOTER_PX, width + 2 * _MARGIN_PX, 3), _BACKGROUND, np.uint8
    )
    canvas[_MARGIN_PX : _MARGIN_PX + height, _MARGIN_PX : _MARGIN_PX + width] = scene
    for step in range(_STEPS + 1):
        words = f"{step / _STEPS:g}"
        x = _MARGIN_PX + round(width * step / _STEPS)
        y = _MARGIN_PX + round(height * step / _STEPS)
        for edge, away in ((_MARGIN_PX - 1, -1), (_MARGIN_PX + height, 1)):
            cv2.line(canvas, (x, edge), (x, edge + 6 * away), _QUIET, 1)
            _write_middle(canvas, words, (x, edge + 22 * away))
        for edge, away in ((_MARGIN_PX - 1, -1), (_MARGIN_PX + width, 1)):
            cv2.line(canvas, (edge, y), (edge + 6 * away, y), _QUIET, 1)
            _write_middle(canvas, words, (edge + 26 * away, y))
    _write_footer(canvas, title)
    return canvas


def _write_footer(canvas: Picture, title: str) -> None:
    y = canvas.shape[0] - 22
    cv2.putText(canvas, title, (_MARGIN_PX, y), _FONT, 0.6, _LIGHT, 1, cv2.LINE_AA)
    how = "a corner is X,Y: X to the right, Y down"
    width = cv2.getTextSize(how, _FONT, 0.5, 1)[0][0]
    right = canvas.shape[1] - _MARGIN_PX - width
    cv2.putText(canvas, how, (right, y), _FONT, 0.5, _QUIET, 1, cv2.LINE_AA)


def _write_middle(canvas: Picture, text: str, middle: Place) -> None:
    (width, height), _ = cv2.getTextSize(text, _FONT, 0.5, 1)
    place = (middle[0] - width // 2, middle[1] + height // 2)
    cv2.putText(canvas, text, place, _FONT, 0.5, _LIGHT, 1, cv2.LINE_AA)


def _corners(outline: Polygon, scene: Picture) -> NDArray[np.int32]:
    """Return the corners in sixteenths of a pixel, as OpenCV's drawing takes them."""
    height, width = scene.shape[:2]
    size = np.array([width - 1, height - 1]) * (1 << _SHIFT)
    places = np.array([(corner.x, corner.y) for corner in outline.corners]) * size
    return np.asarray(places.round(), np.int32)


def _picture(array: object) -> Picture:
    return np.asarray(array, np.uint8)
