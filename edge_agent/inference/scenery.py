"""What a camera usually shows, and how the present picture differs from it: light and shake aside.

The picture is shrunk to 320x180 and kept in cells of 8 pixels (16 of a 640x360 stream). A cell
stands out when it differs by more than it usually does: night noise and rain raise their own
limit. What the whole picture does is taken out first: a cloud or the camera's gain by a fit of
brightness, a shaken mast by moving the picture back.

All times are frame times, never the box's clock.
"""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.frame import Plane
from edge_agent.inference.grain import BLENDED_WITHIN_S, GRAINY, NOISY, blended, grain
from edge_agent.inference.light import around, differences, fine
from edge_agent.inference.outline import Rectangle, outline

WIDTH_PX, HEIGHT_PX, CELL_PX = 320, 180, 8
ROWS, COLUMNS = 23, 40
# Four rows are repeated below the picture, so that 23 cells of 8 fill it.
_PADDED_PX = ROWS * CELL_PX
# What the network sees: the picture and three differences.
PLANES = 4
# A cell stands out this many deviations beyond what it usually does. Of 920 cells that only make
# noise, one in three pictures has one that does: it costs one run of the network.
STANDS_OUT = 3.5
# The least deviation, in grey levels: rounding and the codec, where nothing else moves. And the
# most that a cell may get used to, of change and of deviation: beyond it the network decides.
LEAST_DEVIATION, MOST_DEVIATION, MOST_CHANGE = 0.3, 1.0, 8.0
# When more than this share of cells changes by so many grey levels more than usually, nothing
# has moved: lamps, the infrared filter or the camera have.
GLOBAL_SHARE, GLOBAL_STEP = 0.6, 12.0
# From this share of cells on it pays to ask whether the camera itself has moved, ...
SHAKEN_SHARE = 0.08
# ... by no less and no more than so many pixels of 320; steadying must leave less than this part.
LEAST_SHAKE_PX, MOST_SHAKE_PX, STEADIED = 0.2, 6.0, 0.85
# Seconds that the picture may take to settle after a global change, learned quickly.
SETTLING_S, SETTLING_PACE_S = 1.0, 0.25
# Where more cells than this wait, nobody knows what lies behind them: a walker's and their rims are 20.
MOST_LIT_BEHIND = 60
# Seconds in which a calm cell follows slow light, and in which it learns its own noise.
LIGHT_PACE_S, NOISE_PACE_S = 2.0, 8.0
# The first looks teach faster: after n of them the share is at least 1/n.
_FIRST_LOOKS = 8
# What counts of one change when a cell learns its noise, in deviations: one car deafens nobody.
_HEARD_DEVIATIONS = 3.0
# Seconds back to the older of the two pictures that the network sees beside the usual one.
LAG_S = 0.6
_KEPT_PICTURES = 4
# Differences are shown to the network in units of the noise: clear air is stretched four times.
_MOST_STRETCH, _STRETCH_AT, _STRETCH_NOISE = 4.0, 12.0, 2.0
# A change of the mean, in grey levels, that only a switch makes between two frames.
SWITCH_STEP = 40.0
# What the camera's exposure control does on its own; beyond it the fit has gone astray.
LEAST_GAIN, MOST_GAIN = 0.6, 1.6
# Grey levels beyond which a cell takes no part in finding the gain: something moves there.
OUTLIER = 24.0

Grid = NDArray[np.float32]
Mask = NDArray[np.bool_]
Planes = NDArray[np.int8]

