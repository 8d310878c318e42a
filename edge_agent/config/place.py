"""Where a box or a camera stands, and which offices its alerts concern.

Both go into every alert, which has to stay below 2 KB: hence the bounds here.
"""

import json

from edge_agent.config.checks import WORD_RULE, is_word, read_name
from edge_agent.domain.place import Place
from edge_agent.toml.reader import Table

# No alert we can think of concerns more offices.
MOST_AGENCIES = 8
# Province to house number, and two more.
MOST_AREAS = 8
# Beside the longest names of everything else, an alert of 2 KB has room for this much JSON.
MOST_PLACE_BYTES = 256
_LONGEST_NAME = 64
_MOST_LATITUDE, _MOST_LONGITUDE = 90.0, 180.0
# A tenth of a metre; more digits are noise of a telephone.
_DIGITS = 6


def read_place(table: Table) -> Place | None:
    """Return the place that [place] describes; None where the file has none."""
    inside = table.table("place")
    place = Place(
        name=read_name(inside, "name", "", _LONGEST_NAME) if inside.has("name") else "",
        latitude=_read_degrees(inside, "latitude", _MOST_LATITUDE),
        longitude=_read_degrees(inside, "longitude", _MOST_LONGITUDE),
        area=_read_area(inside.table("area")),
    )
    if not table.has("place"):
        return None
    _check(inside, place)
    return place


def read_agencies(table: Table) -> tuple[str, ...] | None:
    """Return the offices that `agencies` names, in its order; None where the file is silent."""
    words = table.raw("agencies")
    if words is None:
        return None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        hint = 'write it like agencies = ["satpol-pp", "dishub"]'
        table.refuse("agencies", "needs a list of texts in quotes", hint)
        return None
    for word in words:
        if not is_word(word):
            table.refuse("agencies", f'"{word}" cannot be an agency', WORD_RULE)
        elif words.count(word) > 1:
            table.refuse("agencies", f'names "{word}" twice', "delete one of them")
            break
    if len(words) > MOST_AGENCIES:
        what = f"names {len(words)} agencies; {MOST_AGENCIES} is the most"
        table.refuse("agencies", what, "name those that have to act")
    return tuple(words)


def _check(table: Table, place: Place) -> None:
    if (place.latitude is None) != (place.longitude is None):
        missing = "latitude" if place.latitude is None else "longitude"
        table.refuse("", f"has no {missing}", "latitude and longitude go together")
    if place == Place():
        table.refuse("", "says nothing", 'write name = "Simpang Plaju", or delete the section')
    size = len(json.dumps(place.told(), ensure_ascii=False, separators=(",", ":")).encode())
    if size > MOST_PLACE_BYTES:
        what = f"takes {size} bytes of every alert; {MOST_PLACE_BYTES} is the most"
        table.refuse("", what, "shorten the names, or leave out an area")


def _read_degrees(table: Table, key: str, most: float) -> float | None:
    degrees = table.between(key, most)
    return None if degrees is None else round(degrees, _DIGITS)


def _read_area(table: Table) -> tuple[tuple[str, str], ...]:
    names = table.names()
    if len(names) > MOST_AREAS:
        what = f"names {len(names)} areas; {MOST_AREAS} is the most"
        table.refuse("", what, "name those that help to find the place")
    for name in names:
        if not is_word(name):
            table.refuse(name, f'"{name}" cannot name an area', WORD_RULE)
    return tuple((name, read_name(table, name, "", _LONGEST_NAME)) for name in names)
