"""Mistakes by score for persons and vehicles, a line for each share that may be faint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

from bench.visits.choice import SCORES
from bench.visits.figures import FAINT_SHARES, Figures, grid_name

mpl.use("Agg")

from matplotlib import pyplot as plt

_SHOWN = ("person", "vehicle")
# 110 dots an inch keep the picture under 200 KB.
_DPI = 110


def draw(models: Figures, file: Path) -> None:
    """Draw one row for each model."""
    grid, axes = plt.subplots(
        len(models), len(_SHOWN), figsize=(9, 2.8 * len(models)), squeeze=False, sharex=True
    )
    for row, (model, figures) in zip(axes, models.items(), strict=True):
        for axis, group in zip(row, _SHOWN, strict=True):
            for share in FAINT_SHARES:
                axis.plot(SCORES, _line(figures, group, share), label=f"faint from {share}")
            axis.set_title(f"{model}: {group}", fontsize=9)
            axis.set_ylabel("mistakes", fontsize=8)
            axis.set_ylim(bottom=0)
            axis.grid(alpha=0.3)
    axes[0][0].legend(fontsize=8)
    for axis in axes[-1]:
        axis.set_xlabel("score", fontsize=8)
    grid.tight_layout()
    grid.savefig(file, dpi=_DPI)
    plt.close(grid)


def least_mistakes(figures: dict[str, Any], share: float) -> int:
    """Return the mistakes of all groups that were judged, each at its best score."""
    judged = figures["choosing"][grid_name(SCORES[0], share)]["groups"]
    return sum(min(_line(figures, group, share)) for group in judged)


def _line(figures: dict[str, Any], group: str, share: float) -> list[int]:
    return [
        figures["choosing"][grid_name(score, share)]["groups"][group]["mistakes"]
        for score in SCORES
    ]
