"""What the center switched off stays off, for as long as it said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.daemon.switches import Kind, Off, SwitchedRule, Switches
from edge_agent.domain.sighting import Finding, Scene
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_off_is_off_after_a_restart_and_nothing_else_is(tmp_path: Path) -> None:
    clock, file = FakeClock(), tmp_path / "switches.json"
    Switches(file, clock.wall).switch(Off(Kind.RULE, "gate", "loud"), on=False)

    again = Switches(file, clock.wall)

    assert not again.is_on(Kind.RULE, "gate", "loud")
    assert again.is_on(Kind.MASK, "gate", "loud")
    assert again.is_on(Kind.RULE, "yard", "loud")
    again.switch(Off(Kind.RULE, "gate", "loud"), on=True)
    assert Switches(file, clock.wall).off() == ()


def test_what_is_off_for_an_hour_is_on_after_it(tmp_path: Path) -> None:
    clock = FakeClock()
    switches = Switches(tmp_path / "switches.json", clock.wall)
    switches.switch(Off(Kind.MASK, "gate", "window", clock.wall() + 3600), on=False)
    assert "until 2026" in str(switches.off()[0])

    clock.advance(3600)

    assert switches.is_on(Kind.MASK, "gate", "window")


@pytest.mark.parametrize("text", ["", "[", "[1]", '[{"kind": "x"}]', "{}", "[" * 100_000])
def test_a_file_that_nobody_can_read_switches_nothing_off(tmp_path: Path, text: str) -> None:
    file = tmp_path / "switches.json"
    file.write_text(text)

    assert Switches(file, FakeClock().wall).off() == ()


class Teller:
    """A rule that tells what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def judge(self, scene: Scene) -> list[Finding]:
        self.asked.append(f"judge {scene.taken_at:g}")
        return []

    def finish(self) -> list[Finding]:
        self.asked.append("finish")
        return []


def test_a_rule_that_is_switched_off_ends_what_it_told_and_is_not_asked_again() -> None:
    rule, on = Teller(), [True]
    switched = SwitchedRule(rule, lambda: on[0])

    for at, is_on in enumerate((True, False, False, True)):
        on[0] = is_on
        switched.judge(Scene(float(at), ()))

    assert rule.asked == ["judge 0", "finish", "judge 3"]
