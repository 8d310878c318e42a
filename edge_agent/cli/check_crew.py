"""Ask many at the same time: a street of dead cameras must not take minutes.

The main thread only waits, so that Ctrl-C is heard: PyAV loses it on the thread that opens a
stream.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from edge_agent.cli.check_facts import Fact, wrong
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker

# Two questions for each of eight cameras; most of the time all of them wait.
MOST_AT_ONCE = 16
_TURN_S = 0.2
# What is asked hears of the end within half a second, but for a stream that opens or a name that
# is looked up: those have deadlines of their own, and nobody waits for them here.
_JOIN_S = 1.0


class Question(Protocol):
    """What one thread asks, from the first rung up."""

    @property
    def part(self) -> str:
        """The camera, or the part of the box."""
        ...

    @property
    def label(self) -> str:
        """What is asked about: a step's name."""
        ...

    def ask(self, stop: Stop) -> list[Fact]:
        """Return the facts; soon after `stop` is told those so far."""
        ...


@dataclass(frozen=True, slots=True)
class _Answered:
    number: int
    facts: list[Fact]


class Crew:
    """Asks inside `with`; every thread has ended, or soon will, when that is left."""

    def __init__(self, questions: Sequence[Question], deadline_s: float) -> None:
        self._questions = questions
        self._deadline_s = deadline_s
        self._ends_mono = time.monotonic() + deadline_s
        self._stop = Stop()
        self._jobs: Mailbox[int] = Mailbox(max(1, len(questions)))
        self._done: Mailbox[_Answered] = Mailbox(max(1, len(questions)))
        self._answers: dict[int, list[Fact]] = {}
        self._workers = [
            Worker(f"check {number + 1}", self._work, on_failure=self._stop.tell)
            for number in range(min(MOST_AT_ONCE, len(questions)))
        ]

    def __enter__(self) -> Self:
        for number in range(len(self._questions)):
            self._jobs.put(number)
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.tell()
        ends_mono = time.monotonic() + _JOIN_S
        for worker in self._workers:
            worker.join(max(0.0, ends_mono - time.monotonic()))

    @property
    def is_at_work(self) -> bool:
        """Whether a thread has not ended yet."""
        return any(worker.is_alive for worker in self._workers)

    def facts_of(self, number: int) -> list[Fact]:
        """Wait for the answer to one question; past the deadline the answer is that there is none."""
        while number not in self._answers:
            # All that are late share one deadline: it is not waited for once more for each.
            is_late = time.monotonic() > self._ends_mono
            answered = self._done.get(0 if is_late else _TURN_S)
            if answered:
                self._answers[answered.number] = answered.facts
            elif self._stop.is_told:
                self._raise_defect()
            elif is_late:
                return [self._late(self._questions[number])]
        return self._answers[number]

    def _late(self, question: Question) -> Fact:
        return wrong(
            question.part,
            question.label,
            EdgeAgentError(
                f"came to no end within {self._deadline_s:g} s",
                hint="check the network and the name server of this box, and check this one alone",
            ),
        )

    def _work(self) -> None:
        while not self._stop.is_told and (number := self._jobs.get(0)) is not None:
            self._done.put(_Answered(number, self._questions[number].ask(self._stop)))

    def _raise_defect(self) -> None:
        for worker in self._workers:
            if worker.failure:
                raise worker.failure
