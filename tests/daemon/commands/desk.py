"""The real desk with a real memory, on a clock that stands still; the broker takes everything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from edge_agent.contract.body import split
from edge_agent.daemon.commands.answer import Answer, Order, done
from edge_agent.daemon.commands.courier import Courier
from edge_agent.daemon.commands.desk import Desk, Whose
from edge_agent.daemon.commands.memory import Memory
from edge_agent.runtime.stop import Stop
from tests.fakes.box import a_known_seal
from tests.fakes.center_key import CenterKey
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_agent.mqtt.message import Message

SESSION = 1_795_000_000


class Shelf:
    """A broker: keeps what it is given while it is there, and says so at once."""

    def __init__(self) -> None:
        self.is_there = True
        self.took: list[Message] = []

    def say(self, message: Message, on_taken: Callable[[], None]) -> bool:
        if self.is_there:
            self.took.append(message)
            on_taken()
        return self.is_there

    def connection(self) -> int | None:
        return 1 if self.is_there else None


class Counted:
    """A verb that counts how often it was asked to act."""

    def __init__(self, name: str = "ping") -> None:
        self.name = name
        self.acts = 0

    def act(self, order: Order) -> Answer:
        self.acts += 1
        return done(args=dict(order.command.args))


class Office:
    """One box's desk. `open` again is another start of the agent."""

    def __init__(self, folder: Path, *verbs: Any, allowed: tuple[str, ...] = ("ping",)) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.key = CenterKey()
        self.shelf = Shelf()
        self.verb = Counted()
        self.verbs = [self.verb, *verbs]
        self.allowed = allowed
        self.session = SESSION
        self._seal = a_known_seal(folder)
        self._starts = 0
        self.memory: Memory
        self.open()

    def open(self) -> Desk:
        self._starts += 1
        self.memory = Memory(self.folder / "commands.sqlite")
        whose = Whose(
            site="palembang",
            box="plaju-01",
            keys=(self.key.public,),
            allowed=self.allowed,
            topic="res",
        )
        self.desk = Desk(
            whose=whose,
            verbs=self.verbs,
            memory=self.memory,
            courier=Courier(self.memory, self.shelf, self.clock),
            signer=self._seal,
            session=lambda: self.session,
            start=str(self._starts),
            clock=self.clock,
            stop=Stop(),
        )
        self.desk._open()
        return self.desk

    def reopen(self) -> None:
        self.memory.close()
        self.open()

    def give(self, payload: bytes) -> None:
        self.desk.take(payload)
        self.desk.run_once()

    def ask(self, verb: str = "ping", **other: Any) -> dict[str, Any]:
        """Give a command and return the answer to it."""
        self.give(self.key.command(verb, **other))
        return self.answers()[-1]

    def answers(self) -> list[dict[str, Any]]:
        return [json.loads(split(one.payload)[0]) for one in self.shelf.took if one.topic == "res"]
