"""`--only objects`: all models through all exams in one run, and the page that comes of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.machine import Machine
from bench.objects import (
    clips,
    confusion,
    cost,
    drawing,
    exam_results,
    exams,
    eyes,
    figures,
    mistakes,
    page,
    plots,
    small,
)
from bench.objects.exam_results import Paper
from bench.objects.exams import OVERHEAD, RUBBISH, STREET, Exam
from bench.objects.eyes import Eye
from edge_agent.errors import EdgeAgentError
from tools import debian

# Clips that may not be published are drawn for our own eyes.
_OWN_EYES = debian.REPOSITORY / "build" / "bench"


def report(facts: Machine, results: Path, model: str) -> tuple[str, figures.Figures]:
    """Measure and draw; return the page and the figures.

    Raises EdgeAgentError where the public data is not beside this checkout.
    """
    if not exams.is_here():
        raise EdgeAgentError(
            f"no labelled photos in {exams.DATA}", hint="lay the public data beside this checkout"
        )
    debian.CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-objects-", dir=debian.CACHE) as folder:
        everyone = eyes.eyes(model, exams.DATA / "models", Path(folder))
        by_name = {exam.name: exam for exam in exams.exams()}
        papers = {
            exam.name: {eye.name: exam_results.sit(eye, exam) for eye in everyone}
            for exam in by_name.values()
        }
        found = _figures(everyone, by_name, papers)
    ours = everyone[0]
    pairs = [papers[STREET], papers[OVERHEAD]]
    plots.precision_recall(pairs, ours.scores, results / "objects-curves.png")
    found["confusion"] = _mistakes(ours, by_name, results)
    shown = [clips.show(clip, model) for clip in clips.clips()]
    found["clips"] = figures.of_clips(shown)
    makers = _draw_clips(shown, results)
    return page.write(found, facts, makers), found


def _figures(
    everyone: list[Eye], by_name: dict[str, Exam], papers: dict[str, dict[str, Paper]]
) -> figures.Figures:
    frames = [photo.frame for name in (STREET, OVERHEAD) for photo in by_name[name].photos]
    overhead, ours = by_name[OVERHEAD], everyone[0].name
    ways = {
        way: {eye.name: small.look(eye, overhead, choose) for eye in everyone}
        for way, choose in small.WAYS.items()
    }
    return {
        "models": {
            eye.name: figures.of_model(eye, cost.measure(eye.card, frames)) for eye in everyone
        },
        "exams": {name: figures.of_exam(one) for name, one in papers.items()},
        "heights": figures.of_heights(overhead),
        "small": {way: figures.of_way(overhead, looked) for way, looked in ways.items()},
        "scores": {
            name: figures.of_scores(papers[name][ours]) for name in (STREET, OVERHEAD, RUBBISH)
        },
        "strange": {
            name: figures.of_strangers(one[ours]) for name, one in papers.items() if name != RUBBISH
        },
    }


def _mistakes(ours: Eye, by_name: dict[str, Exam], results: Path) -> figures.Figures:
    found: figures.Figures = {}
    for name, word in ((STREET, "street"), (OVERHEAD, "overhead")):
        exam = by_name[name]
        told = confusion.tell(ours, exam)
        found[name] = figures.of_confusion(told, exam)
        sheet = mistakes.sheet(told, exam.labelled)
        drawing.save(sheet, results / f"objects-mistakes-{word}.jpg")
    return found


def _draw_clips(all_shown: list[clips.Shown], results: Path) -> list[str]:
    """Draw both sheets; return who made what is published, row by row."""
    seen = [shown for shown in all_shown if shown.pictures]
    public = [shown for shown in seen if shown.clip.credit]
    drawing.save(clips.sheet(public), results / "objects-clips.jpg")
    others = [shown for shown in seen if not shown.clip.credit]
    if others:
        _OWN_EYES.mkdir(parents=True, exist_ok=True)
        drawing.save(clips.sheet(others), _OWN_EYES / "objects-clips-others.jpg")
    return [f"{shown.clip.name} ({shown.clip.credit})" for shown in public]
