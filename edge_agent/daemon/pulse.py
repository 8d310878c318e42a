"""Whether a thread still goes round. One that does not for long hangs, most likely inside a look."""

# The slowest look that we know takes 0.2 s, a frame has four, and who waits for a network gives up
# after 10 s (inference/pool.py). When systemd is not told for longer, it kills and restarts us.
STALE_S = 20.0


def hung_s(beat_mono: float, now: float) -> float:
    """Return for how long a thread has been hanging that last went round then; 0 if it does not."""
    silent_s = now - beat_mono
    return silent_s if silent_s > STALE_S else 0.0
