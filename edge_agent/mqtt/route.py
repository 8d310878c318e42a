"""Which of the center's brokers comes next."""

import random
from collections.abc import Sequence


class Route:
    """Goes round the brokers, beginning anywhere: a thousand boxes must not all ask the first one."""

    def __init__(self, urls: Sequence[str], source: random.Random | None = None) -> None:
        self._urls = tuple(urls)
        source = source or random.Random()  # noqa: S311 (spreads load, keeps no secret)
        self._at = source.randrange(len(self._urls))

    @property
    def url(self) -> str:
        """The one to call now."""
        return self._urls[self._at]

    def go_on(self) -> None:
        """Take the next one, because this one did not answer, or hung up."""
        self._at = (self._at + 1) % len(self._urls)
