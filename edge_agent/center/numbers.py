"""Which numbers of a box are still missing. A million in a row cost nothing, a hole costs a row."""

from edge_agent.center.database import Transaction
from edge_agent.center.post import Box
from edge_agent.contract import Range

# Holes named in an alarm; the rest are counted.
_MOST_NAMED = 8


def arrive(transaction: Transaction, box: Box, seq: int, last: int) -> int:
    """Take the number of a message; return the greatest one that has come."""
    if seq > last + 1:
        transaction.run(
            "INSERT INTO missing (site, box, first, last) VALUES (?, ?, ?, ?)",
            *(box.site, box.box, last + 1, seq - 1),
        )
    elif seq <= last:
        fill(transaction, box, Range(seq, seq))
    return max(seq, last)


def fill(transaction: Transaction, box: Box, whole: Range) -> None:
    """Miss these numbers no more: they came, or somebody has accounted for them."""
    holes = transaction.rows(
        "SELECT first, last FROM missing WHERE site = ? AND box = ? AND first <= ? AND last >= ?",
        *(box.site, box.box, whole.last, whole.first),
    )
    for first, last in holes:
        transaction.run(
            "DELETE FROM missing WHERE site = ? AND box = ? AND first = ?",
            *(box.site, box.box, first),
        )
        left = [(first, whole.first - 1), (whole.last + 1, last)]
        transaction.run_each(
            "INSERT INTO missing (site, box, first, last) VALUES (?, ?, ?, ?)",
            [(box.site, box.box, begin, end) for begin, end in left if begin <= end],
        )


def whole_up_to(transaction: Transaction, box: Box, last: int) -> int:
    """Return the number below the first hole."""
    told = transaction.row(
        "SELECT min(first) FROM missing WHERE site = ? AND box = ?", box.site, box.box
    )
    return last if told is None or told[0] is None else int(told[0]) - 1


def gaps(
    transaction: Transaction, box: Box, *, left_below: int, head_seq: int
) -> tuple[Range, ...]:
    """Return the first holes that the box does not explain: what lies in them has left it.

    A head speaks of numbers up to its own: a hole that newer messages leave is one.
    """
    holes = transaction.rows(
        "SELECT first, last FROM missing WHERE site = ? AND box = ? AND (first < ? OR last > ?)"
        " ORDER BY first LIMIT ?",
        *(box.site, box.box, left_below, head_seq, _MOST_NAMED + 1),
    )
    found = []
    for first, last in holes:
        parts = [(first, min(last, left_below - 1)), (max(first, left_below, head_seq + 1), last)]
        found += [Range(begin, end) for begin, end in parts if begin <= end]
    return tuple(found)


def name(several: tuple[Range, ...]) -> tuple[str, bool]:
    """Return the first few, as people write them, and whether there are more."""
    first = ", ".join(str(one) for one in several[:_MOST_NAMED])
    return first, len(several) > _MOST_NAMED
