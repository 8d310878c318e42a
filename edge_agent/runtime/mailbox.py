"""How threads hand values over: bounded, and the newest wins. What was dropped is counted."""

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """A box of `size` places. When it is full the oldest value makes room."""

    def __init__(self, size: int = 1) -> None:
        self._values: deque[T] = deque(maxlen=size)
        self._dropped = 0
        self._filled = threading.Condition()

    def put(self, value: T) -> None:
        """Leave a value; never waits."""
        with self._filled:
            if len(self._values) == self._values.maxlen:
                self._dropped += 1
            self._values.append(value)
            self._filled.notify()

    def get(self, seconds: float) -> T | None:
        """Return the oldest value kept, or None if none comes within that time."""
        with self._filled:
            if not self._values:
                self._filled.wait(seconds)
            return self._values.popleft() if self._values else None

    @property
    def dropped(self) -> int:
        """How many values made room since the start."""
        with self._filled:
            return self._dropped
