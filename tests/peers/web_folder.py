"""A folder over HTTP, as a city's update server shows its repository: Python's own server."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from tests.peers.process import Server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class WebFolder(Server):
    """Serves one folder on loopback, at `url`."""

    def __init__(self, folder: Path, log_path: Path, within: Sequence[str] = ()) -> None:
        super().__init__(log_path, within)
        self._folder = folder

    @property
    def url(self) -> str:
        found = re.search(r"port (\d+)", self.log_path.read_text())
        assert found, "it is not up"
        return f"http://127.0.0.1:{found[1]}"

    def _command(self) -> Sequence[str | Path]:
        words = ["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory"]
        return [sys.executable, *words, self._folder, "0"]

    def _is_up(self) -> bool:
        return "Serving HTTP" in self.log_path.read_text()
