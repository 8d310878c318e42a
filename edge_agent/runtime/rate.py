"""How often something happens, over the last few seconds."""

from collections import deque

# Long enough to be steady with one key frame a second, short enough to follow a change.
_WINDOW_S = 10.0
# A camera of 50 frames per second fills the window; faster ones are measured over less.
_MOST = 512


class Rate:
    """Counts ticks in a sliding window of ten seconds."""

    def __init__(self) -> None:
        self._ticks: deque[float] = deque(maxlen=_MOST)

    def tick(self, now: float) -> float:
        """Count one and return how many there are per second."""
        self._ticks.append(now)
        while now - self._ticks[0] > _WINDOW_S:
            self._ticks.popleft()
        passed_s = now - self._ticks[0]
        return (len(self._ticks) - 1) / passed_s if passed_s > 0 else 0.0
