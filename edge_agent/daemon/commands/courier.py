"""Brings what waits in the memory to the broker, again after each lost connection, until it has it."""

from collections.abc import Callable
from typing import Protocol

from edge_agent.daemon.commands.memory import Memory, Outgoing
from edge_agent.mqtt.message import Message
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.mailbox import Mailbox

# Under way at once, and for how long before it is sent anew on the same connection.
_AT_ONCE = 8
_AGAIN_S = 30.0
_MOST_TAKEN = 64
_PICTURE = "image/jpeg"


class Broker(Protocol):
    """The way to the broker (daemon/publish_loop.py)."""

    def say(self, message: Message, on_taken: Callable[[], None]) -> bool:
        """Send it; False where nobody would get it now. `on_taken` comes on another thread."""
        ...

    def connection(self) -> int | None:
        """Return which connection this is, counted from the start; None while there is none."""
        ...


class Courier:
    """Used by one thread; the broker's word comes from another."""

    def __init__(self, memory: Memory, broker: Broker, clock: Clock) -> None:
        self._memory = memory
        self._broker = broker
        self._clock = clock
        self._connection: int | None = None
        # By number, and when it was given to the publisher.
        self._under_way: dict[int, float] = {}
        self._taken: Mailbox[int] = Mailbox(_MOST_TAKEN)

    def run_once(self) -> None:
        """Take in what the broker has, and send what it has not."""
        while (number := self._taken.get(0.0)) is not None:
            self._under_way.pop(number, None)
            self._memory.sent(number)
        connection = self._broker.connection()
        if connection != self._connection:
            self._connection = connection
            self._under_way.clear()
        if connection is None:
            return
        now = self._clock.mono()
        for one in self._memory.waiting(_AT_ONCE):
            is_due = now - self._under_way.get(one.number, now - _AGAIN_S) >= _AGAIN_S
            if is_due and self._send(one):
                self._under_way[one.number] = now

    def _send(self, one: Outgoing) -> bool:
        message = Message(
            topic=one.topic,
            payload=one.payload,
            content_type=one.content_type,
            is_text=one.content_type != _PICTURE,
            correlation=one.correlation,
        )
        return self._broker.say(message, lambda: self._taken.put(one.number))
