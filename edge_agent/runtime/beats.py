"""Who has not come back: threads by when each last went round."""

from collections.abc import Mapping


def hung(beats_mono: Mapping[str, float], now_mono: float, stale_s: float) -> list[str]:
    """Return the names of the threads that have been silent for longer than `stale_s` seconds."""
    return [name for name, beat_mono in beats_mono.items() if now_mono - beat_mono > stale_s]
