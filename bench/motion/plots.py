"""The suite's two plots, as small PNG files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.motion.contenders import AS_SHIPPED, ENTRIES
from bench.motion.suite import Sheet

# The goals, in percent.
_MOST_FALSE, _LEAST_FOUND = 5, 97
_DOTS_PER_INCH = 90
# Told apart by people who see few colours, too (Okabe and Ito's).
_COLOURS = ("#d55e00", "#e69f00", "#0072b2", "#009e73", "#999999")


def conditions(sheet: Sheet, file: Path) -> None:
    """Draw false motion and found walkers, for each condition and contender."""
    figure = Figure(figsize=(11, 6.4))
    above, below = figure.subplots(2, 1, sharex=True)
    _bars(above, sheet, "false motion frames, %", [
        [100 * watched.of(name).false_share for watched in sheet.values()] for name in ENTRIES
    ])  # fmt: skip
    above.axhline(_MOST_FALSE, color="black", linewidth=0.8, linestyle=":")
    _bars(below, sheet, "walker found, %", [
        [100 * watched.of(name).found_share for watched in sheet.values()] for name in ENTRIES
    ])  # fmt: skip
    below.axhline(_LEAST_FOUND, color="black", linewidth=0.8, linestyle=":")
    above.legend(ncols=len(ENTRIES), loc="lower left", bbox_to_anchor=(0, 1), frameon=False)
    _keep(figure, file)


def _bars(axes: Axes, sheet: Sheet, words: str, rows: list[list[float]]) -> None:
    width = 0.8 / len(rows)
    middles = np.arange(len(sheet))
    for number, (name, values) in enumerate(zip(ENTRIES, rows, strict=True)):
        places = middles + (number - (len(rows) - 1) / 2) * width
        axes.bar(places, values, width, label=name, color=_COLOURS[number])
    axes.set_xticks(middles, list(sheet))
    axes.set_ylabel(words)
    axes.set_ylim(0, 100)
    axes.spines[["top", "right"]].set_visible(False)


def curves(sheet: Sheet, file: Path) -> None:
    """Draw what each contender's threshold trades: false motion for found walkers."""
    figure = Figure(figsize=(7, 5))
    axes = figure.subplots()
    for number, (name, entry) in enumerate(ENTRIES.items()):
        points = sorted(
            (_mean_false(sheet, name, value), _mean_found(sheet, name, value))
            for value in entry.thresholds
        )
        own = _mean_false(sheet, name, AS_SHIPPED), _mean_found(sheet, name, AS_SHIPPED)
        line = np.asarray(sorted([*points, own]))
        axes.plot(line[:, 0], line[:, 1], "o-", markersize=3, color=_COLOURS[number], label=name)
        axes.plot(*own, "x", markersize=10, markeredgewidth=2, color=_COLOURS[number])
    axes.axvline(_MOST_FALSE, color="black", linewidth=0.8, linestyle=":")
    axes.axhline(_LEAST_FOUND, color="black", linewidth=0.8, linestyle=":")
    axes.set(xlim=(0, 100), ylim=(0, 100))
    axes.set_xlabel("false motion frames, % (mean of the nine)")
    axes.set_ylabel("walker found, % (mean of the nine)")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    _keep(figure, file)


def _mean_false(sheet: Sheet, name: str, threshold: float | None) -> float:
    shares = [watched.of(name, threshold).false_share for watched in sheet.values()]
    return 100 * sum(shares) / len(shares)


def _mean_found(sheet: Sheet, name: str, threshold: float | None) -> float:
    shares = [watched.of(name, threshold).found_share for watched in sheet.values()]
    return 100 * sum(shares) / len(shares)


def _keep(figure: Figure, file: Path) -> None:
    figure.tight_layout()
    figure.savefig(file, dpi=_DOTS_PER_INCH)
