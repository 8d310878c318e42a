"""What is stored, for others: JSON lines that `edge-agent verify` reads, and CSV for a spreadsheet."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass

from edge_agent.center.database import Database, Row
from edge_agent.center.retention.letters import letters
from edge_agent.center.sheet import PLAIN, Moment, Sheet, Told
from edge_agent.center.told import labels_of, place_of, read_json, read_object, texts_of
from edge_agent.contract import RETENTION
from edge_agent.runtime.clock import rfc3339

# Rows in memory at once, and in one question.
_PAGE = 500
# Each has 64 KiB at most.
_PAGE_OF_PICTURES = 50
COLUMNS = (
    *("received", "time", "site", "box", "camera", "rule", "zone", "type", "objects", "severity"),
    *("state", "revision", "began", "handling", "handled_by", "handled", "place", "area"),
    *("latitude", "longitude", "agencies", "id", "seq"),
)
_TIMES = frozenset({"received", "time", "began", "handled", "since", "until", "at"})
_ALERTS = """
SELECT site, box, id, received_wall, time, camera, rule, zone, type, objects_json, severity, state,
  revision, began, handling, handled_by, handled_wall, place_json, agencies_json, seq
FROM alerts
WHERE (site, box, id) > (?, ?, ?) AND (? = '' OR site = ?) AND (? = '' OR box = ?)
  AND (? = '' OR severity = ?) AND (? = '' OR rule = ?) AND (? = '' OR handling = ?)
  AND (? = '' OR agencies_json LIKE ?)
  AND received_wall >= ? AND received_wall < ?
ORDER BY site, box, id LIMIT ?
"""
_MESSAGES = """
SELECT site, box, seq, received_wall, topic, payload FROM messages
WHERE (site, box, seq) > (?, ?, ?) AND (? = '' OR site = ?) AND (? = '' OR box = ?)
  AND received_wall >= ? AND received_wall < ?
  AND (? = '' OR EXISTS (SELECT 1 FROM alerts WHERE alerts.site = messages.site
    AND alerts.box = messages.box AND alerts.id = messages.alert_id AND alerts.severity = ?))
ORDER BY site, box, seq LIMIT ?
"""
_HEADS = """
SELECT head_topic, head_payload FROM boxes
WHERE head_payload IS NOT NULL AND (? = '' OR site = ?) AND (? = '' OR box = ?) ORDER BY site, box
"""
_PICTURES = """
SELECT pictures.site, pictures.box, alert_id, sha256, pictures.received_wall,
  camera, content FROM pictures
JOIN alerts ON alerts.site = pictures.site AND alerts.box = pictures.box AND alerts.id = alert_id
WHERE (pictures.site, pictures.box, alert_id, sha256) > (?, ?, ?, ?)
  AND (? = '' OR pictures.site = ?) AND (? = '' OR pictures.box = ?)
  AND (? = '' OR severity = ?) AND pictures.received_wall >= ? AND pictures.received_wall < ?
ORDER BY pictures.site, pictures.box, alert_id, sha256 LIMIT ?
"""
_ALARM_COLUMNS = (
    *("number", "kind", "site", "box", "text", "since", "until", "closed_by", "closed_why"),
)
_ALARMS = """
SELECT number, kind, site, box, text, since_wall, until_wall, closed_by, closed_why FROM alarms
WHERE number > ? AND (? = '' OR site = ?) AND (? = '' OR box = ?)
  AND since_wall >= ? AND since_wall < ? ORDER BY number LIMIT ?
