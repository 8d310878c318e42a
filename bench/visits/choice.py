"""Which scores a card should carry, and how that is decided. One rule for every model.

For each group of labels the score with the fewest mistakes on the clips that choose; a mistake is an
owed visit missed, a track of nobody or by another's name, or somebody told twice. Never above what
labelled photos bear: a model scores too well on clips it was trained on, and the next street is none
of them. Labels that no clip shows often enough are left to the photos.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.visits.judge import GROUPS, Tally, group_of
from edge_agent.domain.sighting import Label

SCORES = tuple(round(0.05 * step, 2) for step in range(6, 17))
# Fewer owed visits than this say nothing about a threshold.
ENOUGH = 10

Tallies = Mapping[str, Tally]


@dataclass(frozen=True, slots=True)
class Choice:
    """The scores for one model, and what clips and photos each said."""

    scores: dict[Label, float]
    by_clips: dict[str, float]
    by_photos: dict[Label, float]

    def card_lines(self) -> str:
        """Return the thresholds as they stand in a card."""
        common = self.scores[Label.PERSON]
        others = {label: score for label, score in self.scores.items() if score != common}
        lines = [f"score = {common}"]
        if others:
            lines += ["", "[thresholds.labels]"]
            lines += [f"{label} = {score}" for label, score in others.items()]
        return "\n".join(lines)


def choose(by_score: Mapping[float, Tallies], by_photos: dict[Label, float]) -> Choice:
    """Return the scores for one model from its tallies at each score."""
    known = [group for group in GROUPS if _is_known(by_score, group)]
    by_clips = {group: _best_score(by_score, group) for group in known}
    scores = {
        label: min(by_clips.get(group_of(label), 1.0), best) for label, best in by_photos.items()
    }
    return Choice(scores, by_clips, by_photos)


def _best_score(by_score: Mapping[float, Tallies], group: str) -> float:
    """Return the score with the fewest mistakes; of equals the higher: the photos hold it down."""
    return min(by_score, key=lambda score: (by_score[score][group].mistakes, -score))


def _is_known(by_score: Mapping[float, Tallies], group: str) -> bool:
    return all(tallies[group].owed >= ENOUGH for tallies in by_score.values())
