"""From a network's word on one picture to what moves: faint evidence adds up along a path.

A walker by night is a doubtful cell in each picture, but a doubtful cell beside the doubtful cell
of the moment before; noise is somewhere else each time. So a cell's evidence is the network's
logit of now and a part of what it or a neighbour had a moment ago. And each cell has a limit of its
own: a flag, leaves or the clock's digits must be much clearer than they usually are.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float32]
Mask = NDArray[np.bool_]

# What a cell, or its best neighbour, brings along from the picture before, and how much at most.
# Share and limits below were chosen on painted scenes that bench/motion does not show.
CARRIED, MOST_CARRIED = 0.8, 3.0
# The share above was chosen for five pictures a second; over longer pauses less is carried.
_CHOSEN_AT_S = 0.2
# Whoever the network itself finds as unlikely as this does not move, whatever was before.
LEAST_LOGIT = -2.5
# A cell must exceed its own mean by so many deviations, and what it stays below for two fifths of the
# time by so much; the lesser counts. On a road the first is high, since cars come and go, and the
# second low; in rain it is the other way round; where a flag waves both are high. And it never needs
# more than the most: what is as clear as that is told everywhere.
STANDS_OUT, ABOVE_REST, MOST_ASKED = 3.0, 4.0, 4.0
REST_SHARE = 0.4
# A calm cell's evidence and deviation, until it has been seen; and the least deviation.
_CALM, _DEVIATION, _LEAST_DEVIATION = -3.0, 0.8, 0.4
# Seconds in which a cell learns its mean, logits a second by which it learns its rest, and what counts
# of one surprise, in deviations: who passes makes no place deaf.
USUAL_PACE_S, _REST_PER_S, _HEARD = 6.0, 4.0, 3.0
# From pictures so far apart on, a camera is asleep and shows its key frames alone: nothing adds up, and
# a doubt may wake it, which costs four seconds of decoding.
ASLEEP_S, DOUBT = 1.0, 1.0
# One look after a pause says no more about the pause than this.
_LONGEST_PAUSE_S = 1.0
# A change of all evidence below this is over.
_ALIVE = 0.5
_NEIGHBOURS = np.ones((3, 3), np.uint8)


class Evidence:
    """One camera's cells; give it every picture's logits, (rows, columns), in order."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._evidence: Grid | None = None
        # One number for all cells until the first picture says how many there are.
        self._usual: Grid = np.full(1, _CALM, np.float32)
        self._variance: Grid = np.full(1, _DEVIATION**2, np.float32)
        self._rest: Grid = np.full(1, _CALM, np.float32)

    def ask(self, limit: float) -> None:
        """Take this limit from now on; what the cells have learned stays."""
        self._limit = limit

    @property
    def is_alive(self) -> bool:
        """Tell whether something moved a moment ago, so that the network should look again."""
        return self._evidence is not None and bool((self._evidence > _ALIVE).any())

    def weigh(self, logits: Grid, passed_s: float) -> Mask:
        """Return which cells move now."""
        evidence = logits
        if self._evidence is not None:
            share = CARRIED ** max(1.0, passed_s / _CHOSEN_AT_S)
            carried = cv2.dilate(np.clip(self._evidence, 0, MOST_CARRIED), _NEIGHBOURS)
            evidence = logits + np.float32(share) * carried
        self._evidence = np.asarray(evidence, np.float32)
        deviation = np.sqrt(self._variance)
        asked = np.minimum(self._usual + STANDS_OUT * deviation, self._rest + ABOVE_REST)
        least = self._limit - DOUBT if passed_s >= ASLEEP_S else self._limit
        limit = np.clip(asked, least, max(least, MOST_ASKED))
        self._learn(self._evidence, deviation, min(passed_s, _LONGEST_PAUSE_S))
        moving: Mask = (self._evidence > limit) & (logits > LEAST_LOGIT)
        return moving

    def forget(self) -> None:
        """Begin anew: what was before is no longer comparable."""
        self._evidence = None

    def _learn(self, evidence: Grid, deviation: Grid, passed_s: float) -> None:
        step = _REST_PER_S * passed_s
        rising = np.where(evidence > self._rest, step * REST_SHARE, -step * (1 - REST_SHARE))
        self._rest = np.clip(self._rest + rising, _CALM, MOST_ASKED, dtype=np.float32)
        share = np.float32(1 - math.exp(-passed_s / USUAL_PACE_S))
        most = _HEARD * deviation
        beyond = np.clip(evidence - self._usual, -most, most)
        self._usual = np.asarray(self._usual + share * beyond, np.float32)
        variance = self._variance + share * (beyond * beyond - self._variance)
        self._variance = np.maximum(variance, _LEAST_DEVIATION**2, dtype=np.float32)
