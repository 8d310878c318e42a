"""Decides where one camera's model looks in each frame, within what the whole box may spend.

What a rule follows in its zone comes first, then what moves or is followed elsewhere, the place
that was looked at longest ago before the others, then the sweep. Crops have the size at which the
people who are usually there are seen best.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Expected, Scene
from edge_agent.domain.zone import Watch
from edge_agent.inference.budget import Need, Share, Unlimited
from edge_agent.inference.crops import LARGEST_GROWTH, Crop, Wish, choose_crops
from edge_agent.inference.motion import Motion
from edge_agent.inference.size_grid import SizeGrid
from edge_agent.inference.sizes import least_crop_px, most_crop_px
from edge_agent.inference.sweep import SWEEP_S, Sweep
from edge_agent.inference.turns import Turns

# Who waited for this long in vain is as urgent as what is watched: a crowd in one zone must not
# hide what comes from the other side.
PATIENCE_S = 2.0
# Between two that overtake what is watched, this many looks go by, or PATIENCE_S: in a storm
# somebody always waited too long, and who is watched must not wait for all of them.
_LOOKS_BETWEEN = 3
# Times as tall as people are there, and it is a row of them, or the camera was turned: an area is
# looked at in parts and as a whole by turns, or what is known too small would never be unlearned.
_MUCH_TALLER = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where to look in one frame."""

    # For what moves or is followed: nobody found in one of these is missed there.
    crops: tuple[Box, ...] = ()
    # For what nobody knows of; people may be too small in it, so it says nothing against anybody.
    sweep: tuple[Box, ...] = ()
    # Looks at motion or tracks that had to wait for another frame.
    refused: int = 0
    # How long somebody has been waiting for a look by now.
    waited_s: float = 0.0

    @property
    def parts(self) -> tuple[Box, ...]:
        """All that the model is to look at."""
        return self.crops + self.sweep


@dataclass(frozen=True, slots=True)
class _Asked:
    """One look that somebody wants."""

    part: Box
    need: Need
    areas: tuple[Box, ...]
    is_sweep: bool = False
    # Waited for too long, and overtakes what is watched.
    is_late: bool = False


