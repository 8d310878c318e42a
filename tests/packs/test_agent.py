"""The running agent with a chosen model: its alerts name it, and its status tells what was given up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from edge_agent.cli.main import main
from edge_agent.inference.model_file import load_card
from edge_agent.packs.store import Store
from edge_agent.packs.trial import try_model
from tests.packs.models import SHIPPED, change_weights, packed, street
from tests.peers import clips
from tests.peers.agent import Agent
from tests.peers.center import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    with Agent(tmp_path / "etc", "mqtt://127.0.0.1:1") as agent:
        yield agent.add_camera("gate", "rtsp://127.0.0.1:1/main")


def _use(agent: Agent, pack: Path) -> Store:
    store = Store(agent.folder / "state")
    name = str(store.install(pack, (), try_model).name)
    store.save(lambda choice: choice.choose(name))
    return store


def _status(agent: Agent) -> dict[str, Any]:
    until(agent.status, 30, agent.words)
    status = agent.status()
    assert status, agent.words()
    return status


def _model_of_alerts(agent: Agent, clip: Path, folder: Path) -> list[dict[str, Any]]:
    words = ["replay", str(clip), "--alerts", str(folder), "--config", str(agent.folder)]
    assert main(words) == 0
    return [json.loads(file.read_bytes())["model"] for file in folder.glob("*.json")]


def test_alerts_name_the_model_that_was_chosen(agent: Agent, tmp_path: Path) -> None:
    # Other bytes that see the same: what follows a TFLite's end is not read.
    folder = change_weights(street(tmp_path / "street"), lambda content: content + bytes(16))
    clip = clips.encode(
        clips.vtest(), clips.Encoding(width_px=640, height_px=480, kbps=600, seconds=6)
    )
    before = _model_of_alerts(agent, clip, tmp_path / "before")

    store = _use(agent, packed(folder, tmp_path / "street.pack"))
    after = _model_of_alerts(agent, clip, tmp_path / "after")

    chosen = load_card(store.folder / "street-9.9.9")
    assert SHIPPED.sha256 != chosen.sha256
    assert {(told["version"], told["sha256"]) for told in before} == {
        (SHIPPED.version, SHIPPED.sha256)
    }
    assert {(told["version"], told["sha256"]) for told in after} == {("9.9.9", chosen.sha256)}


@pytest.mark.journey
def test_the_agent_begins_with_the_chosen_model_and_counts_the_start(
    agent: Agent, street_pack: Path
) -> None:
    store = _use(agent, street_pack)

    agent.start()
    status = _status(agent)

    assert status["model"] == "street 9.9.9"
    assert store.choice().starts == 1
    assert agent.stop() == 0
    assert store.choice().starts == 0


@pytest.mark.journey
def test_an_agent_whose_chosen_model_is_damaged_watches_with_the_shipped_one(
    agent: Agent, street_pack: Path
) -> None:
    store = _use(agent, street_pack)
    (store.folder / "street-9.9.9" / "street.tflite").write_bytes(b"half")

    agent.start()
    status = _status(agent)
    told = agent.ask("status").stdout

    assert status["model"] == f"street {SHIPPED.version}"
    assert "street-9.9.9 was given up: " in told
    assert "next: go on with this one, or choose again" in told
    assert agent.words().count("model street-9.9.9 is given up, back to street") == 1
    assert agent.stop() == 0


@pytest.mark.journey
def test_an_agent_that_is_killed_three_times_gives_the_model_up(
    agent: Agent, street_pack: Path
) -> None:
    _use(agent, street_pack)
    for _ in range(3):
        agent.start()
        until(agent.status, 30, agent.words)
        agent.kill()

    agent.start()
    status = _status(agent)

    assert status["model"] == f"street {SHIPPED.version}"
    assert "the agent died 3 times" in status["model_problem"]
    assert agent.stop() == 0
