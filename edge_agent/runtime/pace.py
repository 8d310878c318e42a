"""Let something through only so often, by whatever clock it comes with."""

# Frames come a little early or late; one this close to its turn is taken. Without it, 10 frames
# a second thinned to 5 would become 3.3 at the least jitter.
_EARLY_S = 0.03


class Pace:
    """At most this many per second; times must not run backwards."""

    def __init__(self, per_second: float) -> None:
        self._gap_s = 1.0 / per_second
        self._last: float | None = None

    def is_its_turn(self, now: float) -> bool:
        """Tell whether this one may pass, and count it if so."""
        if self._last is not None and now - self._last < self._gap_s - _EARLY_S:
            return False
        self._last = now
        return True
