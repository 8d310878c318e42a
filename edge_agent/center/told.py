"""What one stored revision of an alert says: read from its bytes, whatever they are.

Boxes differ in age, and somebody may have changed the database: what is missing or of a wrong kind
is empty here, never an error.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a camera or a box stands."""

    name: str = ""
    latitude: float | None = None
    longitude: float | None = None
    # "Plaju Ulu, Plaju": the smaller part first.
    area: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One revision."""

    id: str
    site: str
    box: str
    camera: str
    rule: str
    zone: str
    type: str
    severity: str
    state: str
    revision: int
    time: str
    began: str
    lasted_s: float | None
    labels: tuple[str, ...]
    agencies: tuple[str, ...]
    place: Place
    is_synced: bool
    error_ms: float | None
    thumb_sha256: str


def read_told(body: bytes | str) -> Told:
    """Return what a body says."""
    told = read_object(body)
    visit, clock, thumb = (_inside(told, name) for name in ("visit", "clock", "thumb"))
    return Told(
        id=_text(told, "id"),
        site=_text(told, "site"),
        box=_text(told, "box"),
        camera=_text(told, "camera"),
        rule=_text(told, "rule"),
        zone=_text(told, "zone"),
        type=_text(told, "type"),
        severity=_text(told, "severity"),
        state=_text(told, "state"),
        revision=int(_number(told, "revision") or 0),
        time=_text(told, "time"),
        began=_text(visit, "began"),
        lasted_s=_number(visit, "lasted_s"),
        labels=labels_of(told.get("objects")),
        agencies=texts_of(told.get("agencies")),
        place=place_of(told.get("place")),
        is_synced=clock.get("synced") is True,
        error_ms=_number(clock, "error_ms"),
        thumb_sha256=_text(thumb, "sha256"),
    )


def read_object(text: bytes | str | None) -> Mapping[str, object]:
    """Return the JSON object that a text is; an empty one where it is none."""
    told = read_json(text)
    return told if isinstance(told, dict) else {}


def read_json(text: bytes | str | None) -> object:
    """Return what a JSON text says; None where it is none."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def labels_of(objects: object) -> tuple[str, ...]:
    """Return the labels in a list of objects, each once."""
    if not isinstance(objects, list):
        return ()
    labels = [one.get("label") for one in objects if isinstance(one, dict)]
    return tuple(dict.fromkeys(label for label in labels if isinstance(label, str)))


def texts_of(told: object) -> tuple[str, ...]:
    """Return the texts of a list."""
    return tuple(one for one in told if isinstance(one, str)) if isinstance(told, list) else ()


def place_of(told: object) -> Place:
    """Return a place."""
    if not isinstance(told, dict):
        return Place()
    area = _inside(told, "area")
    # As written at the box: kecamatan, then kelurahan; people say the smaller one first.
    parts = [part for part in area.values() if isinstance(part, str) and part]
    latitude, longitude = _number(told, "latitude"), _number(told, "longitude")
    is_somewhere = latitude is not None and longitude is not None
    is_on_earth = is_somewhere and abs(latitude or 0) <= 90 and abs(longitude or 0) <= 180  # noqa: PLR2004 (degrees)
    return Place(
        name=_text(told, "name"),
        latitude=latitude if is_on_earth else None,
        longitude=longitude if is_on_earth else None,
        area=", ".join(reversed(parts)),
    )


def _inside(told: Mapping[str, object], name: str) -> Mapping[str, object]:
    inside = told.get(name)
    return inside if isinstance(inside, dict) else {}


def _text(told: Mapping[str, object], name: str) -> str:
    text = told.get(name)
    return text if isinstance(text, str) else ""


def _number(told: Mapping[str, object], name: str) -> float | None:
    number = told.get(name)
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    try:
        read = float(number)
    except OverflowError:
        # JSON has whole numbers of any length.
        return None
    return read if math.isfinite(read) else None
