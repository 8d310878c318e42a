"""What the center is told of a configuration in the end, wherever the agent was killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.config.load import load_settings
from edge_agent.daemon.commands.config_get import hash_of
from edge_agent.daemon.commands.config_propose import ConfigPropose
from edge_agent.daemon.commands.memory import MOST_WAITING
from edge_agent.daemon.proposal import Proposal
from tests.config.sites import SHORTEST, write_site
from tests.daemon.commands.desk import Office, Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_agent.mqtt.message import Message

NEW = f"# from the center\n{SHORTEST}"


class KilledError(BaseException):
    """The end of the agent, in the middle of what it does."""


class Deadly(Shelf):
    """A broker that is never reached: the agent is killed on the way."""

    def say(self, message: Message, on_taken: Callable[[], None]) -> bool:
        raise KilledError(message.topic, on_taken)


class Box:
    """A configuration, and a desk that takes proposals for it. `start` is another agent."""

    def __init__(self, folder: Path) -> None:
        self.folder = write_site(folder)
        self.office = Office(folder, allowed=("config_propose",))
        self.proposal: Proposal
        self.start()

    def start(self) -> None:
        if hasattr(self, "proposal"):
            self.proposal._let_go()  # as the kernel does
        self.proposal = Proposal(self.folder)
        self.proposal.start()
        settings = load_settings(self.folder)
        self.office.verbs = [
            ConfigPropose(
                settings, self.proposal, lambda: None, self.office.clock, may_change_trust=False
            )
        ]
        self.office.reopen()

    def propose(self, text: str = NEW) -> bytes:
        base = {"agent.toml": hash_of((self.folder / "agent.toml").read_bytes())}
        args = {"files": {"agent.toml": text}, "base": base}
        return self.office.key.command("config_propose", args=args)

    def told(self) -> list[str]:
        self.office.desk.run_once()
        return [f"{one['result']}: {one['reason']}" for one in self.office.answers()]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path)
    yield box
    box.office.memory.close()
    box.proposal._let_go()


def test_what_was_never_tried_is_not_said_to_work(box: Box) -> None:
    box.office.shelf = Deadly()
    box.start()
    # `accepted` is on the disk, and on its way to the broker.
    with pytest.raises(KilledError):
        box.office.give(box.propose())

    box.office.shelf = Shelf()
    box.start()

    assert box.told()[-1] == "failed: the agent ended before it was tried; nothing has changed"
    assert (box.folder / "agent.toml").read_text() == SHORTEST


def test_what_was_confirmed_is_said_to_work_by_the_next_start(box: Box) -> None:
    box.office.give(box.propose())
    box.start()
    box.proposal.confirm()

    box.start()

    assert box.told()[-1] == "done: confirmed"
    assert (box.folder / "agent.toml").read_text() == NEW


def test_a_kill_while_it_is_confirmed_puts_the_old_one_back(box: Box) -> None:
    box.office.give(box.propose())
    box.start()
    journal = (box.folder / ".proposal/journal.json").read_bytes()
    box.proposal.confirm()
    # The word of its end is on the disk, the journal is still there.
    (box.folder / ".proposal/previous").rename(box.folder / ".proposal/before")
    (box.folder / ".proposal/journal.json").write_bytes(journal)

    box.start()

    assert box.told()[-1].startswith("failed: the old configuration is back: ")
    assert (box.folder / "agent.toml").read_text() == SHORTEST


def test_the_next_proposal_does_not_take_the_place_of_the_end_of_the_one_before(box: Box) -> None:
    box.office.give(box.propose())
    box.start()
    box.proposal.confirm()
    box.start()

    box.office.give(box.propose(f"# again\n{NEW}"))

    results = [one["result"] for one in box.office.answers()]
    assert results[-2:] == ["done", "accepted"]


def test_another_agents_trial_on_the_same_folder_is_waited_for(box: Box) -> None:
    box.office.give(box.propose())
    running = box.proposal
    box.proposal = Proposal(box.folder)
    box.start()

    assert [one.partition(":")[0] for one in box.told()] == ["accepted"]
    running._let_go()


def test_what_was_given_up_was_not_heard(box: Box) -> None:
    box.office.give(box.propose())
    box.office.shelf.is_there = False
    box.start()
    # Nobody takes our answers, and one crowds out the other.
    for _ in range(MOST_WAITING + 8):
        box.office.clock.advance(2)
        box.office.give(box.office.key.command(time=box.office.clock.wall()))

    assert (box.folder / ".proposal/journal.json").exists()

    box.office.shelf.is_there = True
    for _ in range(3):
        box.told()
    ended = box.proposal.ended()
    assert ended
    assert ended.why == ""
    assert (box.folder / "agent.toml").read_text() == NEW
