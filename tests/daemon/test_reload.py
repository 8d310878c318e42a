"""The reload itself, beside parts that say what they are told; the whole of it is in the journeys."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from edge_agent.config.load import load_settings
from edge_agent.daemon.proposal import Proposal
from edge_agent.daemon.reload import Reload, Running
from edge_agent.errors import EdgeAgentError
from tests.config.sites import SHORTEST, write_site
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path


class Box:
    """A reload, and what it made the agent do."""

    def __init__(self, folder: Path) -> None:
        self.folder = write_site(folder)
        self.said: list[str] = []
        self.failure: EdgeAgentError | None = None
        self.proposal = Proposal(folder)
        self.problem = ""
        running = SimpleNamespace(
            assembly=SimpleNamespace(settle=self._note("assembly")),
            cameras=SimpleNamespace(now=(), settle=self._note("cameras"), turn=self._turn),
            mirrors=SimpleNamespace(settle=self._note("mirrors")),
            refind=SimpleNamespace(settings_of=lambda _: None, look_after=lambda _: False),
            renew=SimpleNamespace(settle=self._note("renew")),
            reporter=SimpleNamespace(settle=self._settle, line=lambda: "", files_read=0),
            health=SimpleNamespace(place=None),
            call_broker=self._note("broker"),
            tell_desk=lambda _, then: then(),
            need=self._note("need"),
            restart=self._note("restart"),
        )
        settings = load_settings(folder)
        self.reload = Reload(settings, cast("Running", running), self.proposal, FakeClock())

    def _note(self, what: str) -> Any:
        return lambda *_: self.said.append(what)

    def _turn(self) -> bool:
        if self.failure:
            raise self.failure
        return False

    def _settle(self, _settings: object, _cameras: object, problem: str) -> None:
        self.problem = problem


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_nothing_is_read_until_somebody_asks(box: Box) -> None:
    (box.folder / "agent.toml").write_text("wrong\n")

    box.reload.turn()

    assert (box.said, box.problem) == ([], "")


def test_the_broker_is_left_alone_where_it_is_the_same(box: Box) -> None:
    write_site(box.folder, SHORTEST + '[place]\nname = "Plaju"\n')

    box.reload.ask()
    box.reload.turn()

    assert box.said == ["assembly", "mirrors", "cameras"]


def test_another_certificate_under_the_old_name_is_another_way_in(box: Box) -> None:
    (box.folder / "ca.pem").write_text("old")
    write_site(box.folder, SHORTEST + 'ca_file = "ca.pem"\n')
    box.reload.ask()
    box.reload.turn()
    box.said.clear()

    (box.folder / "ca.pem").write_text("new")
    box.reload.ask()
    box.reload.turn()

    assert "broker" in box.said


def test_while_a_configuration_is_on_trial_nobody_else_s_counts(box: Box) -> None:
    box.proposal.begin("7", 60.0, {"agent.toml": (SHORTEST + "# center\n").encode()})

    box.reload.ask()
    box.reload.turn()
    assert (box.said, "on trial" in box.problem) == ([], True)

    box.reload.insist()
    box.reload.turn()
    assert box.proposal.on_trial is not None
    assert "cameras" in box.said


def test_what_was_taken_up_is_put_back_by_the_next_start_after_a_kill(box: Box) -> None:
    before = (box.folder / "agent.toml").read_text()
    box.proposal.begin("7", 60.0, {"agent.toml": (SHORTEST + "# center\n").encode()})
    box.reload.insist()
    box.reload.turn()
    box.proposal._let_go()

    Proposal(box.folder).start()

    assert (box.folder / "agent.toml").read_text() == before


def test_a_proposal_that_only_a_start_can_take_in_is_left_to_one(box: Box) -> None:
    text = SHORTEST + "[objects]\nthreads = 2\n"
    box.proposal.begin("7", 60.0, {"agent.toml": text.encode()})

    box.reload.insist()
    box.reload.turn()

    assert box.said == ["restart"]
    journal = box.proposal.journal()
    assert journal
    assert journal.starts == 0


def test_what_the_box_cannot_do_while_it_runs_is_left_to_a_start(box: Box) -> None:
    box.failure = EdgeAgentError("no network more can be opened")

    box.reload.turn()

    assert box.said == ["restart"]
