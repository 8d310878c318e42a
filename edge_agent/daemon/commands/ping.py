"""Is somebody there? Who, since when, and what it can be asked."""

from collections.abc import Callable, Mapping

from edge_agent.contract.command import Result
from edge_agent.daemon.commands.answer import Answer, Order
from edge_agent.daemon.commands.args import Args


class Ping:
    """Answers with who it is."""

    name = "ping"

    def __init__(self, facts: Callable[[], Mapping[str, object]]) -> None:
        self._facts = facts

    def act(self, order: Order) -> Answer:
        """Say who this is."""
        Args(order.command.args)
        return Answer(Result.DONE, data=self._facts())
