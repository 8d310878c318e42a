"""A town: the center's authority and its certificate service, and one box with its technician."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from edge_agent.certificates.tls_folder import TlsFolder
from edge_agent.cli.main import main
from tests.fakes.authority import Authority
from tests.peers.est import Desk, EstServer, sign

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

BOX, TOKEN = "box-7", "one-time-word"
USES_IT = 'ca_file = "tls/center.pem"\ncertificate_file = "tls/box.pem"\nkey_file = "tls/box.pem"\n'


class Town:
    """What a command said last is in `out` and `err`."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder / "etc"
        self.folder.mkdir()
        self.authority = Authority(folder / "authority")
        self.desk = Desk(self.authority, tokens={TOKEN: BOX})
        self.server = EstServer(self.desk, self.authority.issue("127.0.0.1"))
        self.files = TlsFolder(self.folder / "tls", BOX)
        self._capsys = capsys
        self.out = self.err = ""
        self.write()

    def write(
        self, *, broker: str = "mqtts://127.0.0.1:1", lines: str = "", more: str = ""
    ) -> None:
        (self.folder / "agent.toml").write_text(
            f'site = "kota"\nbox = "{BOX}"\nstate_dir = "state"\n'
            f'[broker]\nurl = "{broker}"\n{lines}\n{more}\n'
        )

    @property
    def renews_itself(self) -> str:
        """The section that has the agent renew its certificate."""
        return f'[enrolment]\nurl = "{self.server.url}"\n'

    def enroll(self, *words: object) -> int:
        code = main(["enroll", *map(str, words), "--config", str(self.folder)])
        self.out, self.err = self._capsys.readouterr()
        return code

    def enroll_with_token(self, *words: object, token: str = TOKEN) -> int:
        known = ("--url", self.server.url, "--ca-file", self.authority.ca_file)
        return self.enroll("--token", token, *known, *words)

    def check(self) -> str:
        main(["check", "--config", str(self.folder)])
        return self._capsys.readouterr().out

    def signs(self, file: Path) -> Path:
        """Sign the request that lies on the box, as a person at the center does."""
        request = x509.load_pem_x509_csr(self.files.request.read_bytes())
        file.write_bytes(sign(self.desk, request).public_bytes(Encoding.PEM))
        return file

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()
