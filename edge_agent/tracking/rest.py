"""Who stands still: a parked car costs no look until something moves there.

As long as nothing moves where it stands, it is surely still there, so rules go on seeing it. That
is believed for `look_again_s`, and for as long again where looks are short: at night, motion may
miss who leaves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.domain.geometry import Box

# Boxes of small objects jitter by a tenth of their sides from look to look.
_SAME_PLACE = 0.5
# Times `look_again_s`: what a busy box owes a parked car must not end its visit at once.
_LONGEST_TRUST = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOptions:
    """When to stop looking at what does not move, and how long to trust in that."""

    # Unmoved for this long in seconds: longer than most wait at a crossing's lamp stay, or stop
    # to talk, it is worth sparing the looks.
    after_s: float = 10.0
    # At rest, it is looked at again after this, although nothing moves.
    look_again_s: float = 15.0


class Rest:
    """One track's stillness: since when its box is where it is, and whether something moved there."""

    def __init__(self, options: RestOptions, box: Box, taken_at: float) -> None:
        self._options = options
        self._box = box
        self._since = taken_at
        self._stirred_at = taken_at

    def see(self, box: Box, taken_at: float) -> None:
        """Take in where it was seen."""
        if self._box.overlap(box) < _SAME_PLACE:
            self._box, self._since = box, taken_at

    def stir(self, areas: Sequence[Box], taken_at: float) -> None:
        """Take in where something moves."""
        if any(self._box.shared(area) > 0.0 for area in areas):
            self._stirred_at = taken_at

    def is_calm(self, looked_at: float, taken_at: float) -> bool:
        """Tell whether it has stood still, and nothing moved there since it was looked at."""
        is_still = taken_at - self._since >= self._options.after_s
        is_fresh = taken_at - looked_at <= _LONGEST_TRUST * self._options.look_again_s
        return is_still and is_fresh and self._stirred_at <= looked_at

    def is_due(self, looked_at: float, taken_at: float) -> bool:
        """Tell whether calm has been trusted for long enough."""
        return taken_at - looked_at >= self._options.look_again_s
