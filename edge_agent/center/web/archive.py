"""What the page asks the database. Every question is bounded: a page is looked at by people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from edge_agent.center.alarm_texts import Said, read_said
from edge_agent.center.database import Database
from edge_agent.center.post import Box
from edge_agent.center.retention.holds import Hold, of_alert
from edge_agent.center.retention.letters import is_deleted
from edge_agent.center.told import (
    Place,
    Told,
    labels_of,
    place_of,
    read_json,
    read_object,
    texts_of,
)
from edge_agent.center.web.cells import as_bytes, as_real, as_text, as_wall, as_whole
from edge_agent.center.web.proof import StoredKey, StoredMessage
from edge_agent.contract import read_key

Row = Mapping[str, object]
# Where a page ends: when the last alert was received, and which it is. A transaction has up to 200.
Mark = tuple[float, str, str, str]
# One page of the list, and what one answer to a poll may bring.
PAGE = 48
# What the lists of the filter are made of, and where counting ends ("999+").
_RECENT = 2_000
COUNT_MOST = 1_000
# Of one alert; a visit of a day with an update a minute has 1,440.
MOST_REVISIONS = 200
_MOST_PICTURES = 24
BOXES_A_PAGE = 500
MOST_ALARMS = 200
_ALERT = (
    "id, site, box, camera, rule, zone, type, severity, state, revision, began, time,"
    " place_json, agencies_json, objects_json, thumb_sha256, handling, handled_by, handled_wall, picture_deleted_wall,"
    " received_wall, change"
)
_MESSAGE = "seq, sha256, prev, kid, payload, received_wall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which alerts to show; "" for all."""

    site: str = ""
    box: str = ""
    rule: str = ""
    severity: str = ""
    agency: str = ""
    handling: str = ""

    def told(self) -> dict[str, str]:
        """Return what is chosen, by name."""
        named = {one.name: str(getattr(self, one.name)) for one in fields(self)}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One alert as the list shows it."""

    told: Told
    handling: str
    handled_by: str
    handled_wall: float | None
    picture_deleted_wall: float | None
    received_wall: float
    change: int

    @property
    def key(self) -> str:
        """What tells it from every other alert."""
        return f"{self.told.site}/{self.told.box}/{self.told.id}"

    @property
    def mark(self) -> Mark:
        """Its place in the list."""
        return self.received_wall, self.told.site, self.told.box, self.told.id


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the handling."""

    at_wall: float
    became: str
    by_whom: str
    note: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of the center."""

    number: int
    site: str
    box: str
    kind: str
    # In English, as it was stored; and what it says in any language.
    text: str
    said: Said
    since_wall: float
    until_wall: float | None
    # By whom and why; "" for one that ended by itself.
    closed_by: str
    closed_why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxRow:
    """One box as the database has it."""

    site: str
    box: str
    state: str
    seen_wall: float | None
    version: str
    place: Place
    head_seq: int
    whole_upto: int
    status_json: str
    health_json: str


class Archive:
    """Answers the page's questions. Keeps nothing: several centers share one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, wanted: Filter, before: Mark | None = None) -> list[Card]:
        """Return the alerts that came last, or before that one; one more than a page holds."""
        where, values = _where(wanted)
        if before is not None:
            where = [*where, "(received_wall, site, box, id) < (?, ?, ?, ?)"]
            values = [*values, *before]
        order = "received_wall DESC, site DESC, box DESC, id DESC"
        rest = f"FROM alerts{_joined(where)} ORDER BY {order} LIMIT {PAGE + 1}"
        return [_card(row) for row in self._ask(_ALERT, rest, *values)]

    def change(self) -> int:
        """Return the number of the newest change."""
        rows = self._ask("change", "FROM alerts ORDER BY change DESC LIMIT 1")
        return max((as_whole(row["change"]) for row in rows), default=0)

    def changed(self, after: int, wanted: Filter) -> tuple[int, list[str], list[Card]]:
        """Return the newest number, the keys of all that changed, and those that are wanted."""
        rest = f"FROM alerts WHERE change > ? ORDER BY change LIMIT {PAGE}"
        keys = self._ask("site, box, id, change", rest, after)
        if not keys:
            return after, [], []
        upto = as_whole(keys[-1]["change"])
        where, values = _where(wanted)
        rest = f"FROM alerts{_joined(['change > ?', 'change <= ?', *where])} ORDER BY change"
        cards = [_card(row) for row in self._ask(_ALERT, rest, after, upto, *values)]
        return upto, [f"{row['site']}/{row['box']}/{row['id']}" for row in keys], cards

    def alert(self, site: str, box: str, alert_id: str) -> Card | None:
        """Return one alert."""
        rest = "FROM alerts WHERE site = ? AND box = ? AND id = ?"
        return next((_card(row) for row in self._ask(_ALERT, rest, site, box, alert_id)), None)

    def revisions(self, site: str, box: str, alert_id: str) -> list[StoredMessage]:
        """Return the messages of one alert, the newest first."""
        rest = (
            "FROM messages WHERE site = ? AND box = ? AND alert_id = ?"
            f" ORDER BY seq DESC LIMIT {MOST_REVISIONS}"
        )
        return [_message(row) for row in self._ask(_MESSAGE, rest, site, box, alert_id)]

    def message(self, site: str, box: str, seq: int) -> StoredMessage | None:
        """Return one message."""
        rest = "FROM messages WHERE site = ? AND box = ? AND seq = ?"
        return next((_message(row) for row in self._ask(_MESSAGE, rest, site, box, seq)), None)

    def is_accounted(self, site: str, box: str, seq: int) -> bool:
        """Tell whether the box has said what became of a number."""
        rest = "FROM accounted WHERE site = ? AND box = ? AND first <= ? AND last >= ? LIMIT 1"
        return bool(self._ask("by_seq", rest, site, box, seq, seq))

    def is_deleted(self, site: str, box: str, seq: int) -> bool:
        """Tell whether a number was deleted after its term."""
        return self._database.read(lambda transaction: is_deleted(transaction, Box(site, box), seq))

    def deleted_pictures(self, site: str, box: str, alert_id: str) -> frozenset[str]:
        """Return the hashes of an alert's pictures that were deleted after their term."""
        rest = "FROM deleted_pictures WHERE site = ? AND box = ? AND alert_id = ? LIMIT 1000"
        rows = self._ask("sha256", rest, site, box, alert_id)
        return frozenset(as_text(row["sha256"]) for row in rows)

    def hold(self, site: str, box: str, alert_id: str) -> Hold | None:
        """Return who keeps an alert beyond its term."""
        return of_alert(self._database, site, box, alert_id)

    def keys(self, site: str, box: str) -> list[StoredKey]:
        """Return the public keys of a box."""
        columns = "kid, key_base64, since_seq, until_seq, confirmed"
        rest = "FROM keys WHERE site = ? AND box = ? ORDER BY since_seq"
        return [_key(row) for row in self._ask(columns, rest, site, box)]

    def pictures(self, site: str, box: str, alert_id: str) -> dict[str, bytes]:
        """Return the pictures of one alert by their hash, the newest first."""
        rest = (
            "FROM pictures WHERE site = ? AND box = ? AND alert_id = ?"
            f" ORDER BY received_wall DESC LIMIT {_MOST_PICTURES}"
        )
        rows = self._ask("sha256, content", rest, site, box, alert_id)
        return {str(row["sha256"]): as_bytes(row["content"]) for row in rows}

    def picture(self, site: str, box: str, alert_id: str, sha256: str) -> bytes | None:
        """Return one picture."""
        rest = "FROM pictures WHERE site = ? AND box = ? AND alert_id = ? AND sha256 = ?"
        rows = self._ask("content", rest, site, box, alert_id, sha256)
        return next((as_bytes(row["content"]) for row in rows), None)

    def steps(self, site: str, box: str, alert_id: str) -> list[Step]:
        """Return what people did about an alert, in order."""
        columns = "at_wall, became, by_whom, note"
        rest = "FROM handling WHERE site = ? AND box = ? AND alert_id = ? ORDER BY number LIMIT 100"
        return [
            Step(
                as_real(row["at_wall"]),
                as_text(row["became"]),
                as_text(row["by_whom"]),
                as_text(row["note"]),
            )
            for row in self._ask(columns, rest, site, box, alert_id)
        ]

    def boxes(self, after: tuple[str, str] = ("", "")) -> list[BoxRow]:
        """Return a page of boxes after this one, and one more."""
        columns = (
            "site, box, state, seen_wall, version, place_json, head_seq, whole_upto,"
            " status_json, health_json"
        )
        rest = (
            "FROM boxes WHERE site > ? OR (site = ? AND box > ?)"
            f" ORDER BY site, box LIMIT {BOXES_A_PAGE + 1}"
        )
        return [_box(row) for row in self._ask(columns, rest, after[0], *after)]

    def alarms(self, *, is_open: bool) -> list[Alarm]:
        """Return the newest alarms that are open, or that are over."""
        being = "IS NULL" if is_open else "IS NOT NULL"
        columns = "number, site, box, kind, text, said_json, since_wall, until_wall"
        columns += ", closed_by, closed_why"
        rest = f"FROM alarms WHERE until_wall {being} ORDER BY since_wall DESC LIMIT {MOST_ALARMS}"
        return [_alarm(row) for row in self._ask(columns, rest)]

    def open_alarms(self, first: Box, last: Box) -> dict[tuple[str, str], int]:
        """Return how many alarms are open of each box from the first to the last of a page."""
        rest = (
            "FROM alarms WHERE until_wall IS NULL AND (site, box) >= (?, ?)"
            " AND (site, box) <= (?, ?) GROUP BY site, box"
        )
        rows = self._ask("site, box, COUNT(*)", rest, first.site, first.box, last.site, last.box)
        return {
            (as_text(row["site"]), as_text(row["box"])): as_whole(row["COUNT(*)"]) for row in rows
        }

    def set_aside(self) -> dict[tuple[str, str], int]:
        """Return how many messages of each box were not believed; there are 10,000 at most."""
        rows = self._ask("site, box, COUNT(*)", "FROM quarantine GROUP BY site, box")
        return {
            (as_text(row["site"]), as_text(row["box"])): as_whole(row["COUNT(*)"]) for row in rows
        }

    def counts(self, silent_before: float) -> dict[str, int]:
        """Return the four numbers at the top, each up to COUNT_MOST."""
        new = "FROM alerts WHERE handling = 'new'"
        return {
            "new": self._count(new),
            "high": self._count(f"{new} AND severity = 'high'"),
            "silent": self._count(
                "FROM boxes WHERE seen_wall < ? AND state <> 'stopped'", silent_before
            ),
            "alarms": self._count("FROM alarms WHERE until_wall IS NULL"),
        }

    def choices(self) -> dict[str, list[str]]:
        """Return what the filter offers: from the newest alerts."""
        columns = "site, box, rule, agencies_json"
        recent = self._ask(columns, f"FROM alerts ORDER BY change DESC LIMIT {_RECENT}")
        tags = {tag for row in recent for tag in texts_of(read_json(as_text(row["agencies_json"])))}
        named = {
            name: sorted({as_text(row[name]) for row in recent}) for name in ("site", "box", "rule")
        }
        return {**named, "agency": sorted(tags)}

    def _count(self, what: str, *values: object) -> int:
        rest = f"FROM (SELECT 1 {what} LIMIT {COUNT_MOST}) AS found"
        return next(as_whole(row["COUNT(*)"]) for row in self._ask("COUNT(*)", rest, *values))

    def _ask(self, columns: str, rest: str, *values: object) -> list[Row]:
        names = columns.split(", ")
        sql = f"SELECT {columns} {rest}"
        rows = self._database.read(lambda transaction: transaction.rows(sql, *values))
        return [dict(zip(names, row, strict=True)) for row in rows]


