"""What the desk takes, refuses, remembers and answers."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from edge_agent.contract.command import Result
from edge_agent.daemon.commands import memory as memory_module
from edge_agent.daemon.commands.answer import Answer, Order, done
from tests.daemon.commands.desk import Counted, Office, Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_agent.mqtt.message import Message

NOW = 1_795_000_000.0


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.memory.close()


@pytest.mark.parametrize(
    ("times", "why"),
    [
        ({"time": NOW - 120, "expires": NOW - 1}, "it has expired"),
        ({"time": NOW + 301, "expires": NOW + 400}, "from the future"),
        ({"time": NOW, "expires": NOW + 86_401}, "within 24 hours"),
        ({"time": NOW, "expires": NOW - 10}, "expire after its time"),
        ({"session": 5}, "an earlier start"),
    ],
)
def test_a_command_is_for_its_time(office: Office, times: dict[str, Any], why: str) -> None:
    answer = office.ask(**times)

    assert answer["result"] == "refused"
    assert why in answer["reason"]
    assert office.verb.acts == 0


def test_a_box_whose_clock_is_wrong_goes_by_the_session(office: Office) -> None:
    office.clock.is_synced = False
    office.clock.jump_wall(-NOW)

    without = office.ask()
    of_this_start = office.ask(session=office.session)

    assert "name the session" in without["reason"]
    assert of_this_start["result"] == "done"


def test_the_same_command_is_done_once_also_after_a_restart(office: Office) -> None:
    payload = office.key.command()
    office.give(payload)
    office.give(payload)
    office.reopen()
    office.give(payload)

    assert office.verb.acts == 1
    assert [one["result"] for one in office.answers()] == ["done"] * 3


def test_a_recorded_command_does_not_make_a_box_talk(office: Office) -> None:
    payload = office.key.command()
    for _ in range(20):
        office.give(payload)

    assert len(office.answers()) == 2
    assert office.desk.refused == 18


def test_another_command_with_the_same_id_is_refused(office: Office) -> None:
    same = str(uuid.uuid4())
    office.ask(id=same)

    answer = office.ask(id=same, args={"x": 1})

    assert (answer["result"], office.verb.acts) == ("refused", 1)


def test_what_the_agent_died_over_is_not_tried_again(office: Office) -> None:
    class Killer:
        name = "killer"

        def act(self, order: Order) -> Answer:
            raise KeyError(order.command.id)

    office.verbs.append(Killer())
    office.allowed = ("killer",)
    office.reopen()
    payload = office.key.command("killer")
    with pytest.raises(KeyError):
        office.give(payload)

    office.reopen()
    office.desk.run_once()
    office.give(payload)

    assert [one["result"] for one in office.answers()] == ["failed", "failed"]
    assert "not tried again" in office.answers()[0]["reason"]


def test_what_was_accepted_is_concluded_after_the_restart(office: Office) -> None:
    class Slow(Counted):
        def act(self, order: Order) -> Answer:
            super().act(order)
            return Answer(Result.ACCEPTED, then=lambda: None)

        def conclude(self, order: Order) -> Answer | None:
            return done("at last") if order.is_of_an_earlier_start else None

    slow = Slow("slow")
    office.verbs.append(slow)
    office.allowed = ("slow",)
    office.reopen()
    office.give(office.key.command("slow"))
    office.desk.run_once()

    office.reopen()
    office.desk.run_once()

    assert [one["result"] for one in office.answers()] == ["accepted", "done"]
    assert slow.acts == 1


def test_answers_wait_for_the_broker_over_a_restart(office: Office) -> None:
    office.shelf.is_there = False
    office.give(office.key.command())
    office.reopen()

    office.shelf.is_there = True
    office.desk.run_once()

    assert [one["result"] for one in office.answers()] == ["done"]


def test_too_many_at_once_are_passed_over_and_counted(office: Office) -> None:
    for _ in range(40):
        office.give(office.key.command())

    assert office.verb.acts == 30
    assert office.desk.refused == 10

    office.clock.advance(4)
    for _ in range(3):
        office.give(office.key.command())
    assert office.verb.acts == 32


def test_what_was_forgotten_is_not_done_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_module, "MOST_REMEMBERED", 3)
    first = office.key.command()
    office.give(first)
    office.clock.advance(61)
    for _ in range(3):
        office.give(office.key.command(time=NOW + 61, expires=NOW + 120))
    assert office.verb.acts == 4
    # The clock goes back: the first command looks fresh again.
    office.clock.jump_wall(-61)
    monkeypatch.setattr(memory_module, "MOST_REMEMBERED", 9)

    office.give(first)

    assert office.verb.acts == 4
    assert "older than what this box remembers" in office.answers()[-1]["reason"]


def test_no_command_is_forgotten_in_its_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_module, "MOST_REMEMBERED", 3)

    for _ in range(5):
        office.give(office.key.command())

    assert (office.verb.acts, office.desk.refused) == (3, 2)


def test_a_damaged_memory_believes_nothing_that_was_said_before(office: Office) -> None:
    payload = office.key.command()
    office.give(payload)
    office.memory.close()
    (office.folder / "commands.sqlite").write_bytes(b"not a database at all" * 500)
    for suffix in ("-wal", "-shm"):
        (office.folder / f"commands.sqlite{suffix}").unlink(missing_ok=True)
    office.clock.advance(5)

    office.open()
    office.give(payload)
    office.give(office.key.command(time=NOW + 6))

    assert office.verb.acts == 2


def test_an_answer_that_is_too_large_says_so(office: Office) -> None:
    class Talker:
        name = "talker"

        def act(self, order: Order) -> Answer:
            return done(text=order.command.id * 5_000)

    office.verbs.append(Talker())
    office.allowed = ("talker",)
    office.reopen()

    answer = office.ask("talker")

    assert (answer["result"], answer["data"]) == ("failed", {})


def test_a_box_that_cannot_remember_takes_nothing_and_tries_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    office = Office(tmp_path)
    office.memory.close()
    file = tmp_path / "commands.sqlite"
    for one in tmp_path.glob("commands.sqlite*"):
        one.unlink()
    file.mkdir()
    office.desk._is_open = False

    office.desk.take(office.key.command())
    office.desk.run_once()
    assert "no commands are taken" in caplog.text
    file.rmdir()
    office.desk.run_once()

    assert office.verb.acts == 1
    office.memory.close()


def test_of_what_lasts_only_so_many_are_under_way_at_once(office: Office) -> None:
    class Endless(Counted):
        def act(self, order: Order) -> Answer:
            super().act(order)
            return Answer(Result.ACCEPTED, then=lambda: None)

        def conclude(self, order: Order) -> Answer | None:  # noqa: ARG002 (as a verb that lasts has it)
            return None

    endless = Endless("endless")
    office.verbs.append(endless)
    office.allowed = ("endless",)
    office.reopen()

    for _ in range(memory_module.MOST_OPEN + 3):
        office.give(office.key.command("endless"))

    assert endless.acts == memory_module.MOST_OPEN
    assert office.desk.refused == 3


def test_an_answer_that_the_publisher_did_not_take_goes_with_the_next_round(
    office: Office,
) -> None:
    class Blinking(Shelf):
        """A connection that is lost between the question for it and the first answer."""

        def say(self, message: Message, on_taken: Callable[[], None]) -> bool:
            self.is_there, is_first = True, not self.is_there
            return not is_first and super().say(message, on_taken)

        def connection(self) -> int | None:
            return 1

    office.shelf = Blinking()
    office.shelf.is_there = False
    office.reopen()

    office.give(office.key.command())
    assert office.answers() == []
    office.desk.run_once()

    assert [one["result"] for one in office.answers()] == ["done"]
