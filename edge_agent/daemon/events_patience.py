"""How long a camera is left alone after its events failed.

Some cameras freeze under a subscription and need somebody to pull the plug (Reolink E1 Zoom,
onvif2mqtt issue 44). Events are a help; a dead camera is none.
"""

from edge_agent.runtime.backoff import Backoff

# The first wait is up to 5 s, so that a reboot of a minute costs little more; the last 10 minutes.
_FIRST_S, _LAST_S = 5.0, 600.0
# A subscription that held for this long was a good one: begin with short waits again.
GOOD_S = 600.0
# A camera that fell silent under so many subscriptions in a row does so because of them.
_MOST_FREEZES = 3
_COOL_DOWN_S = 3600.0
# Between two looks whether a camera has learned it: after an update of its firmware, say.
_GIVEN_UP_S = 3600.0
# A camera that hangs up on so many subscriptions in a row announces what it does not have.
_MOST_HANG_UPS = 3


class EventsPatience:
    """Counts failures and says how long to wait, in seconds."""

    def __init__(self) -> None:
        self._backoff = Backoff(_FIRST_S, _LAST_S)
        self._freezes = 0
        self._hang_ups = 0

    def note_success(self, lasted_s: float) -> None:
        """Take in that the camera served us for that long."""
        self._hang_ups = 0
        if lasted_s >= GOOD_S:
            self._backoff.reset()
            self._freezes = 0

    def after_failure(self) -> float:
        """Return the wait after a failure that waiting may mend."""
        return self._backoff.next_s()

    def after_freeze(self) -> float:
        """Return the wait after a camera fell silent under our subscription."""
        self._freezes += 1
        return _COOL_DOWN_S if self._freezes >= _MOST_FREEZES else self._backoff.next_s()

    def is_hopeless(self) -> bool:
        """Take in that the camera, well otherwise, hung up on a subscription; return if that is it."""
        self._hang_ups += 1
        return self._hang_ups >= _MOST_HANG_UPS

    def after_giving_up(self) -> float:
        """Return the wait where only a person or an update can mend it."""
        return _GIVEN_UP_S
