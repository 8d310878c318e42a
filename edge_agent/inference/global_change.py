"""How long light or camera have been changing everywhere: at a stretch, or on and off.

A lamp that flickers leaves pictures between two changes that are like the ones before, and too few of them
to tell what moves. So what comes and goes counts as one change that goes on.
"""

# Seconds after which a change that goes on must not leave us blind.
RECOVERY_S = 3.0
# Seconds without a change after which it is over. On and off is what came back as often as this: a lamp
# that starts, or a camera that finds its exposure, may come back once.
OVER_S, RETURNS = 2.5, 2
# Seconds without any picture after which what was before tells nothing; idle cameras send one in two.
GAP_S = 30.0


class GlobalChange:
    """One camera's; give it every picture, in order. All times are frame times."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._last = self._seen_at = 0.0
        self._is_on = self._lasts = False
        self._returns = 0

    def note(self, taken_at: float, *, is_global: bool) -> float:
        """Return for how many seconds it has lasted; 0.0 until that is `RECOVERY_S`, and once it is over."""
        is_gap = not 0 <= taken_at - self._seen_at < GAP_S
        is_peace = not self._is_on and taken_at - self._last >= OVER_S
        self._seen_at = taken_at
        if is_gap or is_peace:
            self._since, self._lasts, self._returns = None, False, 0
        if is_global:
            self._begin_or_return(taken_at)
        self._is_on = is_global
        lasts_s = 0.0 if self._since is None else taken_at - self._since
        if lasts_s >= RECOVERY_S and (is_global or self._returns >= RETURNS):
            self._lasts = True
        return lasts_s if self._lasts else 0.0

    def _begin_or_return(self, taken_at: float) -> None:
        if self._since is None:
            self._since = taken_at
        elif not self._is_on:
            self._returns += 1
        self._last = taken_at
