"""A technician at a box: types commands, reads what they print, lets the agent run."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

from tests.peers import process

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_AGENT = (sys.executable, "-m", "edge_agent")
# Where people walk in vtest.avi, as `zone add` wants it.
_WALKWAY = ("0.02,0.30", "0.98,0.30", "0.98,0.98", "0.02,0.98")


class Technician:
    """Has a site folder of its own; `within` leads to the network in which the box stands."""

    def __init__(self, folder: Path, broker_url: str = "", within: Sequence[str] = ()) -> None:
        self.folder = folder
        self._within = tuple(within)
        self._agent: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        if broker_url:
            (folder / "agent.toml").write_text(
                f'site = "test"\nbox = "box"\nstate_dir = "{folder}/state"\n'
                f'[broker]\nurl = "{broker_url}"\ninsecure = true\n'
            )

    def types(self, *words: str, enters: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command and return what it said; `enters` is its standard input."""
        return subprocess.run(  # noqa: S603 (our own program)
            [*self._within, *_AGENT, "--config", self.folder, *words],
            # Pictures to look at are left where the technician stands.
            cwd=self.folder.parent,
            input=enters,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def discovers(self, *words: str) -> list[dict[str, Any]]:
        """Return the rows that `discover` finds."""
        done = self.types("discover", "--json", *words)
        assert done.stdout.startswith("["), done.stderr
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        return rows

    def watches_the_walkway_of(self, camera: str) -> subprocess.CompletedProcess[str]:
        return self.types("zone", "add", camera, "walkway", *_WALKWAY, "--alert-on", "person")

    def lets_it_run(self) -> None:
        self._agent = process.spawn(
            [*_AGENT, "--config", self.folder, "run"], self.folder / "agent.log", self._within
        )

    def log(self) -> str:
        return (self.folder / "agent.log").read_text(errors="replace")

    def stops_it(self) -> int:
        """Tell the agent to end, and return how it did."""
        assert self._agent is not None, "it was never started"
        process.end(self._agent)
        return self._agent.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._agent is not None:
            process.end(self._agent)
