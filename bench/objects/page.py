"""The page of the object models: who sees what, what is confused, and what small things cost."""

from __future__ import annotations

from collections.abc import Sequence

from bench.machine import Machine, shared_words
from bench.objects.exams import CREDITS, OVERHEAD, RUBBISH, STREET
from bench.objects.eyes import NANODET
from bench.objects.eyes import STREET as OURS
from bench.objects.figures import SCORES, Figures
from bench.tables import table

# What reading a network's numbers may cost, beside running it.
READING_GOAL = 0.15
# What crops must bring on small things, beside NanoDet looking at the whole picture.
SMALL_GOAL = 2.0
_WAYS = {
    "whole": "one look at the whole picture",
    "motion": "lookout, motion found it, seen for the first time",
    "followed": "lookout, followed: it knows the height",
    "tiles": "tiles at native pixels, and the whole",
    "enlarged": "tiles enlarged twice, and the whole",
}


def write(figures: Figures, facts: Machine, makers: Sequence[str]) -> str:
    """Return the page as Markdown."""
    return f"""# Objects: our model beside the permissive ones

{facts.words()}
{shared_words(facts.load)}
Written by `python -m bench.run --only objects`; how it is counted, and what it cannot say:
[../README.md](../README.md#objects-who-sees-what). Which model a site should use:
[docs/reference/models.md](../../docs/reference/models.md).

{_quality_and_cost(figures)}
{_answers(figures)}
{_pictures(figures, makers)}"""


def _quality_and_cost(figures: Figures) -> str:
    ours = figures["models"][OURS]
    return f"""## Average precision at an overlap of one half, whole pictures

{_exams(figures)}
"lead" is where 95 % of (street - NanoDet-m) lie when the photos are drawn again with replacement;
with 0 inside it is too close to tell.

## What a look costs

{_costs(figures)}
Goal: reading at most {READING_GOAL:.0%} of the network: \
{_met(ours["reading_share"] <= READING_GOAL)} for street ({ours["reading_share"]:.1%}).

## Small things under overhead cameras

{_small(figures)}
{_goals(figures)}"""


def _answers(figures: Figures) -> str:
    return f"""## Precision and recall

![precision against recall](objects-curves.png)

The dot is where street stands at its score.

{_scores(figures, STREET)}
{_scores(figures, OVERHEAD)}
## Garbage

No rival knows the word. {RUBBISH} are the pictures of the one set that marks rubbish which training keeps apart: on them, a box on a
full bin counts as wrong, and so does one that draws the end of a heap otherwise than people did.

{_scores(figures, RUBBISH)}
Where nobody marked any, some of these boxes may be right; at the card's score they are few:

{_strangers(figures)}
## What is taken for what

Rows are true, columns are what the agent tells at the score of street's card \
({_score_words(figures["models"][OURS])}), whole pictures.

{_confusion(figures, STREET)}
{_confusion(figures, OVERHEAD)}"""


def _pictures(figures: Figures, makers: Sequence[str]) -> str:
    return f"""## The worst mistakes

Of each label the four surest wrong answers (orange) and the four largest misses (yellow), at most
one of a photo; the truth as people labelled it is green.

{CREDITS[STREET]}:
![worst mistakes on idn_tidar](objects-mistakes-street.jpg)

{CREDITS[OVERHEAD]}:
![worst mistakes on atl_cctv](objects-mistakes-overhead.jpg)

## Real clips, as the agent would show them

{_clips(figures)}
![frames of the clips](objects-clips.jpg)

From above: {"; ".join(makers)}. Clips whose origin nobody states are in the table only.
"""


def _exams(figures: Figures) -> str:
    names = list(figures["models"])
    rows = [
        [
            f"{exam} {label}",
            str(one["boxes"]),
            *(_bold(one["ap50"], name) for name in names),
            f"{one['lead'][NANODET][0]:+.2f} to {one['lead'][NANODET][1]:+.2f}",
        ]
        for exam, marks in figures["exams"].items()
        for label, one in marks["labels"].items()
    ]
    return table(("set, label", "boxes", *names, "lead"), rows)


