"""From a network's word on one picture to what moves: faint words add up along a path.

A walker by night is a doubtful cell in each picture, but a doubtful cell beside the doubtful cell
of the moment before; noise is somewhere else each time. So what a cell says beyond what it is asked
for, and a part of what it or a neighbour had a moment ago, is its evidence: a cumulative sum (Page,
Biometrika 41, 1954) that may move by one cell with each picture, at a price: most often one is still
in the same cell a fifth of a second later, and of eight neighbours one is always loud by chance.

And what is asked is each cell's own: a flag, leaves or the clock's digits must say more than they
usually do. And a lamp, a cloud or an insect at the lens is a faint word in many cells at once, a
walker in few: nobody is heard who says less than the sixteenth loudest (a constant false-alarm rate
by order statistic: Rohling, IEEE AES-19(4), 1983).

A beam of headlights is a faint word in many cells, too, and most often gone a second later. It must not
silence who walks where there is none, and is nobody's habit: what lies in it is asked for apart, and not
learned, unless light moves there more than a quarter of the time.

In a grainy night a walker is fainter than elsewhere, and most of what is faint there is grain: words
count from lower on, and less evidence is enough.
"""

import math
from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float32]
Mask = NDArray[np.bool_]

# The numbers of this file were chosen on painted scenes that bench/motion does not show.
# What a cell, or its best neighbour, brings along from the picture before, how much at most, and how
# much less a neighbour's counts, in logits.
CARRIED, MOST_CARRIED, A_STEP = 0.8, 4.0, 1.2
# The share above was chosen for five pictures a second; over longer pauses less is carried.
_CHOSEN_AT_S = 0.2
# A cell is asked for its own mean and so many deviations (`Terms.stands_out`), or for so much more than what
# it stays below for two fifths of the time; the lesser counts. On a road the first is high, since cars come
# and go, and the second low; where a flag waves both are high. And it is never asked for more than the most.
ABOVE_REST, MOST_ASKED = 3.0, 1.0
REST_SHARE = 0.4
# A walker on foot is loud in fewer cells than this. What so many say is asked of all, up to the most: a
# close bus, or a crowd, must not silence who is as clear as that.
CROWD, MOST_OF_CROWD = 16, -0.8
# Until a cell has been seen: its mean and deviation. And the least deviation.
_CALM, _DEVIATION, _LEAST_DEVIATION = -3.6, 0.45, 0.4
# Seconds in which a cell learns its mean, logits a second by which it learns its rest, and what counts
# of one surprise, in deviations.
USUAL_PACE_S, _REST_PER_S, _HEARD = 2.5, 4.0, 3.0
# A cell learns what it said so long ago: by then somebody who walked by is past it, and is not judged
# by what they did themselves. And how many pictures may wait for that.
LEARNED_AFTER_S, _MOST_WAITING = 1.6, 32
# What is carried spreads by a cell in each direction. A cell that says so much less than one nearby, and
# is not clear by itself, is its rim.
FALLS_OFF, CLEAR = 1.0, 2.5
# A cell that is lit for so many seconds, less a third of those in which it is not, has a sign that blinks or
# a banner: that is its habit. And what of it is remembered at most.
LIT_S, _MOST_LIT_S, _UNLIT_COUNTS = 4.0, 8.0, 1 / 3
# And who still says more than this by the time that it is learned is lit by a lamp, which stays.
STILL_LOUD = -1.5
# One look after a pause says no more about the pause than this.
_LONGEST_PAUSE_S = 1.0
# Evidence below this is over.
_ALIVE = 0.5
_NEIGHBOURS, _AROUND = np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How faint a word may be."""

    # From this logit on a cell's word adds up, everywhere. Calm cells are at -3.6, give or take 0.4.
    faint: float
    # Whoever the network itself finds as unlikely as this does not move, whatever was before.
    least_logit: float
    stands_out: float
    # By how much less than the limit is enough.
    less: float


USUALLY = Terms(faint=-2.4, least_logit=-2.7, stands_out=2.5, less=0.0)
# Both found more walkers by night, and told of no more than a hundredth of the pictures without one. The
# beam's are for the whole picture: its glow reaches further than the cells that it lights.
IN_BEAM = Terms(faint=-2.4, least_logit=-2.7, stands_out=2.0, less=0.3)
IN_GRAIN = Terms(faint=-3.0, least_logit=-3.2, stands_out=1.2, less=0.8)
# From pictures so far apart on, a camera is asleep and shows its key frames alone: nothing adds up, and
# a doubt may wake it, which costs four seconds of decoding.
ASLEEP_S = 1.0
ASLEEP = Terms(faint=-2.4, least_logit=-2.7, stands_out=2.5, less=0.6)


class Evidence:
    """One camera's cells; give it every picture's logits, (rows, columns), in order."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._evidence: Grid | None = None
        # One number for all cells until the first picture says how many there are.
        self._usual: Grid = np.full(1, _CALM, np.float32)
        self._variance: Grid = np.full(1, _DEVIATION**2, np.float32)
        self._rest: Grid = np.full(1, _CALM, np.float32)
        # Logits, the seconds before them and the lit cells that are still to be learned; and all those seconds.
        self._waiting: deque[tuple[Grid, float, Mask | None]] = deque()
        self._waiting_s = 0.0
        self._lit_s: Grid = np.zeros(1, np.float32)

    def ask(self, limit: float) -> None:
        """Take this limit from now on; what the cells have learned stays."""
        self._limit = limit

    @property
    def is_alive(self) -> bool:
        """Tell whether something moved a moment ago, so that the network should look again."""
        return self._evidence is not None and bool((self._evidence > _ALIVE).any())

    def weigh(
        self,
        logits: Grid,
        passed_s: float,
        *,
        is_grainy: bool = False,
        lit: Mask | None = None,
    ) -> Mask:
        """Return which cells move now; `lit` are those through which a beam of light moves."""
        lit = self._briefly(lit, passed_s)
        is_asleep = passed_s >= ASLEEP_S
        terms = _terms(is_asleep=is_asleep, is_grainy=is_grainy, is_lit=lit is not None)
        asked = self._asked(terms, terms.faint if is_asleep else _crowd(logits, terms.faint, lit))
        self._evidence = np.asarray(logits - asked + self._carried(passed_s), np.float32)
        self._remember(logits, min(passed_s, _LONGEST_PAUSE_S), lit)
        enough = self._limit - terms.less - terms.faint
        moving = (self._evidence > enough) & (logits > terms.least_logit)
        return _trimmed(moving, logits, terms.least_logit)

    def forget(self) -> None:
        """Begin anew: what was before is no longer comparable."""
        self._evidence = None
        self._lit_s = np.zeros(1, np.float32)
        self._waiting.clear()
        self._waiting_s = 0.0

    def _briefly(self, lit: Mask | None, passed_s: float) -> Mask | None:
        """Return the lit cells that are not lit most of the time; None where there are none."""
        if lit is None:
            lit = np.zeros(1, np.bool_)
        passed = np.where(lit, np.float32(passed_s), np.float32(-passed_s * _UNLIT_COUNTS))
        self._lit_s = np.clip(self._lit_s + passed, 0, _MOST_LIT_S, dtype=np.float32)
        brief = lit & (self._lit_s < LIT_S)
        return brief if brief.any() else None

    def _asked(self, terms: Terms, least: float | Grid) -> Grid:
        by_usual = self._usual + terms.stands_out * np.sqrt(self._variance)
        asked = np.minimum(by_usual, self._rest + ABOVE_REST)
        return np.asarray(np.clip(asked, least, MOST_ASKED), np.float32)

    def _carried(self, passed_s: float) -> Grid:
        if self._evidence is None:
            return np.zeros(1, np.float32)
        share = CARRIED ** max(1.0, passed_s / _CHOSEN_AT_S)
        own = np.clip(self._evidence, 0, MOST_CARRIED)
        best = np.maximum(own, cv2.dilate(own, _NEIGHBOURS) - np.float32(A_STEP))
        return np.asarray(np.float32(share) * best, np.float32)

    def _remember(self, logits: Grid, passed_s: float, lit: Mask | None) -> None:
        self._waiting.append((logits, passed_s, lit))
        self._waiting_s += passed_s
        while self._waiting_s > LEARNED_AFTER_S or len(self._waiting) > _MOST_WAITING:
            oldest, before_s, was_lit = self._waiting.popleft()
            self._waiting_s -= before_s
            known = self._usual, self._variance, self._rest
            self._learn(oldest, before_s)
            if was_lit is not None:
                kept = was_lit & (logits < STILL_LOUD)
                learned = self._usual, self._variance, self._rest
                self._usual, self._variance, self._rest = (
                    np.where(kept, old, new) for old, new in zip(known, learned, strict=True)
                )

    def _learn(self, logits: Grid, passed_s: float) -> None:
        step = _REST_PER_S * passed_s
        rising = np.where(logits > self._rest, step * REST_SHARE, -step * (1 - REST_SHARE))
        self._rest = np.asarray(self._rest + rising, np.float32)
        share = np.float32(1 - math.exp(-passed_s / USUAL_PACE_S))
        most = _HEARD * np.sqrt(self._variance)
        beyond = np.clip(logits - self._usual, -most, most)
        self._usual = np.asarray(self._usual + share * beyond, np.float32)
        variance = self._variance + share * (beyond * beyond - self._variance)
        self._variance = np.maximum(variance, _LEAST_DEVIATION**2, dtype=np.float32)