_RIM = np.ones((3, 3), np.uint8)
_UNLIT: Mask = np.zeros((ROWS, COLUMNS), np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """How one picture differs from the usual one, by cell."""

    # Which cells differ by more than they usually do.
    standing_out: Mask
    # Everything changed at once: there is no telling what moved.
    is_global: bool


class Scenery:
    """One camera's usual picture. Call `compare`, then, unless it was global, `learn`."""

    def __init__(self, luma: Plane, taken_at: float) -> None:
        picture = shrink(luma)
        self._usual = picture.astype(np.float32)
        self._cells = _to_cells(picture)
        shape = (ROWS, COLUMNS)
        # How much each cell usually changes, how far that deviates, and its mean brightness.
        self._change: Grid = np.zeros(shape, np.float32)
        self._change_deviation: Grid = np.zeros(shape, np.float32)
        # The change of the middle one.
        self._noise = 0.0
        self._shift_deviation: Grid = np.zeros(shape, np.float32)
        self._looks = 0
        self._seen_at = taken_at
        self._settled_at = taken_at
        self._kept: list[_Kept] = [_Kept(taken_at, picture, self._cells)]
        self._now = self._sharp = picture
        self._expected = picture
        # How grainy pictures are, in grey levels: usually, and the present one.
        self._grain = self._grain_now = 0.0
        self._last = self._zero()
        self._lit: Mask = _UNLIT

    @property
    def is_grainy(self) -> bool:
        """Tell whether pictures are so grainy that they are smoothed and blended."""
        return self._grain > GRAINY

    @property
    def lit(self) -> Mask:
        """The cells in which light moves by night, and their neighbours, as `planes` found them.

        Most often a beam's; also a sign's, a banner's or a lorry's, whatever is as wide. By day clouds, trees
        and water move light everywhere, and it is nothing to reckon with.
        """
        return self._lit if self._grain > NOISY else _UNLIT

    def compare(self, luma: Plane, taken_at: float) -> Difference:
        """Return where this picture differs from the usual one, and remember it for `planes`."""
        picture = shrink(luma)
        light, cells = self._light(picture)
        expected = np.asarray(
            cv2.convertScaleAbs(self._usual, alpha=light.gain, beta=light.shift), np.uint8
        )
        seen = self._seen(picture, expected, cells, light)
        if np.count_nonzero(seen.out) > SHAKEN_SHARE * seen.out.size:
            steadied = _steadied(picture, expected, seen.change)
            if steadied is not None:
                picture = steadied
                seen = self._seen(picture, expected, _to_cells(picture), light)
        far = np.count_nonzero(seen.change > self._change + np.float32(GLOBAL_STEP))
        is_global = light.is_switched or bool(far > GLOBAL_SHARE * seen.out.size)
        self._grain_now = grain(picture, self._sharp)
        self._sharp = picture
        is_soon = taken_at - self._seen_at <= BLENDED_WITHIN_S
        if self.is_grainy and is_soon and not is_global:
            picture = blended(picture, expected, self._now, self._expected)
            seen = self._seen(picture, expected, _to_cells(picture), light)
        self._now, self._expected, self._last = picture, expected, seen
        return Difference(seen.out, is_global=is_global)

    def planes(self, taken_at: float) -> Planes:
        """Return what the network sees, (height, width, 4): the picture and three differences.

        To the usual picture, to the one before, and to one `LAG_S` seconds ago; int8, stretched
        by one factor for the whole picture so that the camera's noise looks alike at all times.
        """
        stretch = self._stretch()
        now = self._now
        before = self._kept[-1]
        older = min(self._kept, key=lambda kept: abs(taken_at - kept.taken_at - LAG_S))
        cells = self._last.cells
        shown, lit = differences(
            (now, cells),
            (self._expected, cells - self._last.shift),
            [(before.picture, before.cells), (older.picture, older.cells)],
            stretch,
        )
        self._lit = cv2.dilate(lit.view(np.uint8), _RIM).view(np.bool_)
        return np.asarray(cv2.merge([(now ^ np.uint8(0x80)).view(np.int8), *shown]), np.int8)

    def outline(self, cells: Mask) -> Rectangle:
        """Return the rectangle, in pixels of 320x180, of what differs in these cells."""
        is_noisy = self._grain > NOISY
        return outline(self._now, self._expected, cells, self._noise, is_noisy=is_noisy)

    def learn(self, taken_at: float, moving: Mask | None) -> None:
        """Let the usual picture follow the present one, but where something moves."""
        passed_s = self._passed(taken_at)
        self._learn_noise(passed_s)
        if taken_at < self._settled_at:
            self._follow(_share(passed_s, SETTLING_PACE_S), None)
        else:
            self._follow(_share(passed_s, LIGHT_PACE_S), moving)
        self._keep(taken_at)

    def start_again(self, taken_at: float) -> None:
        """Take the present picture for the usual one; cells keep what they know of their noise."""
        self._passed(taken_at)
        self._follow(1.0, None)
        # Another light has another noise, and another grain.
        self._looks = 0
        self._grain = 0.0
        self._settled_at = taken_at + SETTLING_S
        # What was before the switch is nothing to compare with.
        self._kept.clear()
        self._keep(taken_at)

    def _seen(self, picture: Plane, expected: Plane, cells: Grid, light: "_Light") -> "_Seen":
        change = _to_cells(cv2.absdiff(picture, expected))
        shift: Grid = cells - (self._cells * np.float32(light.gain) + np.float32(light.shift))
        floor = np.float32(LEAST_DEVIATION)
        above = change - self._change - STANDS_OUT * (self._change_deviation + floor)
        aside = np.abs(shift) - STANDS_OUT * (self._shift_deviation + floor)
        return _Seen(cells, change, shift, (above > 0) | (aside > 0))

    def _light(self, picture: Plane) -> tuple["_Light", Grid]:
        """Return what turns the usual brightness into this one's, moving things aside."""
        cells = _to_cells(picture)
        difference = (cells - self._cells).ravel()
        middle = difference.size // 2
        shift = float(np.partition(difference, middle)[middle])
        steady = np.abs(difference - shift) < OUTLIER
        before, after = self._cells.ravel()[steady], cells.ravel()[steady]
        if before.size * 2 < difference.size:
            return _Light(1.0, shift, shift), cells
        mean_before, mean_after = float(before.mean()), float(after.mean())
        before -= mean_before
        spread = float(before @ before)
        # A picture of one brightness says nothing about gain.
        gain = float(before @ after) / spread if spread > before.size else 1.0
        gain = min(MOST_GAIN, max(LEAST_GAIN, gain))
        step = mean_after - mean_before
        return _Light(gain, mean_after - gain * mean_before, step), cells

    def _stretch(self) -> float:
        return min(_MOST_STRETCH, _STRETCH_AT / (self._noise + _STRETCH_NOISE))

    def _learn_noise(self, passed_s: float) -> None:
        self._looks += 1
        share, heard = _share(passed_s, NOISE_PACE_S), _HEARD_DEVIATIONS
        if self._looks <= _FIRST_LOOKS:
            share, heard = 1 / self._looks, math.inf
        self._grain += share * (self._grain_now - self._grain)
        beyond = self._last.change - self._change
        np.minimum(beyond, heard * (self._change_deviation + LEAST_DEVIATION), out=beyond)
        aside = np.abs(self._last.shift)
        np.minimum(aside, heard * (self._shift_deviation + LEAST_DEVIATION), out=aside)
        self._change = np.minimum(self._change + share * beyond, MOST_CHANGE, dtype=np.float32)
        self._noise = float(np.median(self._change))
        self._change_deviation = _followed(self._change_deviation, beyond, share)
        self._shift_deviation = _followed(self._shift_deviation, aside, share)

    def _follow(self, share: float, moving: Mask | None) -> None:
        """Move the usual picture this far towards the present one, where nothing moves.

        By night its light follows there, too: else a beam would leave a patch around whoever walks, as
        dark as before. By day what is around somebody near is their shadow.
        """
        mask = None
        if moving is not None and moving.any():
            calm = (~moving).view(np.uint8)
            whole = cv2.resize(calm, (WIDTH_PX, _PADDED_PX), interpolation=cv2.INTER_NEAREST)
            mask = whole[:HEIGHT_PX]
            if self._grain > NOISY and np.count_nonzero(moving) <= MOST_LIT_BEHIND:
                light = around(self._last.cells - self._cells, calm)
                shift = fine(light * np.float32(share), self._now)
                cv2.add(self._usual, shift, dst=self._usual, mask=1 - mask)
        cv2.accumulateWeighted(self._now, self._usual, share, mask)
        self._cells = _to_cells(cv2.convertScaleAbs(self._usual))

    def _keep(self, taken_at: float) -> None:
        self._kept.append(_Kept(taken_at, self._now, self._last.cells))
        del self._kept[:-_KEPT_PICTURES]

    def _passed(self, taken_at: float) -> float:
        passed_s = max(0.0, taken_at - self._seen_at)
        self._seen_at = taken_at
        return passed_s

    @staticmethod
    def _zero() -> "_Seen":
        nothing = np.zeros((ROWS, COLUMNS), np.float32)
        return _Seen(nothing, nothing, nothing, np.zeros((ROWS, COLUMNS), np.bool_))


@dataclass(frozen=True, slots=True)
class _Light:
    """How brightness changed: now = gain * usual + shift; `step` is the change of the mean."""

    gain: float
    shift: float
    step: float

    @property
    def is_switched(self) -> bool:
        """Tell whether no sun is that fast: the usual picture follows the light in seconds."""
        return abs(self.step) > SWITCH_STEP


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """A picture from a moment ago, and the means of its cells."""

    taken_at: float
    picture: Plane
    cells: Grid


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """By cell, in grey levels: the mean, its mean change, the mean's change, and what stands out."""

    cells: Grid
    change: Grid
    shift: Grid
    out: Mask


def shrink(luma: Plane) -> Plane:
    """Return the brightness as 320x180, whatever the camera's own shape."""
    size = (WIDTH_PX, HEIGHT_PX)
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)