"""
_STEP_COLUMNS = ("number", "at", "site", "box", "alert", "became", "by", "note")
_STEPS = """
SELECT number, at_wall, site, box, alert_id, became, by_whom, note FROM handling
WHERE number > ? AND (? = '' OR site = ?) AND (? = '' OR box = ?)
  AND at_wall >= ? AND at_wall < ? ORDER BY number LIMIT ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to export; "" is everything. Times are when the center received it, Unix seconds."""

    site: str = ""
    box: str = ""
    severity: str = ""
    # Of these only the table of alerts knows.
    rule: str = ""
    handling: str = ""
    agency: str = ""
    since_wall: float = 0.0
    until_wall: float = 1e12


def json_lines(database: Database, wanted: Wanted) -> Iterator[str]:
    """Return the newest head of each box, then every message as it came.

    Its end is proved, too: an export that broke off lacks what its heads name. Last what the center
    has signed about messages that it deleted after their term: also those of this very moment.
    """
    heads = database.read(lambda t: t.rows(_HEADS, *_whose(wanted)))
    yield from (_line(topic, bytes(payload)) for topic, payload in heads)
    place: tuple[str, str, int] = ("", "", 0)
    while rows := _page_of_messages(database, wanted, place):
        yield from (_line(topic, bytes(payload), wall) for *_, wall, topic, payload in rows)
        place = rows[-1][:3]
    for box, letter in letters(database, site=wanted.site, box=wanted.box):
        yield _line(f"city/v1/{box}/center/{RETENTION}", letter)


def picture_lines(database: Database, wanted: Wanted) -> Iterator[str]:
    """Return every picture that an alert names, in base64."""
    place: tuple[str, str, str, str] = ("", "", "", "")
    while rows := _page_of_pictures(database, wanted, place):
        for site, box, alert_id, _, wall, camera, content in rows:
            topic = f"city/v1/{site}/{box}/up/thumb/{camera}/{alert_id}"
            told = {"payload_base64": base64.b64encode(bytes(content)).decode()}
            yield _json({"received": rfc3339(wall), "topic": topic, **told})
        place = rows[-1][:4]


def csv_lines(database: Database, wanted: Wanted, sheet: Sheet = PLAIN) -> Iterator[str]:
    """Return a heading, and a line for each alert as it stands now."""
    yield sheet.heading(COLUMNS, _TIMES)
    place: tuple[str, str, str] = ("", "", "")
    while rows := _page_of_alerts(database, wanted, place):
        yield from (sheet.line(_alert(row)) for row in rows)
        place = rows[-1][:3]


def _alert(row: Row) -> list[object]:
    """Return the cells of one alert: words, not JSON."""
    site, box, alert_id, wall, time, camera, rule, zone, type_, objects, *rest = row
    severity, state, revision, began, handling, who, handled, place_json, agencies, seq = rest
    place = place_of(read_object(place_json))
    where = (place.name, place.area, place.latitude, place.longitude)
    return [
        *(Moment(wall), Told(time), site, box, camera, rule, zone, type_),
        *("; ".join(labels_of(read_json(objects))), severity, state, revision, Told(began)),
        *(handling, who, Moment(handled), *where, "; ".join(texts_of(read_json(agencies)))),
        *(alert_id, seq),
    ]


def alarm_lines(database: Database, wanted: Wanted, sheet: Sheet = PLAIN) -> Iterator[str]:
    """Return a heading, and a line for each alarm that began then, also of those that are over."""
    yield sheet.heading(_ALARM_COLUMNS, _TIMES)
    for row in _numbered(database, _ALARMS, wanted):
        yield sheet.line((*row[:5], Moment(row[5]), Moment(row[6]), *row[7:]))


def step_lines(database: Database, wanted: Wanted, sheet: Sheet = PLAIN) -> Iterator[str]:
    """Return a heading, and a line for each thing that somebody did about an alert then."""
    yield sheet.heading(_STEP_COLUMNS, _TIMES)
    for number, at_wall, *rest in _numbered(database, _STEPS, wanted):
        yield sheet.line((number, Moment(at_wall), *rest))


def _numbered(database: Database, sql: str, wanted: Wanted) -> Iterator[Row]:
    number, span = 0, (wanted.since_wall, wanted.until_wall)

    def page(after: int) -> list[Row]:
        values = (after, *_whose(wanted), *span, _PAGE)
        return database.read(lambda transaction: transaction.rows(sql, *values))

    while rows := page(number):
        yield from rows
        number = rows[-1][0]


def _page_of_messages(database: Database, wanted: Wanted, after: tuple[str, str, int]) -> list[Row]:
    span = (wanted.since_wall, wanted.until_wall)
    graveness = (wanted.severity, wanted.severity)
    values = (*after, *_whose(wanted), *span, *graveness, _PAGE)
    return database.read(lambda t: t.rows(_MESSAGES, *values))


def _page_of_alerts(database: Database, wanted: Wanted, after: tuple[str, str, str]) -> list[Row]:
    words = (wanted.severity, wanted.rule, wanted.handling)
    # Tags are words without quotes and percent signs; what is none fits nothing.
    is_tag = wanted.agency.replace("-", "").isalnum()
    agency = (wanted.agency, f'%"{wanted.agency}"%' if is_tag else "?")
    values = (
        *(*after, *_whose(wanted), *(word for one in words for word in (one, one)), *agency),
        *(wanted.since_wall, wanted.until_wall, _PAGE),
    )
    return database.read(lambda t: t.rows(_ALERTS, *values))


def _page_of_pictures(
    database: Database, wanted: Wanted, after: tuple[str, str, str, str]
) -> list[Row]:
    span, graveness = (wanted.since_wall, wanted.until_wall), (wanted.severity, wanted.severity)
    values = (*after, *_whose(wanted), *graveness, *span, _PAGE_OF_PICTURES)
    return database.read(lambda t: t.rows(_PICTURES, *values))


def _whose(wanted: Wanted) -> tuple[str, ...]:
    return (wanted.site, wanted.site, wanted.box, wanted.box)


def _line(topic: str, payload: bytes, wall: float | None = None) -> str:
    received = {} if wall is None else {"received": rfc3339(wall)}
    try:
        told = {"payload": payload.decode()}
    except UnicodeDecodeError:
        told = {"payload_base64": base64.b64encode(payload).decode()}
    return _json({**received, "topic": topic, **told})


def _json(told: dict[str, str]) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
