"""A real model that hangs at the first picture in colour: the agent itself goes back, and the center hears it.

Nobody supervises it here, so no watchdog ends it: what acts is the watch of a new model alone. Ten minutes
are twenty seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from edge_agent.packs.store import Store
from tests.packs.hanging import hanging
from tests.packs.models import SHIPPED, packed, street
from tests.peers.center import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.peers.agent import Agent
    from tests.peers.center import Center
    from tests.peers.mosquitto import Mosquitto
    from tests.peers.rtsp import RtspServer

pytestmark = pytest.mark.journey
_PATIENCE_S = 120


@pytest.fixture
def agent(
    broker: Mosquitto,
    make_agent: Callable[..., Agent],
    rtsp_server: Callable[..., RtspServer],
    street_h264: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Agent]:
    monkeypatch.setenv("EDGE_AGENT_TRIAL_S", "20")
    monkeypatch.setenv("EDGE_AGENT_STEADY_S", "10")
    camera = rtsp_server(street_h264)
    agent = make_agent(broker.url).add_camera("gate", camera.url("/main")).start()
    until(lambda: _is_seeing(agent), _PATIENCE_S, agent.words)
    yield agent
    agent.kill()


def _status(agent: Agent) -> dict[str, Any]:
    return agent.status() or {"cameras": [], "model": "", "broker": {}, "model_update": None}


def _is_seeing(agent: Agent) -> bool:
    status = _status(agent)
    is_seen = [one["analysed_frames"] > 0 and one["looks"] > 0 for one in status["cameras"]]
    return any(is_seen) and status["broker"]["is_connected"]


def _chooses(agent: Agent, folder: Path, pack: Path) -> None:
    """As a technician does it, restart included."""
    for words in (("install", str(pack)), ("use", folder.name)):
        done = agent.ask("model", *words)
        assert done.returncode == 0, done.stdout + done.stderr
    assert agent.stop(within_s=10.0) == 0
    agent.start()


def _records(center: Center) -> list[dict[str, Any]]:
    return center.records("updated")


def test_a_model_that_hangs_is_taken_back_and_the_center_is_told(
    agent: Agent, center: Center, tmp_path: Path
) -> None:
    folder = hanging(tmp_path / "street-2.0", "2.0")
    _chooses(agent, folder, packed(folder, tmp_path / "bad.pack"))

    until(lambda: _records(center), _PATIENCE_S, agent.words)

    [record] = _records(center)
    told = [record[key] for key in ("part", "result", "old", "new")]
    assert told == ["model", "rolled back", f"street-{SHIPPED.version}", "street-2.0"]
    assert "gate" in record["why"]
    until(lambda: _is_seeing(agent), _PATIENCE_S, agent.words)
    status = _status(agent)
    assert status["model"] == f"street {SHIPPED.version}"
    assert status["model_problem"].startswith("street-2.0 was given up: ")
    until(lambda: _status(agent)["model_update"], _PATIENCE_S, agent.words)
    assert _status(agent)["model_update"]["phase"] == "rolled back"
    assert (
        agent.words().count(f"model street-2.0 is given up, back to street-{SHIPPED.version}") == 1
    )
    assert Store(agent.folder / "state").refused() == ("street-2.0",)


def test_a_good_model_is_kept_and_the_center_is_told(
    agent: Agent, center: Center, tmp_path: Path
) -> None:
    folder = street(tmp_path / "street-2.1", "2.1")
    _chooses(agent, folder, packed(folder, tmp_path / "good.pack"))

    until(lambda: _records(center), _PATIENCE_S, agent.words)

    [record] = _records(center)
    assert [record[key] for key in ("part", "result", "new")] == ["model", "kept", "street-2.1"]
    assert _status(agent)["model"] == "street 2.1"
