"""The one way to end: every wait in the agent ends when this is set."""

import threading


class Stop:
    """Told once, for good. Safe to tell from a signal handler's thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def tell(self) -> None:
        """Ask everybody to come to an end."""
        self._event.set()

    @property
    def is_told(self) -> bool:
        """Whether the end was asked for."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait that long or until told; return whether told."""
        return self._event.wait(max(0.0, seconds))
