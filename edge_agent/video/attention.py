"""Whether a camera deserves every frame now: the watcher asks for it, the reader obeys."""

import threading

from edge_agent.runtime.clock import Clock


class Attention:
    """Held for some seconds by one thread, read by another. Starts held, to see the scene once."""

    def __init__(self, clock: Clock, first_s: float = 5.0) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._until = clock.mono() + first_s

    def hold(self, seconds: float) -> None:
        """Ask for every frame for at least that long from now."""
        until = self._clock.mono() + seconds
        with self._lock:
            self._until = max(self._until, until)

    @property
    def is_held(self) -> bool:
        """Whether somebody asked for every frame."""
        with self._lock:
            return self._clock.mono() < self._until
