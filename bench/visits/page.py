"""`bench.run --only visits`: the page, its figures and its picture, all models side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.machine import Machine
from bench.tables import table
from bench.visits import plot
from bench.visits.clips import CLIPS, SHARED
from bench.visits.figures import FAINT_SHARES, Figures, measure
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import ModelCard, find_card, load_card
from tests.inference.pictures import model_folder

_NAME = "visits.json"
# Measured beside the shipped model where their weights lie next to the checkout.
_RIVALS = ("nanodet", "fastestdet")


def cards(asked: str | None, shipped: str, folder: Path) -> list[ModelCard]:
    """Return the one model that was asked for, or the shipped one and its rivals.

    Raises EdgeAgentError where a model cannot be used, or the clips are not there.
    """
    if not all(clip.file.is_file() for clip in CLIPS):
        raise EdgeAgentError(
            "the clips that judge visits are not all there",
            hint="run `make setup` for vtest.avi; the others come with the public data",
        )
    if asked:
        return [load_card(find_card(asked).resolve())]
    folders = [model_folder(family, SHARED / "models", folder) for family in _RIVALS]
    return [load_card(one) for one in (find_card(shipped), *folders)]


def report(cards: list[ModelCard], facts: Machine, results: Path) -> tuple[str, Figures]:
    """Measure these models; return the page of all that were ever measured, and the figures."""
    models = _kept(results)
    for card in cards:
        models[f"{card.name} {card.version}"] = {"load": facts.load, **measure(card)}
    plot.draw(models, results / "visits.png")
    return _page(models, facts), {"models": models}


def _kept(results: Path) -> Figures:
    file = results / _NAME
    if not file.is_file():
        return {}
    models: Figures = json.loads(file.read_text())["models"]
    return models


def _page(models: Figures, facts: Machine) -> str:
    choosing = ", ".join(clip.name for clip in CLIPS if clip.chooses)
    reporting = ", ".join(clip.name for clip in CLIPS if not clip.chooses)
    return f"""# Visits: when to believe what a model sees

{facts.words()}

Fixed cameras' clips through the real pipeline at five looks a second, as filmed and darkened to a
third of the light. How visits and mistakes are counted: [../README.md](../README.md#visits-when-to-believe).
These clips choose: {choosing}. These report: {reporting}.
**`street` was trained on frames of all these clips** with labels of a teacher that also judges here;
its figures are too kind, also at dusk. The other models never saw them.

## What each is worth, on the clips that report

{table(_HEADING, [*_reported(models)])}
Mistakes: missed + nobody + misnamed + told again. Six visits: alerts on the clip of six visits, as
filmed / at dusk, and how many more were raised.

## How it was chosen

Fewest mistakes on the clips that choose, never above what labelled photos bear (`idn_tidar/test`, for
each label the highest score whose F1 is within a hundredth of the best), and by photos alone where clips
show fewer than ten. Of garbage clips show none: its score is the least at which nine of ten boxes are
right on the photos with rubbish that trained nothing.

{table(("model", "by clips", "by photos", "for its card"), [*_choices(models)])}
Mistakes of all groups on the clips that choose, at the best score for each group, by how faint a
sighting may be to continue a track (1: nothing faint):

{table(("model", *map(str, FAINT_SHARES)), [*_faintness(models)])}
And with another memory, at the card's scores:

{table(("model", "looks, sightings", "mistakes", "seconds to confirm"), [*_memories(models)])}
![Mistakes by score](visits.png)
"""


_HEADING = (
    "model",
    "scores",
    "of whom",
    "visits owed",
    "missed",
    "tracks",
    "of nobody",
    "a minute",
    "misnamed",
    "told again",
    "s to confirm",
    "mistakes",
    "six visits",
)


def _reported(models: Figures) -> Iterator[list[str]]:
    for model, figures in models.items():
        for scores, result in figures["reporting"].items():
            for group, tally in result["groups"].items():
                if tally["owed"] or tally["tracks"]:
                    yield [model, scores, group, *_cells(tally), _six(result, group)]


def _cells(tally: dict[str, Any]) -> list[str]:
    false = tally["false"]
    return [
        str(tally["owed"]),
        str(tally["owed"] - tally["found"]),
        str(tally["tracks"]),
        str(false),
        f"{false / tally['minutes']:.2f}",
        str(tally["misnamed"]),
        str(tally["again"]),
        "-" if tally["late_s"] is None else f"{tally['late_s']:.1f}",
        str(tally["mistakes"]),
    ]


def _six(result: dict[str, Any], group: str) -> str:
    if group != "person" or not result["six"]:
        return ""
    return " / ".join(f"{one['told']} of 6, {one['extra']} more" for one in result["six"])


def _choices(models: Figures) -> Iterator[list[str]]:
    for model, figures in models.items():
        yield [
            model,
            ", ".join(f"{group} {score}" for group, score in figures["by_clips"].items()),
            ", ".join(f"{label} {score}" for label, score in figures["by_photos"].items()),
            figures["card"].replace("\n\n", "; ").replace("\n", "; "),
        ]


def _faintness(models: Figures) -> Iterator[list[str]]:
    for model, figures in models.items():
        yield [model, *(str(plot.least_mistakes(figures, share)) for share in FAINT_SHARES)]


def _memories(models: Figures) -> Iterator[list[str]]:
    for model, figures in models.items():
        for name, result in figures["choosing"].items():
            if name.startswith("card's scores"):
                groups = result["groups"]
                mistakes = sum(tally["mistakes"] for tally in groups.values())
                late = groups["person"]["late_s"]
                yield [model, name, str(mistakes), "-" if late is None else f"{late:.1f}"]
