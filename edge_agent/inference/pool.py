"""The networks of one model for all cameras: one more than can run at the same time.

A network keeps nothing from one picture to the next, so cameras can share it. It takes 7 MiB (2 for
motion): one for each camera would wait for a core with all its memory held (design/0011).
"""

import threading
from collections.abc import Callable

import numpy as np

from edge_agent.errors import EdgeAgentError
from edge_agent.inference.objects import Runnable
from edge_agent.inference.slots import Raw, Slot

# While one is handed over, another keeps the core busy: of the looks that a network each would give,
# four cameras that look on and on get 98 % with it, 78 % without; eight get 87 % and 81 %.
SPARE = 1
# Looks fill half of the cores at most (budget.py), so one waits for a few others, 0.2 s each on the
# slowest box we know. Less than a thread that does not go round is given (daemon/pulse.py).
LONGEST_WAIT_S = 10.0


class NetworkPool:
    """Runs looks on whichever network is free; safe for all watchers at once. Begins empty."""

    def __init__(
        self,
        open_network: Callable[[], Runnable],
        *,
        most: int,
        longest_wait_s: float = LONGEST_WAIT_S,
    ) -> None:
        self.inputs: tuple[Slot, ...] = ()
        self.outputs: tuple[Slot, ...] = ()
        self._open = open_network
        self._most = most
        self._longest_wait_s = longest_wait_s
        self._count = 0
        self._idle: list[Runnable] = []
        self._freed = threading.Condition()

    def make_room(self, cameras: int) -> None:
        """Have a network for each of so many cameras, up to the most; run each new one once.

        Call it from one thread, before the watchers begin. Raises EdgeAgentError where the model
        cannot be opened.
        """
        while self._count < min(cameras, self._most):
            network = self._open()
            self.inputs, self.outputs = tuple(network.inputs), tuple(network.outputs)
            # Memory is touched and code is read now, not when somebody walks in.
            network.run(_empty(network.inputs[0]))
            self._count += 1
            self._give_back(network)

    def run(self, picture: Raw) -> list[Raw]:
        """Return the raw outputs for one raw input picture, when a network is free.

        Raises EdgeAgentError where none becomes free: then all of them hang.
        """
        network = self._take()
        try:
            return list(network.run(picture))
        finally:
            self._give_back(network)

    def _take(self) -> Runnable:
        with self._freed:
            if not self._freed.wait_for(lambda: self._idle, self._longest_wait_s):
                raise EdgeAgentError(
                    f"no network has answered for {self._longest_wait_s:g} s: the model hangs",
                    hint="the agent is started again; if it repeats, choose another model:"
                    "  edge-agent model list",
                )
            # The one that was used last: its memory is still in the processor's cache.
            return self._idle.pop()

    def _give_back(self, network: Runnable) -> None:
        with self._freed:
            self._idle.append(network)
            self._freed.notify()


def _empty(slot: Slot) -> Raw:
    return np.zeros(slot.shape, slot.dtype)