def _terms(*, is_asleep: bool, is_grainy: bool, is_lit: bool) -> Terms:
    if is_asleep:
        return ASLEEP
    if is_grainy:
        return IN_GRAIN
    return IN_BEAM if is_lit else USUALLY


def _crowd(logits: Grid, faint: float, lit: Mask | None) -> float | Grid:
    """Return what is asked of every cell because many say as much at once, of lit ones apart."""
    if lit is None:
        return max(faint, min(_loud(logits), MOST_OF_CROWD))
    asked = np.where(lit, np.float32(_loud(logits[lit])), np.float32(_loud(logits[~lit])))
    return np.asarray(np.clip(asked, faint, MOST_OF_CROWD), np.float32)


def _loud(logits: Grid) -> float:
    """Return what the sixteenth loudest says; of few, one of the loudest tenth."""
    place = min(CROWD, math.ceil(logits.size / 10))
    return float(np.partition(logits, -place, axis=None)[-place]) if place else -math.inf


def _trimmed(moving: Mask, logits: Grid, least_logit: float) -> Mask:
    """Return the moving cells without those that only lie beside a clearer one."""
    if not moving.any():
        return moving
    heard = np.where(moving, logits, np.float32(least_logit))
    clearest = cv2.dilate(heard, _AROUND)
    return np.asarray(moving & (logits > np.minimum(CLEAR, clearest - FALLS_OFF)), np.bool_)
