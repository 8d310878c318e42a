"""All that was measured, as plain figures: what the page is written from, and `objects.json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.objects.clips import Shown
from bench.objects.confusion import NOTHING, Told, matrix
from bench.objects.cost import Cost
from bench.objects.exam_results import Paper, boxes_of, only
from bench.objects.exams import Exam
from bench.objects.eyes import STREET, Eye
from bench.objects.marks import interval
from bench.objects.small import ASKED, BINS, Looked
from edge_agent.domain.sighting import Label

# Scores at which an operator may be told; the card holds one for all labels or one for each.
SCORES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
_FINE = tuple(round(0.2 + 0.05 * step, 2) for step in range(14))
Figures = dict[str, Any]


def of_model(eye: Eye, cost: Cost) -> Figures:
    """Return what a model is and costs."""
    card = eye.card
    return {
        "version": card.version,
        "sha256": card.sha256,
        "licence": card.licence,
        "score": card.score,
        "label_scores": {str(label): score for label, score in card.label_scores.items()},
        "input_px": eye.side_px,
        "size_bytes": card.weights.stat().st_size,
        "cut_ms": round(cost.cut_ms, 3),
        "network_ms": round(cost.network_ms, 3),
        "reading_ms": round(cost.reading_ms, 3),
        "reading_share": round(cost.reading_share, 3),
    }


def of_exam(papers: dict[str, Paper]) -> Figures:
    """Return everybody's average precision on one set, label by label, and how sure ours is."""
    exam = next(iter(papers.values())).exam
    rows: Figures = {}
    for label in exam.labelled:
        sheets = {name: paper.sheet(label) for name, paper in papers.items()}
        ours = sheets[STREET]
        rows[label] = {
            "boxes": int(ours.present.sum()),
            "ap50": {name: round(sheet.precision(), 3) for name, sheet in sheets.items()},
            # Where 95 % of (ours - theirs) lie when the pictures are drawn again.
            "lead": {
                name: [round(end, 3) for end in interval(ours, sheet)]
                for name, sheet in sheets.items()
                if name != STREET
            },
        }
    return {"photos": len(exam.photos), "what": exam.what, "labels": rows}


def of_scores(paper: Paper) -> Figures:
    """Return precision and recall at each score, and the score with the best F1."""
    found: Figures = {}
    for label in paper.exam.labelled:
        sheet = paper.sheet(label)
        at = {f"{score:.2f}": [round(one, 3) for one in sheet.at(score)] for score in SCORES}
        found[label] = {"at": at, "best": sheet.best(_FINE)}
    return found


def of_strangers(paper: Paper) -> Figures:
    """Return how often garbage is told, at each score, where nobody looked for any."""
    told = np.concatenate([only(one.plain, Label.GARBAGE).scores for one in paper.answers])
    counts = {f"{score:.2f}": int((told >= score).sum()) for score in SCORES}
    return {"photos": len(paper.answers), "at": counts}


def of_confusion(told: list[Told], exam: Exam) -> Figures:
    """Return the matrix of what is taken for what."""
    return {"labels": [*exam.labelled, NOTHING], "rows": matrix(told, exam.labelled)}


def of_way(exam: Exam, looked: dict[str, Looked]) -> Figures:
    """Return what each model finds in one way of looking, by height."""
    return {
        name: {
            "looks": round(one.looks, 1),
            "ap50": {
                label: {
                    heights: round(one.sheet(exam, label, ends).precision(), 3)
                    for heights, ends in BINS.items()
                }
                for label in ASKED
            },
        }
        for name, one in looked.items()
    }


def of_heights(exam: Exam) -> Figures:
    """Return how many true boxes there are of each height."""
    found: Figures = {}
    for label in ASKED:
        tall = [float(b[3] - b[1]) for photo in exam.photos for b in boxes_of(photo, label)]
        found[label] = {
            heights: sum(ends[0] <= one < ends[1] for one in tall) for heights, ends in BINS.items()
        }
    return found


def of_clips(all_shown: Sequence[Shown]) -> Figures:
    """Return what was seen of each clip."""
    return {
        shown.clip.name: {
            "frames": shown.frames,
            "with_somebody": shown.frames_with_somebody,
            "tracks": {str(label): count for label, count in sorted(shown.labels.items())},
        }
        for shown in all_shown
    }
