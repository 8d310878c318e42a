"""The one way to end: every wait in the agent ends when this is set."""

import threading


class Stop:
    """Told once, for good. Safe to tell from a signal handler's thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        # Replaced as a whole, never changed.
        self._parts: tuple[Stop, ...] = ()

    def tell(self) -> None:
        """Ask everybody to come to an end."""
        self._event.set()
        for part in self._parts:
            part.tell()

    def part(self) -> "Stop":
        """Return the stop of a part that may end alone, and ends with the whole. One thread may call it."""
        part = Stop()
        self._parts = (*(one for one in self._parts if not one.is_told), part)
        if self.is_told:
            part.tell()
        return part

    @property
    def is_told(self) -> bool:
        """Whether the end was asked for."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait that long or until told; return whether told."""
        return self._event.wait(max(0.0, seconds))
