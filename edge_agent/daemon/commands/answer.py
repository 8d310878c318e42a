"""What a verb is given, and what it says. A verb that is to be added needs nothing but this file."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, runtime_checkable

from edge_agent.contract.command import Command, Result
from edge_agent.errors import EdgeAgentError

T = TypeVar("T")

# A reason is a sentence for a person at the center, not a log.
_LONGEST_REASON = 2_000
_NOT_A_WORD = re.compile(r"[^ -~\u00a0-\ud7ff\ue000-\ufffd\n]")


class RefusedError(Exception):
    """A command that is not carried out. Its words are for the center: nobody here can act on them."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A picture that goes to the center before the response that names it."""

    topic: str
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verb says of a command."""

    result: Result
    reason: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
    enclosure: Enclosure | None = None
    # Of `accepted`: what to do after that was said; what it returns is the next answer, and None
    # means that `conclude` will say it.
    then: "Callable[[], Answer | None] | None" = None

    @property
    def words(self) -> str:
        """The reason as it may be logged and sent: printable, and not endless."""
        return _NOT_A_WORD.sub("?", self.reason)[:_LONGEST_REASON]


def done(reason: str = "", **data: object) -> Answer:
    """Return the answer of what was done."""
    return Answer(Result.DONE, reason, data)


def failed(reason: str, **data: object) -> Answer:
    """Return the answer of what was tried in vain."""
    return Answer(Result.FAILED, reason, data)


def refused(reason: str, **data: object) -> Answer:
    """Return the answer of what is not tried."""
    return Answer(Result.REFUSED, reason, data)


class Order(Protocol):
    """One command on the desk."""

    @property
    def command(self) -> Command:
        """What was asked."""
        ...

    @property
    def is_of_an_earlier_start(self) -> bool:
        """Whether the agent has been started since it took this command."""
        ...

    @property
    def is_heard(self) -> bool:
        """Whether the broker has every response to it."""
        ...

    def say(self, answer: Answer) -> None:
        """Send a response that is not the end of it."""
        ...


class Verb(Protocol):
    """One thing that the center may ask for."""

    @property
    def name(self) -> str:
        """The verb, as commands and the allow-list have it."""
        ...

    def act(self, order: Order) -> Answer:
        """Do it. Raises RefusedError before anything has changed, EdgeAgentError where it fails.

        Never called twice for one command, whatever is killed or sent again.
        """
        ...


@runtime_checkable
class Lasting(Verb, Protocol):
    """A verb that says `accepted` first, and the end of it later, perhaps after a restart."""

    def conclude(self, order: Order) -> Answer | None:
        """Return how it ended; None while nobody knows. Asked again and again, also after a start."""
        ...


def tried(work: Callable[[], T]) -> T | Answer:
    """Return what a verb says, or that it refused or could not."""
    try:
        return work()
    except RefusedError as refusal:
        return refused(str(refusal))
    except EdgeAgentError as failure:
        return failed(failure.report())
