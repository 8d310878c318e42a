"""One model's measurement: what is asked of it, and its figures as they are kept in visits.json.

Models are measured one at a time and their figures kept beside the others', so that a new model
does not mean measuring the old ones again.
"""

from __future__ import annotations

from dataclasses import asdict
from statistics import median
from typing import Any

from bench.visits.choice import SCORES, Choice, choose
from bench.visits.contest import Result, contest
from bench.visits.judge import Tally
from bench.visits.photos import best_scores
from edge_agent.inference.model_file import ModelCard
from edge_agent.tracking.belief import BeliefOptions

# The agent's own share, nothing faint, and fainter still.
FAINT_SHARE = BeliefOptions().faint_share
FAINT_SHARES = (1.0, FAINT_SHARE, 0.5)
# Other lengths of memory and other fewest sightings, tried at the card's own scores.
_MEMORIES = ((6, 3), (10, 2), (10, 5))
Figures = dict[str, Any]


def measure(card: ModelCard) -> Figures:
    """Choose this model's scores on some clips and tell by the others what they are worth."""
    by_photos = best_scores(card)
    grid = _grid(card)
    chosen_on = contest(card, grid, chooses=True)
    by_score = {score: chosen_on[grid_name(score, FAINT_SHARE)].tallies for score in SCORES}
    choice = choose(by_score, by_photos)
    reported = contest(card, _finalists(card, choice), chooses=False)
    return {
        "sha256": card.sha256,
        "choosing": {name: _figures(result) for name, result in chosen_on.items()},
        "reporting": {name: _figures(result) for name, result in reported.items()},
        "by_clips": choice.by_clips,
        "by_photos": choice.by_photos,
        "card": choice.card_lines(),
    }


def _grid(card: ModelCard) -> dict[str, BeliefOptions]:
    # The first one leads: all others see what its tracks ask for.
    grid = {"card's scores": BeliefOptions(score=card.score, label_scores=card.label_scores)}
    for share in FAINT_SHARES:
        for score in SCORES:
            grid[grid_name(score, share)] = BeliefOptions(score=score, faint_share=share)
    for looks, fewest in _MEMORIES:
        grid[f"card's scores, {looks} looks, {fewest} sightings"] = BeliefOptions(
            score=card.score, label_scores=card.label_scores, looks=looks, fewest_sightings=fewest
        )
    return grid


def grid_name(score: float, share: float) -> str:
    """Return the name under which one cell of the grid is kept."""
    return f"{score} and {share}"


def _finalists(card: ModelCard, choice: Choice) -> dict[str, BeliefOptions]:
    card_scores = {"score": card.score, "label_scores": card.label_scores}
    return {
        "card's scores, nothing faint": BeliefOptions(**card_scores, faint_share=1.0),
        "card's scores": BeliefOptions(**card_scores),
        "chosen scores": BeliefOptions(label_scores=choice.scores),
    }


def _figures(result: Result) -> Figures:
    groups = {group: _tally(tally) for group, tally in result.tallies.items()}
    return {"groups": groups, "six": [asdict(one) for one in result.six]}


def _tally(tally: Tally) -> Figures:
    return {
        "owed": tally.owed,
        "found": tally.found,
        "tracks": tally.tracks,
        "false": tally.false,
        "misnamed": tally.misnamed,
        "again": tally.again,
        "mistakes": tally.mistakes,
        "late_s": round(median(tally.late_s), 2) if tally.late_s else None,
        "minutes": round(tally.minutes, 2),
    }
