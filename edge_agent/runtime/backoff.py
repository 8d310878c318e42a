"""How long to wait before the next try: full jitter, so that a thousand boxes do not return at once.

Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

import random


class Backoff:
    """Waits that double up to a cap, each drawn evenly from zero to the bound."""

    def __init__(self, first_s: float, most_s: float, source: random.Random | None = None) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._source = source or random.Random()  # noqa: S311 (spreads load, keeps no secret)
        self._tries = 0

    def next_s(self) -> float:
        """Return the next wait in seconds; never under a tenth of the first bound."""
        bound = min(self._most_s, self._first_s * 2 ** min(self._tries, 30))
        self._tries += 1
        return self._source.uniform(self._first_s / 10, bound)

    def reset(self) -> None:
        """Begin anew after a good minute."""
        self._tries = 0
