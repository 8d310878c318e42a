"""A box, and beside it the desk at which its packs are made; commands are typed at both."""

from __future__ import annotations

import json
import re
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from edge_agent.cli.main import main
from edge_agent.daemon.status import (
    SOCKET_NAME,
    AgentStatus,
    BrokerStatus,
    SpoolStatus,
    to_json,
)
from edge_agent.daemon.status_socket import StatusSocket
from edge_agent.packs.store import Store
from edge_agent.runtime.worker import Worker
from tests.packs.models import street

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest


class Desk:
    """A box and, beside it, the desk at which its packs are made."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.store = Store(folder / "state")
        self._capsys = capsys
        self.out = self.err = ""
        self.write()

    def write(self, more: str = "") -> None:
        (self.folder / "agent.toml").write_text(
            'site = "s"\nbox = "b"\nstate_dir = "state"\n'
            f'[broker]\nurl = "mqtt://127.0.0.1:1"\ninsecure = true\n{more}\n'
        )

    def model(self, *words: object) -> int:
        code = main(["model", *map(str, words), "--config", str(self.folder)])
        self.out, self.err = self._capsys.readouterr()
        return code

    def trusts(self, *keys: str) -> None:
        self.write(f"[models]\nsigning_keys = {json.dumps(keys)}")

    def makes_key(self, name: str) -> str:
        assert self.model("key", self.folder / name) == 0
        found = re.search(r'signing_keys = \["(.{44})"\]', self.out)
        assert found, self.out
        return found[1]

    def packs(self, version: str, *words: object) -> Path:
        file = self.folder / f"street-{version}.pack"
        folder = street(self.folder / version, version)
        assert self.model("pack", folder, "--out", file, *words) == 0, self.err
        return file


@contextmanager
def answering(state_dir: Path, model: str) -> Iterator[None]:
    """Be the running agent, for one question."""
    status = AgentStatus(
        version="0.1.0",
        site="s",
        box="b",
        model=model,
        started_wall=1.0,
        now_wall=61.0,
        rss_bytes=90_000_000,
        cameras=(),
        spool=SpoolStatus(
            waiting=0, size_bytes=0, parked=0, dropped_thumbnails=0, dropped_alerts=0
        ),
        broker=BrokerStatus(url="mqtts://b", is_connected=True, since_wall=2.0, sent=0, problem=""),
    )
    with closing(StatusSocket(state_dir / SOCKET_NAME)) as line:
        line.open()
        agent = Worker(
            "agent",
            lambda: line.answer(lambda: to_json(status), wait_s=10.0),
            on_failure=lambda: None,
        )
        agent.start()
        yield
        assert agent.join(20.0)
