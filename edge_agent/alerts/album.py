"""The best picture of everything that is followed, taken while it can be seen.

When a visit becomes an alert, the clearest moment may be seconds ago. But a picture is evidence
for its own visit only: one taken before or after the visit is never used, however clear it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from math import sqrt

from edge_agent.alerts.thumbnail import draw_thumbnail
from edge_agent.domain.frame import Frame
from edge_agent.domain.sighting import Finding, Label, Scene, Track

# A picture must be this much better to be worth drawing again (about 3 ms on a weak core).
_BETTER = 1.2
# Camera seconds after which a clear picture gives way to a recent one.
_RECENT_S = 10.0
# The end of a visit is told some seconds after it was last seen, and may bring a better picture.
_MEMORY_S = 15.0
# Pictures kept at most: 64 x 25 KB is 1.6 MB.
_MOST = 64
# Sums of seconds are not exact.
_HAIR_S = 0.001
# Something cut by the picture's edge shows half of itself.
_EDGE = 0.005


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG, when it was taken (stream seconds), and what the alert says of it."""

    jpeg: bytes
    sha256: str
    width_px: int
    height_px: int
    taken_at: float


@dataclass(frozen=True, slots=True)
class _Best:
    quality: float
    picture: Picture


def picture_of(frame: Frame) -> Picture:
    """Return the scene as it is in this frame, with nothing outlined."""
    jpeg, width_px, height_px = draw_thumbnail(frame, None)
    return Picture(jpeg, sha256(jpeg).hexdigest(), width_px, height_px, frame.taken_at)


class Album:
    """Keeps one picture per track of these labels, at most 25 KB each, while it is recent."""

    def __init__(self, labels: Iterable[Label]) -> None:
        self._labels = frozenset(labels)
        self._best: dict[int, _Best] = {}

    def concern(self, labels: Iterable[Label]) -> None:
        """Keep pictures of these from now on."""
        self._labels = frozenset(labels)

    def consider(self, frame: Frame, scene: Scene) -> None:
        """Draw what is seen better in this frame than before, and forget what is long ago."""
        for track in scene.tracks:
            if self._is_worth_it(track, scene.taken_at):
                self._draw(frame, track)
        newest_last = sorted(self._best.items(), key=lambda item: item[1].picture.taken_at)
        self._best = {
            number: best
            for number, best in newest_last[-_MOST:]
            if scene.taken_at - best.picture.taken_at <= _MEMORY_S
        }

    def picture_for(self, finding: Finding, frame: Frame) -> Picture | None:
        """Return the best picture of this visit; None if there is none and it is out of sight."""
        track = finding.track
        best = self._best.get(track.id)
        last_inside = finding.began_at + finding.lasted_s
        if best is not None and finding.began_at <= best.picture.taken_at <= last_inside + _HAIR_S:
            return best.picture
        if track.last_seen == frame.taken_at:
            return self._draw(frame, track)
        return None

    def _draw(self, frame: Frame, track: Track) -> Picture:
        jpeg, width_px, height_px = draw_thumbnail(frame, track)
        picture = Picture(jpeg, sha256(jpeg).hexdigest(), width_px, height_px, frame.taken_at)
        self._best[track.id] = _Best(_quality(track), picture)
        return picture

    def _is_worth_it(self, track: Track, taken_at: float) -> bool:
        if not track.is_confirmed or track.label not in self._labels or track.last_seen < taken_at:
            return False
        best = self._best.get(track.id)
        if best is None or taken_at - best.picture.taken_at > _RECENT_S:
            return True
        return _quality(track) > best.quality * _BETTER


def _quality(track: Track) -> float:
    box = track.box
    is_cut = min(box.left, box.top) < _EDGE or max(box.right, box.bottom) > 1.0 - _EDGE
    return track.score * sqrt(box.area) * (0.5 if is_cut else 1.0)
