"""Runs every answer over the clips and adds up what operators would have said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bench.visits.checked import SIX_VISITS_S
from bench.visits.clips import CLIPS, Clip, at_dusk
from bench.visits.judge import GROUPS, Tally, judge
from bench.visits.race import EVERYWHERE, race
from bench.visits.truth import truth_of
from edge_agent.domain.sighting import Finding, Scene, State
from edge_agent.domain.zone import Zone
from edge_agent.inference.model_file import ModelCard
from edge_agent.rules.intrusion import Intrusion
from edge_agent.rules.options import IntrusionOptions
from edge_agent.tracking.belief import BeliefOptions

SIX = "one by one"
# An alert belongs to a visit if it is raised within it, or this long after its end.
_LATE_S = 1.0


@dataclass(frozen=True, slots=True)
class Six:
    """The alerts of an intrusion rule over the whole picture, on the clip of six visits."""

    clip: str
    # Visits that raised an alert, and alerts beyond one for each.
    told: int
    extra: int


@dataclass(slots=True)
class Result:
    """What one contender did on many clips; `six` are its alerts on the clip of six visits."""

    tallies: dict[str, Tally] = field(default_factory=lambda: {group: Tally() for group in GROUPS})
    six: list[Six] = field(default_factory=list)


def contest(
    card: ModelCard, contenders: Mapping[str, BeliefOptions], *, chooses: bool
) -> dict[str, Result]:
    """Return what each contender did on the clips that choose, or on those that report."""
    results = {name: Result() for name in contenders}
    for clip in CLIPS:
        if clip.chooses is not chooses:
            continue
        truth = truth_of(clip)
        for filmed in (clip, at_dusk(clip)):
            print(f"visits: {card.name} {card.version} on {filmed.name}", flush=True)
            followed = race(filmed, card, list(contenders.values()), share_looks=chooses)
            for result, scenes in zip(results.values(), followed, strict=True):
                for group, tally in judge(truth, scenes).items():
                    result.tallies[group].add(tally)
                if clip.name == SIX:
                    result.six.append(_six(filmed, scenes))
    return results


def _six(clip: Clip, scenes: Iterable[Scene]) -> Six:
    rule = Intrusion(IntrusionOptions(name="six", zone=Zone("all", EVERYWHERE)))
    found = [finding for scene in scenes for finding in rule.judge(scene)]
    new = [finding for finding in found if finding.state is State.NEW]
    told = sum(any(_belongs(one, visit) for one in new) for visit in SIX_VISITS_S)
    return Six(clip.name, told, len(new) - told)


def _belongs(finding: Finding, visit: tuple[float, float]) -> bool:
    told_at = finding.began_at + finding.lasted_s
    return visit[0] <= told_at <= visit[1] + _LATE_S
