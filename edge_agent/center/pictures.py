"""Pictures: kept when an alert of that box names their hash, and held a while until one does."""

from hashlib import sha256

from edge_agent.center.database import Transaction
from edge_agent.center.post import Box

# The contract: a receiver takes this much (docs/reference/topics.md).
MOST_BYTES = 65_536
# Held for alerts that have not come: 64 MiB at most.
_MOST_HELD = 1_000


def arrive(
    transaction: Transaction, box: Box, alert_id: str, content: bytes, wall: float
) -> list[int]:
    """Take a picture; return the numbers of the alerts whose picture is stored now."""
    digest = sha256(content).hexdigest()
    seqs = transaction.rows(
        "SELECT seq FROM messages WHERE site = ? AND box = ? AND alert_id = ? AND thumb_sha256 = ?",
        *(box.site, box.box, alert_id, digest),
    )
    if seqs:
        if not _is_deleted(transaction, box, alert_id, digest):
            _keep(transaction, box, alert_id, digest, content, wall)
        return [seq for (seq,) in seqs]
    transaction.run(
        "INSERT INTO held_pictures (site, box, alert_id, sha256, content, received_wall)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (site, box, alert_id, sha256) DO NOTHING",
        *(box.site, box.box, alert_id, digest, content, wall),
    )
    transaction.run(
        "DELETE FROM held_pictures WHERE number <= (SELECT max(number) FROM held_pictures) - ?",
        _MOST_HELD,
    )
    return []


def is_named(transaction: Transaction, box: Box, alert_id: str, digest: str, wall: float) -> bool:
    """Tell whether the picture that an alert names is stored; one that was held is stored now."""
    whose = (box.site, box.box, alert_id, digest)
    held = transaction.row(
        "DELETE FROM held_pictures WHERE site = ? AND box = ? AND alert_id = ? AND sha256 = ?"
        " RETURNING content",
        *whose,
    )
    if held:
        _keep(transaction, box, alert_id, digest, bytes(held[0]), wall)
        return True
    known = transaction.row(
        "SELECT 1 FROM pictures WHERE site = ? AND box = ? AND alert_id = ? AND sha256 = ?", *whose
    )
    return known is not None or _is_deleted(transaction, box, alert_id, digest)


def _is_deleted(transaction: Transaction, box: Box, alert_id: str, digest: str) -> bool:
    """Tell whether it was here, and its term is over: it is confirmed again, and not kept."""
    known = transaction.row(
        "SELECT 1 FROM deleted_pictures WHERE site = ? AND box = ? AND alert_id = ? AND sha256 = ?",
        *(box.site, box.box, alert_id, digest),
    )
    return known is not None


def _keep(
    transaction: Transaction, box: Box, alert_id: str, digest: str, content: bytes, wall: float
) -> None:
    transaction.run(
        "INSERT INTO pictures (site, box, alert_id, sha256, content, received_wall)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (site, box, alert_id, sha256) DO NOTHING",
        *(box.site, box.box, alert_id, digest, content, wall),
    )
