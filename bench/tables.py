"""Markdown tables, and a median with its range in one cell."""

from collections.abc import Sequence
from statistics import median


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the first column is left-aligned, figures are right-aligned."""
    lines = [heading, ["---", *(["---:"] * (len(heading) - 1))], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Return `median (least-most)`, or a dash where there is nothing."""
    if not values:
        return "-"
    least, most = min(values), max(values)
    return f"{median(values):.{digits}f} ({least:.{digits}f}-{most:.{digits}f})"


def ratio(values: Sequence[float], others: Sequence[float]) -> str:
    """Return how many times the others' median this median is."""
    if not values or not others or median(others) <= 0:
        return "-"
    return f"{median(values) / median(others):.2f}"
