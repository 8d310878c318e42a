"""A rule or a mask of a camera, off and on again; until a time, or until it is told otherwise."""

from collections.abc import Mapping

from edge_agent.daemon.commands.answer import Answer, Order, RefusedError, done
from edge_agent.daemon.commands.args import Args
from edge_agent.daemon.switches import Kind, Off, Switches


class Switch:
    """Switches what the configuration has; there is one of these for rules, and one for masks."""

    def __init__(
        self, kind: Kind, names: Mapping[str, tuple[str, ...]], switches: Switches
    ) -> None:
        """`names` are the camera's rules, or masks, by its id."""
        self.name = str(kind)
        self._kind = kind
        self._names = names
        self._switches = switches

    def act(self, order: Order) -> Answer:
        """Switch it, and keep that."""
        told = Args(order.command.args, "camera", self.name, "on", "until")
        camera = told.choice("camera", tuple(self._names))
        name = told.choice(self.name, self._names[camera])
        on, until = told.flag("on"), told.time("until")
        if on and until is not None:
            raise RefusedError("until is for what is switched off")
        if until is not None and until <= order.command.time:
            raise RefusedError("until must be later than the command")
        off = Off(self._kind, camera, name, until)
        self._switches.switch(off, on=on)
        return done("" if on else str(off), off=[str(one) for one in self._switches.off()])
