"""Log lines for the journal: one line per fact, and a line that repeats is counted, not repeated."""

import logging
import sys
import time
from collections.abc import Callable

# sd-daemon(3): the journal reads the level from this prefix.
_JOURNAL_PREFIX = {
    logging.DEBUG: "<7>",
    logging.INFO: "<6>",
    logging.WARNING: "<4>",
    logging.ERROR: "<3>",
    logging.CRITICAL: "<2>",
}
# How long the same line stays quiet, in seconds.
QUIET_S = 60.0
# Different lines remembered at most; beyond that the oldest may repeat.
_MOST_LINES = 256


class Repeats(logging.Filter):
    """Let a line through once a minute and say how often it came in between."""

    def __init__(self, mono: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._mono = mono
        self._seen: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the line is to be written now."""
        if record.levelno < logging.WARNING or record.exc_info:
            return True
        line = record.getMessage()
        now = self._mono()
        since, count = self._seen.get(line, (now - QUIET_S, 0))
        if now - since < QUIET_S:
            self._seen[line] = (since, count + 1)
            return False
        self._seen.pop(line, None)
        if len(self._seen) >= _MOST_LINES:
            self._seen.pop(next(iter(self._seen)))
        self._seen[line] = (now, 0)
        if count:
            record.msg, record.args = f"{line} ({count} more in the last minute)", ()
        return True


class _OneLine(logging.Formatter):
    """`<level>thread: what`; the journal adds the time, a terminal needs it from us."""

    def __init__(self, *, for_journal: bool) -> None:
        pattern = "%(threadName)s: %(message)s"
        super().__init__(pattern if for_journal else f"%(asctime)s %(levelname)-7s {pattern}")
        self._for_journal = for_journal

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if not self._for_journal:
            return text
        prefix = _JOURNAL_PREFIX.get(record.levelno, "<6>")
        return "\n".join(prefix + line for line in text.splitlines())


def set_up_logs(*, level: int, for_journal: bool) -> None:
    """Send every log line to standard error, in the journal's format or a person's."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine(for_journal=for_journal))
    handler.addFilter(Repeats())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
