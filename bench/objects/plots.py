"""Precision against recall, a curve for each model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from bench.objects.exam_results import Paper
from bench.objects.exams import TRAFFIC
from edge_agent.domain.sighting import Label

# Okabe and Ito's colours, which the colour-blind can tell apart; ours is the dark one.
_COLOURS = ("#000000", "#0072b2", "#e69f00", "#cc79a7")
_DOTS_PER_INCH = 80


def precision_recall(
    papers: Sequence[dict[str, Paper]], scores: Mapping[Label, float], file: Path
) -> None:
    """Draw a row of plots for each set; a dot is where the first model stands at its score."""
    exams = [next(iter(one.values())).exam for one in papers]
    figure, grid = plt.subplots(len(papers), len(TRAFFIC), figsize=(17, 3.6 * len(papers)))
    for row, exam, by_model in zip(grid, exams, papers, strict=True):
        for axes, label in zip(row, TRAFFIC, strict=True):
            axes.set_title(f"{exam.name.partition('/')[0]}: {label}")
            axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
            if label not in exam.labelled:
                axes.text(0.5, 0.5, "not labelled here", ha="center", color="grey")
                continue
            _curves(axes, by_model, label, scores[label])
    grid[0][0].legend(loc="lower left", fontsize="small")
    figure.tight_layout()
    figure.savefig(file, dpi=_DOTS_PER_INCH)
    plt.close(figure)


def _curves(axes: plt.Axes, by_model: dict[str, Paper], label: Label, score: float) -> None:
    for number, (name, paper) in enumerate(by_model.items()):
        sheet, colour = paper.sheet(label), _COLOURS[number]
        recall, precision = sheet.curve()
        axes.plot(recall, precision, color=colour, label=name, linewidth=1.4)
        if number == 0:
            precise, found = sheet.at(score)
            axes.plot([found], [precise], "o", color=colour)
    axes.grid(color="0.9")
