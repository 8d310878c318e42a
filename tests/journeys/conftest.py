"""A site on loopback: a camera, a broker, a center, and our daemon."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge_agent.inference.model_file import MODELS
from tests.peers.agent import Agent
from tests.peers.center import Center
from tests.peers.mosquitto import Mosquitto
from tests.peers.supervisor import Supervisor, supervised


@pytest.fixture
def center(broker: Mosquitto) -> Iterator[Center]:
    with Center(broker.port) as center:
        yield center.listens()


@pytest.fixture
def make_agent(tmp_path: Path) -> Iterator[Callable[..., Agent]]:
    with ExitStack() as running:

        def make(broker_url: str, **options: str) -> Agent:
            return running.enter_context(Agent(tmp_path / "etc", broker_url, **options))

        yield make


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    with supervised(tmp_path, monkeypatch, 3.0) as supervisor:
        yield supervisor


@pytest.fixture(scope="session")
def street_model() -> Path:
    """The detector we ship."""
    return MODELS / "street"
