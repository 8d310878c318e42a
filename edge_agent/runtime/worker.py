"""Threads that have a name, an owner and an end. A thread that dies of a defect is not silent."""

import logging
import threading
from collections.abc import Callable

from edge_agent.errors import EdgeAgentError

log = logging.getLogger(__name__)


class Worker:
    """Runs one function on a thread of its own until it returns.

    The function must return soon after its Stop is told. If it raises instead, that is kept in
    `failure`, and `on_failure` is called once: an EdgeAgentError is logged in its own words,
    anything else is a defect and logged with its stack.
    """

    def __init__(
        self, name: str, run: Callable[[], None], *, on_failure: Callable[[], None]
    ) -> None:
        self.name = name
        self.failure: BaseException | None = None
        self._run = run
        self._on_failure = on_failure
        self._thread = threading.Thread(target=self._guard, name=name)  # noqa: TID251 (the one place)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait for the end; return whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        """Whether it is still at work."""
        return self._thread.is_alive()

    def _guard(self) -> None:
        try:
            self._run()
        except EdgeAgentError as failure:
            self.failure = failure
            log.error("%s cannot go on: %s", self.name, failure.report())  # noqa: TRY400 (not a defect)
            self._on_failure()
        except Exception as failure:
            self.failure = failure
            log.exception("%s died of a defect of ours", self.name)
            self._on_failure()
