"""Whether the clock is synchronised, asked of another program: answers, silence, and how often."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from edge_agent.runtime import timedate
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.timedate import Timedate

if TYPE_CHECKING:
    from pathlib import Path


def now(ahead_s: float = 0.0) -> float:
    return time.monotonic() + 1_000_000.0 + ahead_s


@pytest.mark.parametrize("answer", ["yes", "no", ""])
def test_the_answer_is_believed(answer: str) -> None:
    assert Timedate(["/bin/echo", answer]).is_synced(now()) is (answer == "yes")


@pytest.mark.parametrize(
    "question", [["/nowhere/timedatectl"], ["/bin/sh", "-c", "echo yes; false"]]
)
def test_who_cannot_be_asked_synchronises_nothing(question: list[str]) -> None:
    assert not Timedate(question).is_synced(now())


def test_an_answer_holds_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, asked = tmp_path / "answer", tmp_path / "asked"
    answer.write_text("no")
    told = Timedate(["/bin/sh", "-c", f"echo x >>{asked}; cat {answer}"])

    assert not told.is_synced(now())
    answer.write_text("yes")
    assert not told.is_synced(now())
    assert asked.read_text() == "x\n"

    monkeypatch.setattr(timedate, "HOLDS_S", 0.0)
    assert told.is_synced(now())


def test_a_clock_that_was_set_is_asked_about_at_once(tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    answer.write_text("no")
    told = Timedate(["/bin/cat", str(answer)])
    assert not told.is_synced(now())

    answer.write_text("yes")

    assert told.is_synced(now(ahead_s=3600.0))


def test_only_one_waits_for_an_answer_that_does_not_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, end = tmp_path / "late", tmp_path / "end"
    script = f"[ -e {late} ] || exec echo yes; until [ -e {end} ]; do sleep 0.05; done; echo no"
    told = Timedate(["/bin/sh", "-c", script])
    assert told.is_synced(now())
    late.touch()
    monkeypatch.setattr(timedate, "HOLDS_S", 0.0)
    monkeypatch.setattr(timedate, "PATIENCE_S", 0.2)

    began = time.monotonic()
    answers = [told.is_synced(now()) for _ in range(50)]

    assert all(answers)
    assert time.monotonic() - began < 50 * 0.2
    end.touch()
    while told.is_synced(now()):
        Stop().wait(0.02)
