"""How many looks all cameras of a box may have per second, and who gets them.

A storm on one camera must not blind the others, and an empty street must not hold back a person
in a zone. So looks are dealt out one by one as time brings them: to the most urgent need that was
asked for with a camera's latest frame, and among equals to the camera whose turn it is. Dealt
looks wait for the camera's next frame. Nobody waits in here.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

# Seconds in which no more than the budget is ever spent, wherever they begin.
WINDOW_S = 1.0
# Part of the budget that may be kept for a burst; the rest of it flows evenly over the second, so
# that both together are never more than the budget. A quarter is what cameras of five frames a
# second leave lying between two frames.
BURST_SHARE = 0.25
# Who has not wanted anything for twice its usual pause wants nothing any more; at least and at most
# this long. A far walker stirs one frame in three, and thin links bring two frames at once. An idle
# camera shows a frame every 2.1 s.
_STAYS_S, _GONE_S = 1.0, 3.0
# Sums of fractions are not exact.
_HAIR = 1e-6


class Need(IntEnum):
    """Why a look is wanted, the most urgent first."""

    # Followed where a rule watches, or kept waiting for too long.
    WATCHED = 0
    # Moves, or is followed elsewhere.
    MOTION = 1
    # Nothing is known to be there.
    SWEEP = 2


class Share(Protocol):
    """One camera's way to the budget."""

    def ask(self, needs: Sequence[Need]) -> int:
        """Return how many of these looks, most urgent first, may be had now."""
        ...


class Unlimited:
    """A share of a box that has looks to spare."""

    def ask(self, needs: Sequence[Need]) -> int:
        """Return all of them."""
        return len(needs)


@dataclass(slots=True)
class _Hand:
    """What one camera asked for with its latest frame for one need, and what was dealt to it."""

    asked: int
    dealt: int
    # The older, the sooner it is this one's turn.
    dealt_at: float
    gone_at: float


class LookBudget:
    """Never more than `looks_per_second` looks in any second; safe for all watchers at once.

    Among cameras with the same need each gets an equal part, or all it asks for if that is less.
    Each camera must ask with every frame, for nothing if need be: it is dealt nothing more then.
    """

    def __init__(self, looks_per_second: float, mono: Callable[[], float]) -> None:
        if looks_per_second < 1:
            raise ValueError(f"a budget needs a look per second, got {looks_per_second}")
        self._most = int(looks_per_second)
        self._burst = max(1.0, self._most * BURST_SHARE)
        # One look a second cannot be burst and flow both; the window holds it.
        self._flow_per_s = max(self._most - self._burst, self._most / 2)
        self._mono = mono
        self._lock = threading.Lock()
        self._hands: dict[tuple[Need, int], _Hand] = {}
        self._asked_at: dict[int, float] = {}
        # Looks that are not dealt.
        self._free = self._burst
        self._flowed_at = mono()
        self._granted: deque[float] = deque()

    def share(self) -> Share:
        """Return the share of one more camera."""
        with self._lock:
            camera = len(self._asked_at)
            self._asked_at[camera] = self._mono()
        return _CameraShare(self, camera)

    def ask(self, camera: int, needs: Sequence[Need]) -> int:
        """Return how many of these looks this camera may have now; the rest is refused."""
        now = self._mono()
        with self._lock:
            self._flow(now)
            self._take_back(camera, needs, now)
            self._deal(now)
            return self._grant(camera, needs, now)

    def _flow(self, now: float) -> None:
        brought = (now - self._flowed_at) * self._flow_per_s
        # Dealt ones do not count: what waits for a slow camera must not hold up the others.
        self._free = min(self._free + brought, self._burst)
        self._flowed_at = now

    def _take_back(self, camera: int, needs: Sequence[Need], now: float) -> None:
        """Note what the camera wants now; what was dealt to it before stays for a while."""
        pause_s, self._asked_at[camera] = now - self._asked_at[camera], now
        gone_at = now + min(_GONE_S, max(_STAYS_S, 2 * pause_s))
        for need in set(needs):
            hand = self._hands.setdefault((need, camera), _Hand(0, 0, float("-inf"), gone_at))
            hand.asked, hand.gone_at = needs.count(need), max(hand.gone_at, gone_at)
        for key, hand in list(self._hands.items()):
            if key[1] == camera and key[0] not in needs:
                hand.asked = hand.dealt
            if now > hand.gone_at:
                self._free += self._hands.pop(key).dealt
            elif hand.dealt > hand.asked:
                self._free += hand.dealt - hand.asked
                hand.dealt = hand.asked

    def _deal(self, now: float) -> None:
        while self._free >= 1 - _HAIR:
            hungry = [key for key, hand in self._hands.items() if hand.dealt < hand.asked]
            if not hungry:
                return
            turn = min(hungry, key=lambda key: (key[0], self._hands[key].dealt_at, key[1]))
            # Two of one moment: whoever had the first is behind.
            latest = max(hand.dealt_at for hand in self._hands.values())
            self._hands[turn].dealt_at = max(now, latest + _HAIR)
            self._hands[turn].dealt += 1
            self._free -= 1

    def _grant(self, camera: int, needs: Sequence[Need], now: float) -> int:
        while self._granted and now - self._granted[0] >= WINDOW_S:
            self._granted.popleft()
        for count, need in enumerate(needs):
            if len(self._granted) + self._kept_before(need) >= self._most:
                return count
            if not self._play(camera, need):
                return count
            self._granted.append(now)
        return len(needs)

    def _kept_before(self, need: Need) -> int:
        """Return how many looks wait for what is more urgent: this second must have room for them."""
        return sum(hand.dealt for key, hand in self._hands.items() if key[0] < need)

    def _play(self, camera: int, need: Need) -> bool:
        """Spend a look that was dealt to this camera, or to anybody for something less urgent."""
        hands = [self._hands[need, camera]]
        hands += [hand for key, hand in sorted(self._hands.items(), reverse=True) if key[0] > need]
        for hand in hands:
            if hand.dealt:
                hand.dealt -= 1
                return True
        return False


@dataclass(frozen=True, slots=True)
class _CameraShare:
    budget: LookBudget
    camera: int

    def ask(self, needs: Sequence[Need]) -> int:
        return self.budget.ask(self.camera, needs)
