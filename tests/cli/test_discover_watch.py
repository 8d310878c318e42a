"""`discover --watch`: what a technician sees while cameras are plugged in and out."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from edge_agent.cli.console import Console
from edge_agent.cli.discover_table import Row
from edge_agent.cli.discover_watch import Watch
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.runtime.stop import Stop
from tests.fakes.clock import FakeClock

GATE = Row(
    name="gate", address=Address("10.0.0.5"), endpoint="urn:uuid:1", status="ready", configured=""
)
HALL = replace(GATE, name="hall", address=Address("10.0.0.6"), endpoint="urn:uuid:2")
Round = Sequence[Row] | BaseException


def watched(*rounds: Round, is_json: bool = False) -> tuple[str, Watch]:
    """Let these rounds happen, each as long as a round takes, and return what was said."""
    out = io.StringIO()
    clock, stop = FakeClock(), Stop()
    watch = Watch(Console(out, is_terminal=False), clock, is_json)
    watch.go_round(_player(rounds, clock, stop), stop)
    return out.getvalue(), watch


def _player(rounds: Sequence[Round], clock: FakeClock, stop: Stop) -> Callable[[], Sequence[Row]]:
    left = list(rounds)

    def ask() -> Sequence[Row]:
        clock.advance(6.0)
        this = left.pop(0)
        if not left:
            stop.tell()
        if isinstance(this, BaseException):
            raise this
        return this

    return ask


def news(out: str) -> list[tuple[str, str]]:
    """Return what happened to whom, line by line."""
    return [(words[1], words[2]) for words in map(str.split, out.splitlines())]


def test_a_camera_is_told_when_it_comes_and_not_again() -> None:
    out, watch = watched([GATE], [GATE, HALL], [HALL, GATE])

    assert news(out) == [("new", "10.0.0.5"), ("new", "10.0.0.6")]
    assert watch.has_found


def test_a_camera_that_was_added_meanwhile_has_changed() -> None:
    out, _ = watched([GATE], [replace(GATE, configured="gate-1")])

    assert news(out)[1] == ("changed", "10.0.0.5")
    assert "known as gate-1" in out.splitlines()[1]


def test_a_camera_that_moves_has_changed_and_is_not_gone() -> None:
    out, _ = watched([GATE], [replace(GATE, address=Address("10.0.0.77"))], [])

    assert news(out) == [("new", "10.0.0.5"), ("changed", "10.0.0.77")]


def test_one_lost_answer_is_no_lost_camera() -> None:
    out, _ = watched([GATE], [], [GATE], [], [GATE])

    assert news(out) == [("new", "10.0.0.5")]


def test_a_camera_not_heard_twice_is_gone_and_may_come_back() -> None:
    out, _ = watched([GATE, HALL], [HALL], [HALL], [GATE, HALL])

    assert news(out)[2:] == [("gone", "10.0.0.5"), ("new", "10.0.0.5")]


def test_a_cable_that_is_out_is_said_once_and_does_not_end_the_watch() -> None:
    out = EdgeAgentError("cannot ask the network: Network is unreachable", hint="plug it in")

    said, _ = watched(out, out, [GATE])

    assert said.count("Network is unreachable") == 1
    assert said.splitlines()[-1].endswith("ready  gate")


def test_what_the_name_says_is_not_said_again() -> None:
    out, _ = watched([replace(GATE, name="ACME D1", maker="ACME", model="D1")])

    assert out.rstrip().endswith("ready  ACME D1")


def test_ctrl_c_ends_the_watch_in_good_order() -> None:
    out, watch = watched([GATE], KeyboardInterrupt())

    assert news(out) == [("new", "10.0.0.5")]
    assert watch.has_found


def test_programs_get_one_json_object_a_line() -> None:
    trouble = EdgeAgentError("cannot ask the network: no", hint="plug it in")

    said, _ = watched([GATE], trouble, [], is_json=True)

    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["news"] for line in lines] == ["new", "problem", "gone"]
    assert lines[0]["host"] == "10.0.0.5"
    assert lines[1]["next"] == "plug it in"
    assert all(line["at"].endswith("+00:00") for line in lines)


@pytest.mark.parametrize("is_json", [False, True])
def test_nobody_is_no_news(*, is_json: bool) -> None:
    said, watch = watched([], [], is_json=is_json)

    assert said == ""
    assert not watch.has_found
