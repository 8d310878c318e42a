"""The camera's stream clock: from presentation times that may jump to seconds that never run back.

Cameras restart their count at every connection, when their own clock is set, and when a recording
loops. Rules must not notice: a jump counts as the time that really passed on the box.
"""

# Network jitter and a short stall may deliver late what the camera took in time; a difference
# beyond this is a jump of its count.
TOLERANCE_S = 5.0


class StreamClock:
    """Turns presentation times of one camera, over all its connections, into stream seconds."""

    def __init__(self) -> None:
        self._offset_s = 0.0
        self._last: tuple[float, float] | None = None

    def stamp(self, presented_s: float, mono: float) -> float:
        """Return the stream time of a frame presented at `presented_s` that arrived at `mono`."""
        taken_at = presented_s + self._offset_s
        if self._last is None:
            taken_at = 0.0
        elif not self._fits(taken_at, mono):
            last_taken_at, last_mono = self._last
            taken_at = last_taken_at + max(0.0, mono - last_mono)
        self._offset_s = taken_at - presented_s
        self._last = (taken_at, mono)
        return taken_at

    def _fits(self, taken_at: float, mono: float) -> bool:
        assert self._last is not None  # noqa: S101 (narrowing for the type checker)
        last_taken_at, last_mono = self._last
        passed_s = taken_at - last_taken_at
        return passed_s >= 0.0 and abs(passed_s - (mono - last_mono)) <= TOLERANCE_S