def _where(wanted: Filter) -> tuple[list[str], list[object]]:
    told = wanted.told()
    agency = told.pop("agency", "")
    where, values = [f"{name} = ?" for name in told], [*told.values()]
    if agency:
        # Tags are words without quotes and percent signs; what is none fits nothing.
        where.append("agencies_json LIKE ?")
        values.append(f'%"{agency}"%' if agency.replace("-", "").isalnum() else "?")
    return where, list[object](values)


def _joined(where: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(where)}" if where else ""


def _card(row: Row) -> Card:
    return Card(
        told=Told(
            **{name: as_text(row[name]) for name in _TEXTS},
            revision=as_whole(row["revision"]),
            lasted_s=None,
            labels=labels_of(read_json(as_text(row["objects_json"]))),
            agencies=texts_of(read_json(as_text(row["agencies_json"]))),
            place=place_of(read_object(as_text(row["place_json"]))),
            is_synced=True,
            error_ms=None,
        ),
        handling=as_text(row["handling"]),
        handled_by=as_text(row["handled_by"]),
        handled_wall=as_wall(row["handled_wall"]),
        picture_deleted_wall=as_wall(row["picture_deleted_wall"]),
        received_wall=as_real(row["received_wall"]),
        change=as_whole(row["change"]),
    )


