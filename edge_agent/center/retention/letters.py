"""What the center has deleted of a box: as ranges, to know a message that comes again, and as signed letters.

The letters are written when something is deleted, and not when it is exported: whoever takes messages
out of the database and has not the center's key cannot have that explained.
"""

from collections.abc import Iterable, Iterator

from edge_agent.center.database import Database, Transaction
from edge_agent.center.key import CenterKey
from edge_agent.center.post import Box
from edge_agent.contract import (
    RETENTION,
    Range,
    Retention,
    Stored,
    Verdict,
    open_letter,
    read_key,
    read_retention,
    write_retention,
)
from edge_agent.contract.receipt import MOST_RANGES
from edge_agent.runtime.clock import rfc3339

# Letters in memory at once, and in one question.
_PAGE = 100
_LETTERS = """
SELECT number, site, box, payload FROM deletion_letters
WHERE number > ? AND (? = '' OR site = ?) AND (? = '' OR box = ?) ORDER BY number LIMIT ?
"""


def is_deleted(transaction: Transaction, box: Box, seq: int) -> bool:
    """Tell whether this number was deleted after its term."""
    row = transaction.row(
        "SELECT last FROM deleted WHERE site = ? AND box = ? AND first <= ?"
        " ORDER BY first DESC LIMIT 1",
        *(box.site, box.box, seq),
    )
    return row is not None and int(row[0]) >= seq


def note(
    transaction: Transaction, key: CenterKey, box: Box, gone: Iterable[tuple[int, str]], wall: float
) -> None:
    """Note numbers and their hashes as deleted, and say so in signed letters."""
    new = merge(Stored(Range(seq, seq), digest) for seq, digest in gone)
    if new:
        _keep_ranges(transaction, box, new)
        _keep_letters(transaction, key, box, new, wall)


def letters(database: Database, *, site: str, box: str) -> Iterator[tuple[Box, bytes]]:
    """Return every letter of these boxes; "" for all."""
    number = 0

    def page(after: int) -> list[tuple[int, str, str, bytes]]:
        values = (after, site, site, box, box, _PAGE)
        return [
            (row[0], row[1], row[2], bytes(row[3]))
            for row in database.read(lambda t: t.rows(_LETTERS, *values))
        ]

    while rows := page(number):
        yield from ((Box(row[1], row[2]), row[3]) for row in rows)
        number = rows[-1][0]


def merge(several: Iterable[Stored]) -> list[Stored]:
    """Join ranges that touch, in order."""
    merged: list[Stored] = []
    for one in sorted(several, key=lambda each: (each.range.first, each.range.last)):
        if merged and one.range.first <= merged[-1].range.last + 1:
            last = max(merged[-1], one, key=lambda each: each.range.last)
            whole = Range(merged[-1].range.first, last.range.last)
            merged[-1] = Stored(whole, last.sha256)
        else:
            merged.append(one)
    return merged


def _keep_ranges(transaction: Transaction, box: Box, new: list[Stored]) -> None:
    whose = (box.site, box.box)
    near = "site = ? AND box = ? AND last >= ? AND first <= ?"
    span = (new[0].range.first - 1, new[-1].range.last + 1)
    known = transaction.rows(
        f"SELECT first, last, sha256 FROM deleted WHERE {near}",  # noqa: S608 (words of this file)
        *(*whose, *span),
    )
    transaction.run(f"DELETE FROM deleted WHERE {near}", *whose, *span)  # noqa: S608 (as above)
    before = [Stored(Range(first, last), digest) for first, last, digest in known]
    transaction.run_each(
        "INSERT INTO deleted (site, box, first, last, sha256) VALUES (?, ?, ?, ?, ?)",
        [(*whose, one.range.first, one.range.last, one.sha256) for one in merge([*before, *new])],
    )


def _keep_letters(
    transaction: Transaction, key: CenterKey, box: Box, new: list[Stored], wall: float
) -> None:
    """Write one letter where there were several; one by another key stays as it is."""
    whose = (box.site, box.box)
    rows = transaction.rows(
        "SELECT number, payload FROM deletion_letters WHERE site = ? AND box = ?", *whose
    )
    known: list[Stored] = []
    for number, payload in rows:
        # Only what this key has signed is signed again: nobody slips a range of their own in.
        told = _open(key, box, bytes(payload))
        if told is not None:
            known += told.deleted
            transaction.run("DELETE FROM deletion_letters WHERE number = ?", number)
    whole = merge([*known, *new])
    for at in range(0, len(whole), MOST_RANGES):
        letter = Retention(
            site=box.site,
            box=box.box,
            time=rfc3339(wall),
            kid=key.kid,
            deleted=tuple(whole[at : at + MOST_RANGES]),
        )
        transaction.run(
            "INSERT INTO deletion_letters (site, box, payload) VALUES (?, ?, ?)",
            *(*whose, write_retention(letter, key.sign)),
        )


def _open(key: CenterKey, box: Box, payload: bytes) -> Retention | None:
    public = read_key(key.public_base64)
    keys = [public] if public else []
    letter = open_letter(payload, keys, kind=RETENTION, site=box.site, box=box.box)
    return read_retention(letter.members) if letter.verdict is Verdict.GENUINE else None
