"""A clock that stands still until a test moves it."""

from edge_agent.runtime.clock import ClockState, SystemClock


class FakeClock:
    """Implements edge_agent.runtime.clock.Clock; both clocks move together."""

    def __init__(self, wall: float = 1_795_000_000.0, mono: float = 100.0) -> None:
        self._wall = wall
        self._mono = mono
        self.is_synced = True

    def wall(self) -> float:
        return self._wall

    def mono(self) -> float:
        return self._mono

    def state(self) -> ClockState:
        return ClockState(is_synced=self.is_synced, error_ms=12.5 if self.is_synced else None)

    def advance(self, seconds: float) -> None:
        assert seconds >= 0, "a monotonic clock does not run backwards"
        self._wall += seconds
        self._mono += seconds

    def jump_wall(self, seconds: float) -> None:
        self._wall += seconds


class HurriedClock(SystemClock):
    """Goes with the box's own; a test may skip a wait, or set the wall wrong."""

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self.wall_ahead_s = 0.0

    def mono(self) -> float:
        return super().mono() + self.ahead_s

    def wall(self) -> float:
        return super().wall() + self.wall_ahead_s
