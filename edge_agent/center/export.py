"""What is stored, for others: JSON lines that `edge-agent verify` reads, and CSV for a spreadsheet."""

import base64
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass

from edge_agent.center.database import Database, Row
from edge_agent.runtime.clock import rfc3339

# Rows in memory at once, and in one question.
_PAGE = 500
# Each has 64 KiB at most.
_PAGE_OF_PICTURES = 50
COLUMNS = (
    *("received", "time", "site", "box", "camera", "rule", "zone", "type", "severity", "state"),
    *("revision", "began", "handling", "handled_by", "place", "agencies", "id", "seq"),
)
_ALERTS = """
SELECT received_wall, time, site, box, camera, rule, zone, type, severity, state, revision, began,
  handling, handled_by, place_json, agencies_json, id, seq
FROM alerts
WHERE (site, box, id) > (?, ?, ?) AND (? = '' OR site = ?) AND (? = '' OR box = ?)
  AND (? = '' OR severity = ?)
  AND received_wall >= ? AND received_wall < ?
ORDER BY site, box, id LIMIT ?
"""
_MESSAGES = """
SELECT site, box, seq, topic, payload FROM messages
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
SELECT pictures.site, pictures.box, alert_id, sha256, camera, content FROM pictures
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
# A spreadsheet takes what begins so for a formula, and the names come from boxes.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to export; "" is everything. Times are when the center received it, Unix seconds."""

    site: str = ""
    box: str = ""
    severity: str = ""
    since_wall: float = 0.0
    until_wall: float = 1e12


def json_lines(database: Database, wanted: Wanted) -> Iterator[str]:
    """Return every message as it came, then the newest head of each box: its end is proved, too."""
    place: tuple[str, str, int] = ("", "", 0)
    while rows := _page_of_messages(database, wanted, place):
        yield from (_line(topic, bytes(payload)) for *_, topic, payload in rows)
        place = rows[-1][:3]
    heads = database.read(lambda t: t.rows(_HEADS, *_whose(wanted)))
    yield from (_line(topic, bytes(payload)) for topic, payload in heads)


def picture_lines(database: Database, wanted: Wanted) -> Iterator[str]:
    """Return every picture that an alert names, in base64."""
    place: tuple[str, str, str, str] = ("", "", "", "")
    while rows := _page_of_pictures(database, wanted, place):
        for site, box, alert_id, _, camera, content in rows:
            topic = f"city/v1/{site}/{box}/up/thumb/{camera}/{alert_id}"
            told = {"topic": topic, "payload_base64": base64.b64encode(bytes(content)).decode()}
            yield json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        place = rows[-1][:4]


def csv_lines(database: Database, wanted: Wanted) -> Iterator[str]:
    """Return a heading, and a line for each alert as it stands now."""
    yield _csv(COLUMNS)
    place: tuple[str, str, str] = ("", "", "")
    while rows := _page_of_alerts(database, wanted, place):
        yield from map(_csv, rows)
        place = (rows[-1][2], rows[-1][3], rows[-1][16])


def alarm_lines(database: Database, wanted: Wanted) -> Iterator[str]:
    """Return a heading, and a line for each alarm that began then, also of those that are over."""
    yield _csv(_ALARM_COLUMNS)
    for row in _numbered(database, _ALARMS, wanted):
        yield _csv((*row[:5], _moment(row[5]), _moment(row[6]), *row[7:]))


def step_lines(database: Database, wanted: Wanted) -> Iterator[str]:
    """Return a heading, and a line for each thing that somebody did about an alert then."""
    yield _csv(_STEP_COLUMNS)
    for number, at_wall, *rest in _numbered(database, _STEPS, wanted):
        yield _csv((number, _moment(at_wall), *rest))


def _numbered(database: Database, sql: str, wanted: Wanted) -> Iterator[Row]:
    number, span = 0, (wanted.since_wall, wanted.until_wall)

    def page(after: int) -> list[Row]:
        values = (after, *_whose(wanted), *span, _PAGE)
        return database.read(lambda transaction: transaction.rows(sql, *values))

    while rows := page(number):
        yield from rows
        number = rows[-1][0]


def _moment(wall: float | None) -> str:
    return "" if wall is None else rfc3339(wall)


def _page_of_messages(database: Database, wanted: Wanted, after: tuple[str, str, int]) -> list[Row]:
    span = (wanted.since_wall, wanted.until_wall)
    graveness = (wanted.severity, wanted.severity)
    values = (*after, *_whose(wanted), *span, *graveness, _PAGE)
    return database.read(lambda t: t.rows(_MESSAGES, *values))


def _page_of_alerts(database: Database, wanted: Wanted, after: tuple[str, str, str]) -> list[Row]:
    graveness = (wanted.severity, wanted.severity)
    span = (wanted.since_wall, wanted.until_wall)
    values = (*after, *_whose(wanted), *graveness, *span, _PAGE)
    return database.read(lambda t: t.rows(_ALERTS, *values))


def _page_of_pictures(
    database: Database, wanted: Wanted, after: tuple[str, str, str, str]
) -> list[Row]:
    span, graveness = (wanted.since_wall, wanted.until_wall), (wanted.severity, wanted.severity)
    values = (*after, *_whose(wanted), *graveness, *span, _PAGE_OF_PICTURES)
    return database.read(lambda t: t.rows(_PICTURES, *values))


def _whose(wanted: Wanted) -> tuple[str, ...]:
    return (wanted.site, wanted.site, wanted.box, wanted.box)


def _line(topic: str, payload: bytes) -> str:
    try:
        told = {"topic": topic, "payload": payload.decode()}
    except UnicodeDecodeError:
        told = {"topic": topic, "payload_base64": base64.b64encode(payload).decode()}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _csv(row: Row) -> str:
    line = io.StringIO()
    cells = ("" if cell is None else str(cell) for cell in row)
    csv.writer(line, lineterminator="").writerow(
        f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells
    )
    return line.getvalue()
