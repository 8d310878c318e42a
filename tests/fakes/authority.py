"""A certificate authority for one test: real keys and certificates, made by openssl."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

from tests.peers import process

if TYPE_CHECKING:
    from pathlib import Path


class Pair(NamedTuple):
    """A certificate and its key, PEM."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates; `ca_file` is what those who trust it name."""

    def __init__(self, folder: Path, name: str = "Test authority") -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self.ca_file = folder / "ca.pem"
        self.key = folder / "ca.key"
        self._openssl("req", "-x509", *_new_key(self.key), "-subj", f"/CN={name}", "-days", "2",
                      "-addext", "basicConstraints=critical,CA:TRUE", "-out", self.ca_file)  # fmt: skip

    def issue(self, name: str, *, days: int = 1) -> Pair:
        """Return a pair for an IP address or host name; `days` below zero: expired by then."""
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        kind = "IP" if name.replace(".", "").isdigit() else "DNS"
        extensions = self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={kind}:{name}\n")
        request = self._folder / f"{name}.csr"
        self._openssl("req", *_new_key(pair.key), "-subj", f"/CN={name}", "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca_file, "-CAkey", self.key,
                      "-CAcreateserial", "-extfile", extensions, "-days", str(days),
                      "-out", pair.certificate)  # fmt: skip
        return pair

    @staticmethod
    def _openssl(*words: str | Path) -> None:
        openssl = process.required_program("openssl")
        subprocess.run([openssl, *words], check=True, capture_output=True)  # noqa: S603 (no shell)


def _new_key(file: Path) -> tuple[str | Path, ...]:
    return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", file)
