"""Follow objects from look to look, in seconds of the camera's clock, never in frames.

A box that analyses two frames a second must see the same visits as one that analyses ten. Pure
and deterministic: the same sightings give the same tracks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Expected, Label, Sighting, Track
from edge_agent.domain.zone import Watch
from edge_agent.tracking.affinity import affinity
from edge_agent.tracking.belief import Belief, BeliefOptions
from edge_agent.tracking.rest import Rest, RestOptions

# Two boxes of one person share at least this part of what both cover; two people beside each other less.
_OWN_OVERLAP = 0.3
# Without word of motion, anything may have moved anywhere.
_ANYWHERE = (Box(0.0, 0.0, 1.0, 1.0),)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerOptions:
    """When to believe in an object and when to give it up."""

    belief: BeliefOptions = field(default_factory=BeliefOptions)
    # Unseen for this long in seconds, an object is gone; people vanish behind cars and come back.
    memory_s: float = 3.0
    # What was never confirmed is forgotten sooner.
    doubt_s: float = 1.2
    # A standing object is looked at again after this, also when nothing moves.
    look_again_s: float = 1.0
    rest: RestOptions = field(default_factory=RestOptions)


@dataclass(slots=True)
class _Followed:
    """A track and what is needed to continue it."""

    track: Track
    looked_at: float
    # When it was last seen well enough to begin a track.
    strong_at: float
    belief: Belief
    rest: Rest
    # Fractions of the picture per second.
    speed: tuple[float, float] = (0.0, 0.0)

    def expected(self, taken_at: float) -> Box:
        """Return where it should be by now; beyond a second its speed says nothing."""
        passed_s = min(1.0, taken_at - self.track.last_seen)
        return self.track.box.moved(self.speed[0] * passed_s, self.speed[1] * passed_s)


class Tracker:
    """One camera's objects. Give it every frame, with the parts of it that were looked at."""

    def __init__(self, options: TrackerOptions, watch: Watch | None = None) -> None:
        self._options = options
        self._watch = watch or Watch()
        self._followed: list[_Followed] = []
        self._next_id = 1

    def follow(
        self,
        taken_at: float,
        sightings: Sequence[Sighting],
        looked: Sequence[Box],
        stirred: Sequence[Box] = _ANYWHERE,
    ) -> tuple[Track, ...]:
        """Return all tracks at this moment; `last_seen` equals `taken_at` for those seen now.

        So it does for those at rest where nothing moved: `stirred` is where something did.
        """
        # First: over a gap in the stream nobody is followed, however alike who stands there now.
        self._followed = [one for one in self._followed if not self._is_gone(one, taken_at)]
        worth = self._options.belief.worth
        strong = [sighting for sighting in sightings if worth(sighting) >= 1.0]
        faint_share = self._options.belief.faint_share
        faint = [sighting for sighting in sightings if faint_share <= worth(sighting) < 1.0]
        free = self._continue(strong, taken_at, self._followed)
        # Second, and for who is left: a faint second box must not take a track from the good one.
        faint_s = self._options.belief.faint_s
        evident = [one for one in self._followed if taken_at - one.strong_at <= faint_s]
        self._continue(faint, taken_at, evident)
        for followed in self._followed:
            if followed.track.last_seen < taken_at and _is_inside(followed.track.box, looked):
                followed.looked_at = taken_at
                followed.belief.miss()
            followed.rest.stir(stirred, taken_at)
            if self._is_surely_there(followed, taken_at):
                followed.track = replace(followed.track, last_seen=taken_at)
        self._followed += [self._begin(sighting, taken_at) for sighting in free]
        return tuple(one.track for one in self._followed)

    def expected(self, taken_at: float) -> list[Expected]:
        """Return where everybody should be by now, and at whom to look although nothing may move."""
        return [
            Expected(
                replace(one.track, box=one.expected(taken_at).clipped()),
                self._is_due(one, taken_at),
            )
            for one in self._followed
        ]

    def concern(self, watch: Watch) -> None:
        """Follow for these rules from now on; who is followed goes on being followed."""
        self._watch = watch

    @property
    def is_in_doubt(self) -> bool:
        """Tell whether a few more looks, soon, would show who is there, or who has left."""
        return any(
            not one.track.is_confirmed or one.track.last_seen < one.looked_at
            for one in self._followed
        )

    def _is_due(self, followed: _Followed, taken_at: float) -> bool:
        if self._is_surely_there(followed, taken_at):
            return followed.rest.is_due(followed.looked_at, taken_at)
        return (
            taken_at - followed.looked_at >= self._options.look_again_s
            or followed.track.last_seen < followed.looked_at
            or not followed.track.is_confirmed
        )

    def _is_surely_there(self, followed: _Followed, taken_at: float) -> bool:
        """Tell whether it is at rest, was found at the last look, and nothing moved there since.

        A person where a rule watches never rests: one who walks off by night may stir nothing.
        """
        track = followed.track
        is_wanted = track.label is Label.PERSON and self._watch.concerns(track.label, track.box)
        return (
            track.is_confirmed
            and not is_wanted
            and track.last_seen >= followed.looked_at
            and followed.rest.is_calm(followed.looked_at, taken_at)
        )

    def _continue(
        self, sightings: Sequence[Sighting], taken_at: float, followed: Sequence[_Followed]
    ) -> list[Sighting]:
        """Give these to those followed who were not seen yet; return those that fit none.

        Who is confirmed first takes what lies on them: somebody's second box must not go on as
        somebody else.
        """
        free = list(sightings)
        confirmed = [one for one in followed if one.track.is_confirmed]
        for asked, overlap in ((confirmed, _OWN_OVERLAP), (followed, 0.0)):
            unseen = [one for one in asked if one.track.last_seen < taken_at]
            for one, sighting in _pair(unseen, free, taken_at, overlap):
                self._see(one, sighting, taken_at)
                free.remove(sighting)
        return free

    def _begin(self, sighting: Sighting, taken_at: float) -> _Followed:
        track = Track(
            id=self._next_id,
            label=sighting.label,
            score=sighting.score,
            box=sighting.box,
            first_seen=taken_at,
            last_seen=taken_at,
            is_confirmed=False,
        )
        self._next_id += 1
        belief = Belief(self._options.belief, sighting)
        rest = Rest(self._options.rest, sighting.box, taken_at)
        return _Followed(track, taken_at, taken_at, belief, rest)

    def _see(self, followed: _Followed, sighting: Sighting, taken_at: float) -> None:
        track = followed.track
        followed.looked_at = taken_at
        followed.belief.see(sighting)
        if self._options.belief.worth(sighting) >= 1.0:
            followed.strong_at = taken_at
        followed.speed = _speed(followed, sighting, taken_at)
        followed.rest.see(sighting.box, taken_at)
        followed.track = replace(
            track,
            label=followed.belief.label,
            score=followed.belief.score,
            box=sighting.box,
            last_seen=taken_at,
            is_confirmed=followed.belief.is_convinced,
        )

    def _is_gone(self, followed: _Followed, taken_at: float) -> bool:
        options = self._options
        patience_s = options.memory_s if followed.track.is_confirmed else options.doubt_s
        return taken_at - followed.track.last_seen > patience_s


