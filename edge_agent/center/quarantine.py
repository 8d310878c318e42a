"""What was not believed is kept apart, for people to look at, and bounded."""

from dataclasses import dataclass
from hashlib import sha256

from edge_agent.center.database import Database, Row, Transaction
from edge_agent.center.post import Arrival, Box

_MOST = 10_000
# A signed message of a box stays below 2 KB; together they stay below 160 MB.
MOST_BYTES = 16_384
# Messages by a new key that came before its record: taken again when the key is believed.
_MOST_RETAKEN = 1_000
UNKNOWN_KEY = "unknown_key"
_FACTS = "number, site, box, topic, why, received_wall, sha256, length(payload), size_bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """One message that was not believed."""

    number: int
    # By the topic: whoever sent it chose it.
    box: Box
    topic: str
    why: str
    received_wall: float
    # Of what is kept.
    sha256: str
    kept_bytes: int
    # Of what came; None where an earlier version did not note it.
    came_bytes: int | None

    @property
    def is_cut(self) -> bool:
        """Whether only its beginning is kept, or may be."""
        return (self.came_bytes or self.kept_bytes + 1) > self.kept_bytes >= MOST_BYTES


def set_aside(transaction: Transaction, box: Box, arrival: Arrival, why: str, wall: float) -> None:
    """Keep the beginning of it; the oldest beyond the bound are forgotten."""
    payload = arrival.payload[:MOST_BYTES]
    # Byte for byte the same, as boxes repeat what nobody receipts, is kept once.
    transaction.run(
        "INSERT INTO quarantine (site, box, topic, payload, sha256, why, received_wall, size_bytes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (site, box, why, sha256) DO NOTHING",
        *(box.site, box.box, arrival.topic, payload, sha256(payload).hexdigest(), why, wall),
        len(arrival.payload),
    )
    transaction.run(
        "DELETE FROM quarantine WHERE number <= (SELECT max(number) FROM quarantine) - ?", _MOST
    )


def take_back(transaction: Transaction, box: Box) -> list[Arrival]:
    """Return the oldest that waited for a key, and forget them here."""
    found = transaction.rows(
        "SELECT number, topic, payload FROM quarantine WHERE site = ? AND box = ? AND why = ?"
        " ORDER BY number LIMIT ?",
        *(box.site, box.box, UNKNOWN_KEY, _MOST_RETAKEN),
    )
    transaction.run_each(
        "DELETE FROM quarantine WHERE number = ?", [(number,) for number, _, _ in found]
    )
    return [Arrival(topic, bytes(payload)) for _, topic, payload in found]


def find(database: Database, box: Box | None, most: int) -> list[SetAside]:
    """Return the newest, of one box or of all."""
    where, values = ("WHERE site = ? AND box = ?", (box.site, box.box)) if box else ("", ())
    sql = f"SELECT {_FACTS} FROM quarantine {where} ORDER BY number DESC LIMIT ?"  # noqa: S608 (words of this file)
    return [_read(row) for row in database.read(lambda t: t.rows(sql, *values, most))]


def get(database: Database, number: int) -> tuple[SetAside, bytes] | None:
    """Return one and what is kept of it, byte for byte."""
    sql = f"SELECT {_FACTS}, payload FROM quarantine WHERE number = ?"  # noqa: S608 (words of this file)
    row = database.read(lambda t: t.row(sql, number))
    return (_read(row[:-1]), bytes(row[-1])) if row else None


def _read(row: Row) -> SetAside:
    number, site, box, topic, why, wall, digest, kept, came = row
    return SetAside(
        number=number,
        box=Box(site, box),
        topic=topic,
        why=why,
        received_wall=wall,
        sha256=digest,
        kept_bytes=kept,
        came_bytes=came,
    )
