"""What was not believed is kept apart, for people to look at, and bounded."""

from hashlib import sha256

from edge_agent.center.database import Transaction
from edge_agent.center.post import Arrival, Box

_MOST = 10_000
# A signed message of a box stays below 2 KB; together they stay below 160 MB.
_MOST_BYTES = 16_384
# Messages by a new key that came before its record: taken again when the key is believed.
_MOST_RETAKEN = 1_000
UNKNOWN_KEY = "unknown_key"


def set_aside(transaction: Transaction, box: Box, arrival: Arrival, why: str, wall: float) -> None:
    """Keep the beginning of it; the oldest beyond the bound are forgotten."""
    payload = arrival.payload[:_MOST_BYTES]
    # Byte for byte the same, as boxes repeat what nobody receipts, is kept once.
    transaction.run(
        "INSERT INTO quarantine (site, box, topic, payload, sha256, why, received_wall)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (site, box, why, sha256) DO NOTHING",
        *(box.site, box.box, arrival.topic, payload, sha256(payload).hexdigest(), why, wall),
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