class Lookout:
    """One camera's choice of looks. Give it every frame, in order, from one thread."""

    def __init__(
        self,
        *,
        side_px: int,
        looks_per_frame: int,
        watch: Watch,
        sizes: SizeGrid | None = None,
        share: Share | None = None,
    ) -> None:
        self._side_px = side_px
        self._looks_per_frame = looks_per_frame
        self._watch = watch
        self._sizes = sizes or SizeGrid()
        self._share = share or Unlimited()
        self._sweep = Sweep(self._sizes, side_px)
        self._turns = Turns()
        # When one that was late was looked at last, whether it was of the sweep, and looks since.
        self._late_at = float("-inf")
        self._late_was_sweep = False
        self._looks_since = 0
        self._trusts_sizes = True

    def concern(self, watch: Watch) -> None:
        """Look for these rules from now on."""
        self._watch = watch

    def choose(self, frame: Frame, motion: Motion, followed: Sequence[Expected]) -> Plan:
        """Return where to look in this frame, for what moves and for those followed who are due."""
        self._trusts_sizes = not self._trusts_sizes
        # Where it lasts the whole picture is an area already.
        if motion.is_global and not motion.changing_s:
            self._sweep.hurry()
        asked = self._ask_for_sweep(frame) + self._ask_for(frame, motion, followed)
        asked = self._with_a_late_one(asked, frame.taken_at)
        asked.sort(key=lambda one: one.need)
        possible = asked[: self._looks_per_frame]
        # Also for nothing: it gives up what was asked for before.
        granted = possible[: self._share.ask([one.need for one in possible])]
        return self._plan(granted, asked[len(granted) :], frame.taken_at)

    def learn(self, frame: Frame, scene: Scene) -> None:
        """Take in who was seen, to know next time how tall people are there."""
        self._sizes.learn(scene.tracks, scene.taken_at, frame.received_wall)

    def _ask_for(self, frame: Frame, motion: Motion, followed: Sequence[Expected]) -> list[_Asked]:
        """Return the looks at what moves or is due: who was looked at longest ago first."""
        largest_first = sorted(motion.areas, key=lambda area: (-area.area, area.left, area.top))
        wishes = [self._wish(one.track.box, [one], frame) for one in followed if one.is_due]
        wishes += [self._wish_at(area, followed, frame) for area in largest_first]
        wishes.sort(key=lambda wish: wish.need)
        most = self._looks_per_frame
        crops = choose_crops(frame.width_px, frame.height_px, wishes, most=most)
        asked = [_asked(crop) for crop in crops]
        return [asked[number] for number in self._turns.order([one.areas for one in asked])]

    def _ask_for_sweep(self, frame: Frame) -> list[_Asked]:
        part = self._sweep.part(frame.width_px, frame.height_px, frame.taken_at)
        return [] if part is None else [_Asked(part, Need.SWEEP, (), is_sweep=True)]

    def _with_a_late_one(self, asked: list[_Asked], taken_at: float) -> list[_Asked]:
        """Put one that waited too long before what is watched, now and then; the sweep by turns."""
        is_soon = taken_at - self._late_at < PATIENCE_S and self._looks_since < _LOOKS_BETWEEN
        late = [] if is_soon else [one for one in asked if self._is_late(one, taken_at)]
        if not late:
            return asked
        first = max(
            late,
            key=lambda one: (
                one.is_sweep is not self._late_was_sweep,
                0.0 if one.is_sweep else self._turns.waited_s(one.areas, taken_at),
            ),
        )
        others = [one for one in asked if one is not first]
        return [replace(first, need=Need.WATCHED, is_late=True), *others]

    def _is_late(self, one: _Asked, taken_at: float) -> bool:
        if one.is_sweep:
            return self._sweep.overdue_s(taken_at) >= SWEEP_S
        return self._turns.waited_s(one.areas, taken_at) >= PATIENCE_S

    def _note_late(self, granted: Sequence[_Asked], taken_at: float) -> None:
        """Remember which late one had its look, and how many others had theirs since."""
        for one in granted:
            if one.is_late:
                self._late_at, self._late_was_sweep = taken_at, one.is_sweep
                self._looks_since = 0
            else:
                self._looks_since += 1

    def _plan(self, granted: Sequence[_Asked], refused: Sequence[_Asked], taken_at: float) -> Plan:
        crops = tuple(one.part for one in granted if not one.is_sweep)
        sweep = tuple(one.part for one in granted if one.is_sweep)
        if sweep:
            self._sweep.done()
        self._note_late(granted, taken_at)
        waiting = [one for one in refused if not one.is_sweep]
        self._turns.note(crops, _areas(granted), _areas(waiting), taken_at)
        return Plan(
            crops=crops,
            sweep=sweep,
            refused=len(waiting),
            waited_s=self._turns.longest_wait_s(taken_at),
        )

    def _wish_at(self, area: Box, followed: Sequence[Expected], frame: Frame) -> Wish:
        """Return the wish to see what moves: as tall as who is followed there, or people usually are."""
        known = [one for one in followed if one.track.box.shared(area) > 0.0]
        if known:
            return self._wish(area, known, frame)
        height = self._sizes.at(area.foot)
        is_odd = height is not None and area.height > _MUCH_TALLER * height
        if height is not None and (self._trusts_sizes or not is_odd):
            least, most = self._sides(height * frame.height_px)
            return Wish(area=area, need=Need.MOTION, least_px=least, most_px=most, is_whole=False)
        most = int(self._side_px * LARGEST_GROWTH)
        return Wish(area=area, need=Need.MOTION, least_px=self._side_px, most_px=most)

    def _wish(self, area: Box, known: Sequence[Expected], frame: Frame) -> Wish:
        """Return the wish to see those followed who are in this area."""
        smallest = min(one.track.box.height for one in known)
        least, most = self._sides(smallest * frame.height_px)
        is_watched = any(self._watch.concerns(one.track.label, one.track.box) for one in known)
        need = Need.WATCHED if is_watched else Need.MOTION
        return Wish(area=area, need=need, least_px=least, most_px=most)

    def _sides(self, height_px: float) -> tuple[int, int]:
        return least_crop_px(height_px, self._side_px), most_crop_px(height_px, self._side_px)


def _asked(crop: Crop) -> _Asked:
    return _Asked(crop.part, crop.need, tuple(wish.area for wish in crop.wishes))


def _areas(asked: Sequence[_Asked]) -> list[Box]:
    return [area for one in asked for area in one.areas]
