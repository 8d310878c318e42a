"""What a signed alert says, as a row for people: the newest revision counts.

The evidence is the payload in `messages`; this is its reading, and may lack what cannot be read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.center.database import Transaction
from edge_agent.center.post import Box

# What a box of ours writes is far shorter; it stands in pages and lines.
_MOST_WORD = 128
_MOST_JSON = 16_384
_MOST_REVISION = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One revision of one alert."""

    id: str
    revision: int
    camera: str
    rule: str
    zone: str
    type: str
    severity: str
    state: str
    began: str
    time: str
    place_json: str | None
    agencies_json: str
    objects_json: str
    clock_json: str
    thumb_sha256: str | None


def read_alert(members: Mapping[str, object]) -> AlertRow | None:
    """Return the row; None where it has no id or no revision of its own."""
    id_, revision = _word(members, "id"), members.get("revision")
    if not id_ or not isinstance(revision, int) or isinstance(revision, bool):
        return None
    if not 0 <= revision <= _MOST_REVISION:
        return None
    place = members.get("place")
    return AlertRow(
        id=id_,
        revision=revision,
        camera=_word(members, "camera"),
        rule=_word(members, "rule"),
        zone=_word(members, "zone"),
        type=_word(members, "type"),
        severity=_word(members, "severity"),
        state=_word(members, "state"),
        began=_word(_table(members, "visit"), "began"),
        time=_word(members, "time"),
        place_json=_json(place, "{}") if isinstance(place, dict) else None,
        agencies_json=_json(_words(members.get("agencies")), "[]"),
        objects_json=_json(members.get("objects"), "[]"),
        clock_json=_json(_table(members, "clock"), "{}"),
        thumb_sha256=_word(_table(members, "thumb"), "sha256") or None,
    )


_UPSERT = """
INSERT INTO alerts (id, site, box, camera, rule, zone, type, severity, state, revision, began, time,
  place_json, agencies_json, objects_json, clock_json, first_seq, seq, thumb_sha256, received_wall,
  change)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (site, box, id) DO UPDATE SET
  camera = excluded.camera, rule = excluded.rule, zone = excluded.zone, type = excluded.type,
  severity = excluded.severity, state = excluded.state, revision = excluded.revision,
  began = excluded.began, time = excluded.time, place_json = excluded.place_json,
  agencies_json = excluded.agencies_json, objects_json = excluded.objects_json,
  clock_json = excluded.clock_json, seq = excluded.seq,
  thumb_sha256 = COALESCE(excluded.thumb_sha256, alerts.thumb_sha256), change = excluded.change
WHERE excluded.revision > alerts.revision
"""
# An earlier revision that comes late knows only what nobody has said yet.
_LATE = """
UPDATE alerts SET first_seq = ?, thumb_sha256 = COALESCE(thumb_sha256, ?), change = ?
WHERE site = ? AND box = ? AND id = ? AND first_seq > ?
"""


def keep_alert(transaction: Transaction, box: Box, row: AlertRow, *, seq: int, wall: float) -> None:
    """Let people see this revision. Call it after everything that may wait: it takes a change."""
    change = transaction.take_changes(1)
    is_newest = transaction.run(
        _UPSERT,
        *(row.id, box.site, box.box, row.camera, row.rule, row.zone, row.type, row.severity),
        *(row.state, row.revision, row.began, row.time, row.place_json, row.agencies_json),
        *(row.objects_json, row.clock_json, seq, seq, row.thumb_sha256, wall, change),
    )
    if not is_newest:
        transaction.run(_LATE, seq, row.thumb_sha256, change, box.site, box.box, row.id, seq)


def _word(members: Mapping[str, object], key: str) -> str:
    """Return a short printable text; "" for anything else."""
    value = members.get(key)
    is_word = isinstance(value, str) and len(value) <= _MOST_WORD and value.isprintable()
    return str(value) if is_word else ""


def _words(value: object) -> list[str]:
    several = value if isinstance(value, list) else []
    return [word for word in (_word({"": one}, "") for one in several) if word]


def _table(members: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = members.get(key)
    return value if isinstance(value, dict) else {}


def _json(value: object, default: str) -> str:
    """Return it as ASCII: no database refuses a character of it."""
    text = json.dumps(value, separators=(",", ":")) if value is not None else default
    return text if len(text) <= _MOST_JSON else default
