"""What a camera saw in a while, counted: nobody has to act on it.

Time is the camera's, taken from frames: a camera that stalls for a minute has not shown us an
empty street for a minute.
"""

from edge_agent.domain.sighting import Label, Scene
from edge_agent.domain.tally import Count, Tally


class TallyKeeper:
    """Counts one camera's scenes, period by period. Give it every analysed frame, in order.

    Who is believed is counted once, in the period in which it came to that.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        # Followed and counted already; forgotten with the track, so it stays small.
        self._known: frozenset[int] = frozenset()
        self._start: float | None = None
        self._clear()

    def take(self, scene: Scene, *, is_moving: bool) -> Tally | None:
        """Count one scene; return the period that ends with it, if one does."""
        if self._start is None:
            self._start = scene.taken_at
        self._frames += 1
        self._moving += is_moving
        self._last = scene.taken_at
        self._count(scene)
        return self.finish() if self._last - self._start >= self._every_s else None

    def finish(self) -> Tally | None:
        """End the period early, as of its last frame: nothing will be seen for a while."""
        if self._start is None:
            return None
        tally = Tally(
            began_at=self._start,
            lasted_s=self._last - self._start,
            frames=self._frames,
            moving=self._moving,
            counts=dict(self._counts),
        )
        self._start = None
        self._clear()
        return tally

    def _clear(self) -> None:
        self._frames = 0
        self._moving = 0
        self._last = 0.0
        self._counts: dict[Label, Count] = {}

    def _count(self, scene: Scene) -> None:
        believed = [track for track in scene.tracks if track.is_confirmed]
        new = [track.label for track in believed if track.id not in self._known]
        # Who is out of sight is followed for a while, but is not there to be counted.
        here = [track.label for track in believed if track.last_seen == scene.taken_at]
        for label in {*new, *here}:
            before = self._counts.get(label, Count())
            self._counts[label] = Count(
                before.new + new.count(label), max(before.most, here.count(label))
            )
        self._known = frozenset(track.id for track in believed)
