"""How far one track is to be believed: what it is, how surely, and how often it was missed.

A sighting's worth is its score over what its label must reach, so that a shy label and a bold one
count alike. Pure: the same looks give the same belief.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from statistics import median

from edge_agent.domain.sighting import Label, Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class BeliefOptions:
    """What makes us believe in an object, and what makes us doubt it again."""

    # The median over the latest looks, a miss counting as 0, must reach this; the model's card
    # has the number, and others for some labels.
    score: float = 0.35
    label_scores: Mapping[Label, float] = field(default_factory=dict[Label, float])
    # Down to this share of its score a sighting continues a track, but begins none. Measured in
    # bench/results/visits.md: fewer visits missed with each model, for some more tracks of nobody.
    faint_share: float = 0.7
    # For no longer than this many seconds after a strong one: a shadow that somebody leaves behind
    # must not hold their visit open until the next one comes.
    faint_s: float = 1.0
    # Seen at least this often, so that one odd frame is no person.
    fewest_sightings: int = 3
    # Looks remembered: more would confirm late, fewer would trust a lucky frame.
    looks: int = 10
    # Found in fewer than this share of the latest looks, it is doubted again: what once passed
    # for a person in a shadow does not stay one.
    doubt_share: float = 0.3
    # Misses in a row count as no more than this: who walks behind a van is hidden once, while a
    # shadow comes and goes.
    most_misses: int = 4

    def worth(self, sighting: Sighting) -> float:
        """Return 1 for a sighting that just reaches its label's score, less for a fainter one."""
        return sighting.score / self.label_scores.get(sighting.label, self.score)


class Belief:
    """The looks at one track. Begin it with the sighting that began the track."""

    def __init__(self, options: BeliefOptions, first: Sighting) -> None:
        self._options = options
        self._looks: deque[_Look] = deque(maxlen=options.looks)
        self._votes: dict[Label, float] = {}
        self._sightings = 0
        self.is_convinced = False
        self.see(first)

    @property
    def label(self) -> Label:
        """What it was called most, weighed by worth, over its whole life."""
        return max(self._votes, key=lambda label: self._votes[label])

    @property
    def score(self) -> float:
        """The median score of the latest sightings."""
        return median(look.score for look in self._looks if look.is_hit)

    def see(self, sighting: Sighting) -> None:
        """Take one sighting into account."""
        worth = self._options.worth(sighting)
        self._sightings += 1
        self._looks.append(_Look(sighting.score, worth))
        self._votes[sighting.label] = self._votes.get(sighting.label, 0.0) + worth
        self.is_convinced = self._still() if self.is_convinced else self._enough()

    def miss(self) -> None:
        """Take into account that it was looked for and not seen; doubt waits for its return."""
        in_a_row = takewhile(lambda look: not look.is_hit, reversed(self._looks))
        if sum(1 for _ in in_a_row) < self._options.most_misses:
            self._looks.append(_MISSED)

    def _enough(self) -> bool:
        return (
            self._sightings >= self._options.fewest_sightings
            and median(look.worth for look in self._looks) >= 1.0
        )

    def _still(self) -> bool:
        hits = sum(look.is_hit for look in self._looks)
        return hits >= self._options.doubt_share * len(self._looks)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at a track's place."""

    score: float
    worth: float

    @property
    def is_hit(self) -> bool:
        return self.score > 0.0


_MISSED = _Look(0.0, 0.0)