def _bold(marks: Figures, name: str) -> str:
    words = f"{marks[name]:.3f}"
    return f"**{words}**" if marks[name] == max(marks.values()) else words


def _costs(figures: Figures) -> str:
    rows = [
        [
            name,
            f"{one['cut_ms']:.2f}",
            f"{one['network_ms']:.2f}",
            f"{one['reading_ms']:.2f}",
            f"{one['reading_share']:.1%}",
            f"{one['size_bytes'] / 1e6:.2f}",
        ]
        for name, one in figures["models"].items()
    ]
    heading = ("CPU ms, median", "cut, colours", "network", "reading", "reading / network", "MB")
    return table(heading, rows)


def _small(figures: Figures) -> str:
    return "\n".join(_small_table(figures, label) for label in figures["heights"])


def _small_table(figures: Figures, label: str) -> str:
    counts = figures["heights"][label]
    rows = [
        [
            f"{_WAYS[way]}: {name}",
            f"{one['looks']:.1f}",
            *(f"{one['ap50'][label][heights]:.3f}" for heights in counts),
        ]
        for way, by_model in figures["small"].items()
        for name, one in by_model.items()
    ]
    heading = [f"{heights} px ({count})" for heights, count in counts.items()]
    return table((f"AP50 of {label}, height (boxes)", "looks", *heading), rows)


def _goals(figures: Figures) -> str:
    lines = []
    for label in figures["heights"]:
        for heights in ("all", "under 32"):
            ours = figures["small"]["followed"][OURS]["ap50"][label][heights]
            theirs = figures["small"]["whole"][NANODET]["ap50"][label][heights]
            times = (
                f"{ours / theirs:.1f} times" if theirs else "where there is nothing to divide by:"
            )
            met = _met(ours >= SMALL_GOAL * theirs and ours > 0)
            lines.append(f"- {label}, {heights} px: {ours:.3f}, {times} {theirs:.3f}: {met}")
    goal = (
        f"Goal: street through the lookout {SMALL_GOAL:g} times NanoDet-m on the whole picture.\n\n"
    )
    return goal + "\n".join(lines) + "\n"


def _scores(figures: Figures, exam: str) -> str:
    rows = [
        [
            f"{exam} {label}",
            *(
                f"{one['at'][f'{score:.2f}'][0]:.2f} / {one['at'][f'{score:.2f}'][1]:.2f}"
                for score in SCORES
            ),
            f"{one['best']:.2f}",
        ]
        for label, one in figures["scores"][exam].items()
    ]
    heading = [f"from {score:.1f}" for score in SCORES]
    return table(("street: precision / recall", *heading, "best F1 from"), rows)


def _strangers(figures: Figures) -> str:
    rows = [
        [name, str(one["photos"]), *map(str, one["at"].values())]
        for name, one in figures["strange"].items()
    ]
    heading = [f"from {score:.1f}" for score in SCORES]
    return table(("street: boxes of garbage told", "photos", *heading), rows)


def _score_words(model: Figures) -> str:
    words = [f"{score:.2f} for {label}" for label, score in model["label_scores"].items()]
    return ", ".join([f"{model['score']:.2f}", *words])


def _confusion(figures: Figures, exam: str) -> str:
    one = figures["confusion"][exam]
    rows = [
        [f"**{label}**", *map(str, row)]
        for label, row in zip(one["labels"], one["rows"], strict=True)
    ]
    return table((f"{exam}: true", *(f"told {label}" for label in one["labels"])), rows)


def _clips(figures: Figures) -> str:
    rows = [
        [
            name,
            str(one["frames"]),
            str(one["with_somebody"]),
            ", ".join(f"{count} {label}" for label, count in one["tracks"].items()) or "-",
        ]
        for name, one in figures["clips"].items()
    ]
    heading = ("clip", "frames", "with somebody seen", "confirmed tracks")
    return table(heading, rows)


def _met(is_met: bool) -> str:  # noqa: FBT001 (one word for one fact)
    return "met" if is_met else "**not met**"
