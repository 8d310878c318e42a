"""Start the agent anew. It is done once: the command is on disk before, and its end is said after."""

from collections.abc import Callable

from edge_agent.contract.command import Result
from edge_agent.daemon.commands.answer import Answer, Order, done
from edge_agent.daemon.commands.args import Args


class Restart:
    """Ends this process in order; the next one says that it is there."""

    name = "restart"

    def __init__(self, restart: Callable[[], None]) -> None:
        self._restart = restart

    def act(self, order: Order) -> Answer:
        """Accept it, then ask for the restart."""
        Args(order.command.args)
        return Answer(Result.ACCEPTED, "the agent starts anew", then=self._restart)

    def conclude(self, order: Order) -> Answer | None:
        """Say that it was started anew, once it was."""
        return done("started anew") if order.is_of_an_earlier_start else None
