"""The mosquitto of docs/deploy, started from its own files: only paths and port are replaced."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.house.source import ROOT
from tests.peers import process

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.authority import Authority

DEPLOY = ROOT / "docs" / "deploy"


class DeployedMosquitto(process.Server):
    """A broker for the boxes of one authority; `more` are lines behind the deployed ones."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        super().__init__(folder / "mosquitto.log")
        self._program = process.required_program("mosquitto")
        self.port = process.free_port()
        self._folder = folder
        self._lay_out(authority)
        self.settle()

    @property
    def url(self) -> str:
        return f"mqtts://127.0.0.1:{self.port}"

    @property
    def crl(self) -> Path:
        return self._folder / "etc" / "tls" / "revoked.pem"

    def settle(self, *, revokes: bool = False) -> None:
        """Write the configuration; with `revokes` the line for revoked certificates is active."""
        text = (DEPLOY / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
        if revokes:
            text = text.replace("#crlfile ", "crlfile ")
        text = text.replace("listener 8883", f"listener {self.port} 127.0.0.1\nuser root")
        for place, ours in (("/etc/mosquitto", "etc"), ("/var/lib/mosquitto", "data")):
            assert place in text
            text = text.replace(place, str(self._folder / ours))
        (self._folder / "mosquitto.conf").write_text(text)

    def _lay_out(self, authority: Authority) -> None:
        tls = self._folder / "etc" / "tls"
        tls.mkdir(parents=True)
        (self._folder / "data").mkdir()
        shutil.copy(DEPLOY / "mosquitto" / "acl", tls.parent)
        pair = authority.issue("127.0.0.1")
        shutil.copy(authority.ca_file, tls / "center.pem")
        shutil.copy(pair.certificate, tls / "broker.pem")
        shutil.copy(pair.key, tls / "broker.key")

    def _command(self) -> list[str | Path]:
        return [self._program, "-c", self._folder / "mosquitto.conf"]

    def _is_up(self) -> bool:
        return process.listens(self.pid, self.port)
