"""Many are asked at once; whoever does not come to an end is told, and nobody waits for him."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pytest

from edge_agent.cli.check_crew import Crew
from edge_agent.cli.check_facts import Fact
from edge_agent.runtime.stop import Stop


@dataclass(frozen=True)
class _Asked:
    """Answers once `may` is told, or when it is told to stop."""

    part: str
    may: Stop = field(default_factory=Stop)
    label: str = "port"

    def ask(self, stop: Stop) -> list[Fact]:
        while not self.may.wait(0.01) and not stop.is_told:
            pass
        return [Fact(self.part, self.label, ok=True, what="here")]


@dataclass(frozen=True)
class _Broken:
    part: str = "gate"
    label: str = "port"

    def ask(self, _stop: Stop) -> list[Fact]:
        raise ZeroDivisionError


def test_a_slow_one_holds_nobody_up() -> None:
    slow, fast = _Asked("gate"), _Asked("yard")
    fast.may.tell()

    with Crew([slow, fast], deadline_s=30) as crew:
        assert crew.facts_of(1)[0].part == "yard"
        slow.may.tell()
        assert crew.facts_of(0)[0].part == "gate"

    assert not crew.is_at_work


def test_who_comes_to_no_end_is_told() -> None:
    with Crew([_Asked("gate")], deadline_s=0.0) as crew:
        (fact,) = crew.facts_of(0)

    assert (fact.part, fact.step, fact.ok) == ("gate", "port", False)
    assert fact.what == "came to no end within 0 s"
    assert fact.hint
    assert not crew.is_at_work


def test_a_street_that_comes_to_no_end_is_waited_for_once() -> None:
    street = [_Asked(f"gate-{number}") for number in range(40)]
    began_mono = time.monotonic()

    with Crew(street, deadline_s=0.0) as crew:
        late = [crew.facts_of(number)[0].ok for number in range(40)]

    assert late == [False] * 40
    assert time.monotonic() - began_mono < 4


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), Crew([_Broken()], deadline_s=30) as crew:
        crew.facts_of(0)
