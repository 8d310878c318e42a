"""`edge-agent discover --watch`: who came, who changed, who went, until Ctrl-C."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from edge_agent.cli.console import Console
from edge_agent.cli.discover_table import Row, as_json
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop

# From the begin of one round to the begin of the next, at least.
_ROUND_S = 5.0
# UDP is lost now and then: gone is who was not heard in so many rounds one after the other.
_ROUNDS_TO_GO = 2


@dataclass(slots=True)
class _Seen:
    row: Row
    rounds_away: int = 0


@dataclass(slots=True)
class Watch:
    """Tells what is news in each round; `is_json` makes each one a line of JSON."""

    console: Console
    clock: Clock
    is_json: bool
    # Whether anybody ever answered.
    has_found: bool = False
    _seen: dict[str, _Seen] = field(default_factory=dict)
    _trouble: str = ""

    def go_round(self, ask: Callable[[], Sequence[Row]], stop: Stop) -> None:
        """Ask again and again until told to stop, or Ctrl-C."""
        self.console.line_up(("changed", "network"))
        try:
            while not stop.is_told:
                begun_mono = self.clock.mono()
                self._take(self._ask(ask))
                stop.wait(_ROUND_S - (self.clock.mono() - begun_mono))
        except KeyboardInterrupt:
            self.console.clear_progress()

    def _ask(self, ask: Callable[[], Sequence[Row]]) -> Sequence[Row]:
        """Return who answers; a cable that is out is news, and no end."""
        try:
            rows = ask()
        except EdgeAgentError as failure:
            if failure.what != self._trouble:
                self._say_trouble(failure)
            self._trouble = failure.what
            return []
        self._trouble = ""
        return rows

    def _take(self, rows: Sequence[Row]) -> None:
        self.has_found = self.has_found or bool(rows)
        present = {row.key: row for row in rows}
        for key, row in present.items():
            known = self._seen.get(key)
            self._seen[key] = _Seen(row)
            if known is None:
                self._say("new", row)
            elif known.row.cells != row.cells:
                self._say("changed", row)
        for key, seen in list(self._seen.items()):
            if key not in present:
                seen.rounds_away += 1
                if seen.rounds_away >= _ROUNDS_TO_GO:
                    del self._seen[key]
                    self._say("gone", seen.row)

    def _say(self, news: str, row: Row) -> None:
        if self.is_json:
            self._say_json(news, as_json(row))
            return
        known_as = f", known as {row.configured}" if row.configured else ""
        say = {"new": self.console.ok, "changed": self.console.note, "gone": self.console.bad}
        say[news](news, f"{row.address.place:<21} {row.status}{known_as}  {row.title}".rstrip())
        self.console.flush()

    def _say_trouble(self, failure: EdgeAgentError) -> None:
        if self.is_json:
            self._say_json("problem", {"problem": failure.what, "next": failure.hint})
            return
        self.console.failure("network", failure)
        self.console.flush()

    def _say_json(self, news: str, facts: dict[str, object]) -> None:
        at = datetime.fromtimestamp(self.clock.wall(), UTC).isoformat(timespec="seconds")
        self.console.plain(json.dumps({"at": at, "news": news, **facts}))
        self.console.flush()
