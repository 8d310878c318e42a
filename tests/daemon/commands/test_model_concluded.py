"""What the center is told of a model in the end."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.config.load import load_settings
from edge_agent.contract import read_command
from edge_agent.contract.body import parse, split
from edge_agent.daemon.commands.answer import RefusedError
from edge_agent.daemon.commands.model_install import ModelInstall
from edge_agent.errors import EdgeAgentError
from edge_agent.packs.choice import Choice
from edge_agent.packs.options import PackOptions
from edge_agent.packs.store import Store
from edge_agent.runtime.stop import Stop
from edge_agent.wire.web_line import Patience
from tests.config.sites import write_site
from tests.fakes.center_key import CenterKey
from tests.fakes.clock import FakeClock
from tests.peers import dripping
from tests.peers.dripping import DrippingServer

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.contract import Command
    from edge_agent.daemon.commands.answer import Answer

NAME = "street-9.9.9"


@dataclass
class Earlier:
    """An order that an earlier start took."""

    command: Command
    is_of_an_earlier_start: bool = True
    is_heard: bool = True

    def say(self, answer: Answer) -> None:
        raise AssertionError(answer)


@pytest.mark.parametrize(
    ("choice", "waited_s", "told"),
    [
        (Choice(wanted=NAME, good="", starts=1), 0, None),
        (Choice(wanted=NAME, good=NAME), 0, ("done", True)),
        (Choice(wanted=NAME, good="", starts=1), 901, ("done", False)),
        (Choice(failed=NAME, failure="no answer"), 0, ("failed", None)),
        (Choice(wanted="other", good="other"), 0, ("failed", None)),
    ],
)
def test_a_model_is_done_when_it_is_proven(
    tmp_path: Path, choice: Choice, waited_s: float, told: tuple[str, bool | None] | None
) -> None:
    payload = CenterKey().command("model_install")
    command = read_command(parse(split(payload)[0]) or {})
    assert command
    clock, settings = FakeClock(), load_settings(write_site(tmp_path))
    settings = replace(settings, state_dir=tmp_path)
    Store(tmp_path).save(lambda _: choice)
    note = json.dumps({"id": command.id, "name": NAME})
    (tmp_path / "model_install.json").write_text(note)
    verb = ModelInstall(settings, lambda: None, clock, Stop())
    clock.advance(waited_s)

    answer = verb.conclude(Earlier(command))

    assert (answer and (answer.result, answer.data.get("proven"))) == told


@pytest.mark.parametrize("says", [dripping.HEADERS, dripping.BODY], ids=["headers", "body"])
def test_a_store_that_drips_is_left_in_time(tmp_path: Path, says: bytes) -> None:
    patience = Patience(step_s=0.5, answer_s=1.0)
    settings = replace(load_settings(write_site(tmp_path)), state_dir=tmp_path)
    verb = ModelInstall(settings, lambda: None, FakeClock(), Stop(), patience)

    with DrippingServer(says) as server, pytest.raises(EdgeAgentError, match="took too long"):
        verb._install("id", f"http://{server.address}/model.pack", "0" * 64)


def test_no_model_is_begun_with_while_a_new_version_of_the_agent_is_on_trial(
    tmp_path: Path,
) -> None:
    payload = CenterKey().command(
        "model_install", args={"url": "https://store/m.pack", "sha256": "0" * 64}
    )
    command = read_command(parse(split(payload)[0]) or {})
    assert command
    settings = load_settings(write_site(tmp_path))
    settings = replace(settings, packs=PackOptions(signing_keys=("k",)), state_dir=tmp_path)
    verb = ModelInstall(settings, lambda: None, FakeClock(), Stop(), is_updating=lambda: True)

    with pytest.raises(RefusedError, match="a new version of edge-agent is on trial"):
        verb.act(Earlier(command))
