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
        # What to add to a presentation time; None until one is known that fits.
        self._offset_s: float | None = None
        self._last: tuple[float, float] | None = None

    def stamp(self, presented_s: float | None, mono: float) -> float:
        """Return the stream time of a frame presented at `presented_s` that arrived at `mono`.

        None: the camera has not told (the first frame of an RTSP connection); then the time that
        passed on the box counts.
        """
        taken_at = self._by_camera(presented_s, mono)
        if taken_at is None:
            taken_at = self._by_box(mono)
            self._offset_s = None if presented_s is None else taken_at - presented_s
        self._last = (taken_at, mono)
        return taken_at

    def _by_camera(self, presented_s: float | None, mono: float) -> float | None:
        """Return the camera's word, unless there is none or it jumped."""
        if presented_s is None or self._offset_s is None or self._last is None:
            return None
        taken_at = presented_s + self._offset_s
        passed_s = taken_at - self._last[0]
        is_jump = passed_s < 0.0 or abs(passed_s - (mono - self._last[1])) > TOLERANCE_S
        return None if is_jump else taken_at

    def _by_box(self, mono: float) -> float:
        if self._last is None:
            return 0.0
        last_taken_at, last_mono = self._last
        return last_taken_at + max(0.0, mono - last_mono)
