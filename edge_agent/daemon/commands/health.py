"""How is everything, now? The same as the box tells by itself each minute."""

from collections.abc import Callable, Mapping

from edge_agent.daemon.commands.answer import Answer, Order, done
from edge_agent.daemon.commands.args import Args


class Health:
    """Answers with the health of the box."""

    name = "health"

    def __init__(self, health: Callable[[], Mapping[str, object]]) -> None:
        self._health = health

    def act(self, order: Order) -> Answer:
        """Say how everything is."""
        Args(order.command.args)
        return done(health=self._health())
