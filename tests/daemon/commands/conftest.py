"""A box with a real agent, a real broker, and a center that may command it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from edge_agent.alerts.box_key import find_keys
from tests.fakes.center_key import CenterKey
from tests.peers.agent import Agent
from tests.peers.commander import Commander
from tests.peers.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto

ALL = (
    "ping",
    "health",
    "snapshot",
    "config_get",
    "config_propose",
    "rule",
    "mask",
    "model_install",
    "restart",
    "purge",
)


class Post:
    """One agent on a box of its own, and its center."""

    def __init__(self, folder: Path, broker: Mosquitto, listener: Listener) -> None:
        self.folder = folder
        self.broker = broker
        self.listener = listener
        self.key = CenterKey()
        self.agent: Agent = None  # type: ignore[assignment]
        self.center: Commander = None  # type: ignore[assignment]

    def write(self, commands: tuple[str, ...], more: str = "", *, confirm: str = "broker") -> Agent:
        words = ", ".join(f'"{one}"' for one in commands)
        center = f'[center]\nkeys = ["{self.key.text}"]\ncommands = [{words}]\n{more}'
        self.agent = Agent(self.folder / "etc", self.broker.url, more=center)
        file = self.agent.folder / "agent.toml"
        # [broker] is the last section of the file.
        file.write_text(file.read_text() + f'confirm = "{confirm}"\n')
        return self.agent

    def begin(self) -> Commander:
        self.agent.start()
        self.listener.wait_for(lambda heard: "online" in heard.states(), 20)
        keys = find_keys(self.agent.folder / "state" / "keys")
        assert keys
        self.center = Commander(self.listener, self.key, keys.signer.public)
        return self.center


@pytest.fixture
def post(tmp_path: Path, broker: Mosquitto) -> Iterator[Post]:
    with Listener(broker.port) as listener, ExitStack() as stack:
        post = Post(tmp_path, broker, listener)
        stack.callback(lambda: post.agent and post.agent.__exit__())
        yield post


@pytest.fixture
def obeys(post: Post) -> Callable[..., Commander]:
    """Start an agent that takes these commands."""

    def start(*commands: str, more: str = "", confirm: str = "broker") -> Commander:
        post.write(commands or ALL, more, confirm=confirm)
        return post.begin()

    return start
