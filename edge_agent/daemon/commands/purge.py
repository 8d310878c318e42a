"""Delete what waits on this box for the center. The chain stays whole: a signed record says what is gone."""

from typing import Protocol

from edge_agent.daemon.commands.answer import Answer, Order, done
from edge_agent.daemon.commands.args import Args


class Purgeable(Protocol):
    """Where alerts wait (the spool)."""

    def purge(self, *, pictures_only: bool, before_wall: float | None) -> int:
        """Delete alerts, or their pictures, up to a time; return how many."""
        ...


class Purge:
    """Empties the spool on the center's word."""

    name = "purge"

    def __init__(self, spool: Purgeable) -> None:
        self._spool = spool

    def act(self, order: Order) -> Answer:
        """Delete it."""
        told = Args(order.command.args, "what", "before")
        what, before = told.choice("what", ("alerts", "pictures")), told.time("before")
        count = self._spool.purge(pictures_only=what == "pictures", before_wall=before)
        return done(f"{count} {what} purged", what=what, count=count)