def _pair(
    followed: Sequence[_Followed], sightings: Sequence[Sighting], taken_at: float, overlap: float
) -> list[tuple[_Followed, Sighting]]:
    """Return the best pairs first-come by affinity; each track and each sighting at most once.

    Of boxes that overlap at least so much (IoU).

    Greedy instead of the Hungarian method: on street scenes of up to 30 objects both agree but
    for ties, and this needs no SciPy (100 MB on the box).
    """
    offers = [
        (affinity(one.expected(taken_at), one.track, sighting, taken_at), i, j)
        for i, one in enumerate(followed)
        for j, sighting in enumerate(sightings)
        if one.expected(taken_at).overlap(sighting.box) >= overlap
    ]
    pairs: list[tuple[_Followed, Sighting]] = []
    taken: set[tuple[str, int]] = set()
    for strength, i, j in sorted(offers, key=lambda offer: (-offer[0], offer[1], offer[2])):
        if strength <= 0.0:
            break
        if ("track", i) in taken or ("sighting", j) in taken:
            continue
        taken |= {("track", i), ("sighting", j)}
        pairs.append((followed[i], sightings[j]))
    return pairs


def _speed(followed: _Followed, sighting: Sighting, taken_at: float) -> tuple[float, float]:
    passed_s = taken_at - followed.track.last_seen
    if passed_s <= 0.0:
        return followed.speed
    before, now = followed.track.box.centre, sighting.box.centre
    # Half old, half new: boxes jitter by a few pixels from look to look.
    return (
        (followed.speed[0] + (now.x - before.x) / passed_s) / 2,
        (followed.speed[1] + (now.y - before.y) / passed_s) / 2,
    )


def _is_inside(box: Box, looked: Sequence[Box]) -> bool:
    """Tell whether most of the box was looked at."""
    return any(box.shared(part) > box.area / 2 for part in looked)
