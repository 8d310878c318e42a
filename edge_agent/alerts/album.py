"""The best picture of everything that is followed, taken while it can be seen.

When a visit becomes an alert, the clearest moment may be seconds ago.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from math import sqrt

from edge_agent.alerts.thumbnail import draw_thumbnail
from edge_agent.domain.frame import Frame
from edge_agent.domain.sighting import Label, Scene, Track

# A picture must be this much better to be worth drawing again (about 3 ms on a weak core).
_BETTER = 1.2
# The end of a visit is told some seconds after it was last seen, and may bring a better picture.
_MEMORY_S = 15.0
# Pictures kept at most: 64 x 25 KB is 1.6 MB.
_MOST = 64
# Something cut by the picture's edge shows half of itself.
_EDGE = 0.005


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and what the alert says of it."""

    jpeg: bytes
    sha256: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class _Best:
    quality: float
    picture: Picture
    followed_at: float


class Album:
    """Keeps one picture per track of these labels, at most 25 KB each, while it is followed."""

    def __init__(self, labels: Iterable[Label]) -> None:
        self._labels = frozenset(labels)
        self._best: dict[int, _Best] = {}

    def consider(self, frame: Frame, scene: Scene) -> None:
        """Draw what is seen better in this frame than before, and forget what is gone."""
        for track in scene.tracks:
            if self._is_worth_it(track, scene.taken_at):
                jpeg, width_px, height_px = draw_thumbnail(frame, track)
                picture = Picture(jpeg, sha256(jpeg).hexdigest(), width_px, height_px)
                self._best[track.id] = _Best(_quality(track), picture, scene.taken_at)
        self._forget(scene)

    def best(self, track: Track) -> Picture | None:
        """Return the best picture so far, if there was one worth drawing."""
        best = self._best.get(track.id)
        return best.picture if best else None

    def _forget(self, scene: Scene) -> None:
        for track in scene.tracks:
            if best := self._best.get(track.id):
                self._best[track.id] = replace(best, followed_at=scene.taken_at)
        oldest_first = sorted(self._best.items(), key=lambda item: item[1].followed_at)
        self._best = {
            one: best
            for one, best in oldest_first[-_MOST:]
            if scene.taken_at - best.followed_at <= _MEMORY_S
        }

    def _is_worth_it(self, track: Track, taken_at: float) -> bool:
        if not track.is_confirmed or track.label not in self._labels or track.last_seen < taken_at:
            return False
        best = self._best.get(track.id)
        return best is None or _quality(track) > best.quality * _BETTER


def _quality(track: Track) -> float:
    box = track.box
    is_cut = min(box.left, box.top) < _EDGE or max(box.right, box.bottom) > 1.0 - _EDGE
    return track.score * sqrt(box.area) * (0.5 if is_cut else 1.0)