def _to_cells(picture: Any) -> Grid:
    """Return the mean of each cell; halving first is faster, because OpenCV halves with SIMD."""
    padded = cv2.copyMakeBorder(picture, 0, _PADDED_PX - HEIGHT_PX, 0, 0, cv2.BORDER_REPLICATE)
    half = cv2.resize(padded, (WIDTH_PX // 2, _PADDED_PX // 2), interpolation=cv2.INTER_AREA)
    cells = cv2.resize(half.astype(np.float32), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return np.asarray(cells, np.float32)


_WINDOW = cv2.createHanningWindow((WIDTH_PX // 2, HEIGHT_PX // 2), cv2.CV_32F)


def _steadied(picture: Plane, expected: Plane, change: Grid) -> Plane | None:
    """Return the picture moved back over the usual one; None where that does not explain it."""
    half = (WIDTH_PX // 2, HEIGHT_PX // 2)
    now = cv2.resize(picture, half, interpolation=cv2.INTER_AREA).astype(np.float32)
    usual = cv2.resize(expected, half, interpolation=cv2.INTER_AREA).astype(np.float32)
    (x, y), _ = cv2.phaseCorrelate(usual, now, _WINDOW)
    if not LEAST_SHAKE_PX / 2 < math.hypot(x, y) < MOST_SHAKE_PX / 2:
        return None
    back = np.array([[1, 0, 2 * x], [0, 1, 2 * y]], np.float32)
    moved = cv2.warpAffine(
        picture,
        back,
        (WIDTH_PX, HEIGHT_PX),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    left = _to_cells(cv2.absdiff(moved, expected))
    if float(left.sum()) > STEADIED * float(change.sum()):
        return None
    return np.asarray(moved, np.uint8)


def _followed(deviation: Grid, new: Grid, share: float) -> Grid:
    """Return the deviation (root of mean square) with this share of a new one in it."""
    mean_square = (1 - share) * deviation * deviation + share * new * new
    return np.minimum(np.sqrt(mean_square), MOST_DEVIATION, dtype=np.float32)


def _share(passed_s: float, pace_s: float) -> float:
    """Return how much of a difference is learned in this time."""
    return 1 - math.exp(-max(0.0, passed_s) / pace_s)