_TEXTS = (
    *("id", "site", "box", "camera", "rule", "zone", "type", "severity", "state", "began", "time"),
    "thumb_sha256",
)


def _key(row: Row) -> StoredKey:
    return StoredKey(
        kid=as_text(row["kid"]),
        key=read_key(as_text(row["key_base64"])) or b"",
        since_seq=as_whole(row["since_seq"]),
        until_seq=None if row["until_seq"] is None else as_whole(row["until_seq"]),
        is_confirmed=bool(row["confirmed"]),
    )


def _message(row: Row) -> StoredMessage:
    return StoredMessage(
        seq=as_whole(row["seq"]),
        sha256=as_text(row["sha256"]),
        prev=as_text(row["prev"]),
        kid=as_text(row["kid"]),
        payload=as_bytes(row["payload"]),
        received_wall=as_real(row["received_wall"]),
    )


def _alarm(row: Row) -> Alarm:
    return Alarm(
        number=as_whole(row["number"]),
        site=as_text(row["site"]),
        box=as_text(row["box"]),
        kind=as_text(row["kind"]),
        text=as_text(row["text"]),
        said=read_said(read_object(as_text(row["said_json"]))),
        since_wall=as_real(row["since_wall"]),
        until_wall=as_wall(row["until_wall"]),
        closed_by=as_text(row["closed_by"]),
        closed_why=as_text(row["closed_why"]),
    )


def _box(row: Row) -> BoxRow:
    return BoxRow(
        site=as_text(row["site"]),
        box=as_text(row["box"]),
        state=as_text(row["state"]),
        seen_wall=as_wall(row["seen_wall"]),
        version=as_text(row["version"]),
        place=place_of(read_object(as_text(row["place_json"]))),
        head_seq=as_whole(row["head_seq"]),
        whole_upto=as_whole(row["whole_upto"]),
        status_json=as_text(row["status_json"]),
        health_json=as_text(row["health_json"]),
    )
