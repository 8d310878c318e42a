"""The files of this box's certificate, below `tls/` of the configuration.

Key and certificate in use are one file, `box.pem`: one rename exchanges both, whenever power goes.
"""

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge_agent.certificates.certificate import Certificate, parse_certificates
from edge_agent.certificates.request import Request, make_key, make_request, public_of
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.files import write_whole

FOLDER = "tls"


@dataclass(frozen=True, slots=True)
class TlsFolder:
    """Where the pair is, the one before it, and what waits to become one."""

    folder: Path
    box: str
    # User and group that the files are given to when root writes them: the agent must read them.
    owner: tuple[int, int] | None = None

    @property
    def pair(self) -> Path:
        """Key and certificate in use."""
        return self.folder / "box.pem"

    @property
    def authority(self) -> Path:
        """Who signs the center's certificates."""
        return self.folder / "center.pem"

    @property
    def previous_authority(self) -> Path:
        """Who signed them before."""
        return self.folder / "center.previous.pem"

    @property
    def offered_authority(self) -> Path:
        """Who is said to sign them; trusted when the pair that they signed is installed."""
        return self.folder / "center.next.pem"

    @property
    def previous(self) -> Path:
        """The pair before."""
        return self.folder / "box.previous.pem"

    @property
    def following(self) -> Path:
        """A renewed pair that no broker has let in yet."""
        return self.folder / "next.pem"

    @property
    def refused(self) -> Path:
        """A renewed pair that the broker did not let in."""
        return self.folder / "refused.pem"

    @property
    def request(self) -> Path:
        """What a person carries to the center."""
        return self.folder / f"{self.box}.csr"

    @property
    def _waiting_key(self) -> Path:
        return self.folder / "next.key"

    def ask(self) -> Request:
        """Return the request that waits for its answer, making key and request where none does."""
        with self._complaining():
            self._make_folder()
            if not self._waiting_key.exists():
                self._write(self._waiting_key, make_key(), 0o600)
            key_pem = self._waiting_key.read_bytes()
            try:
                request = make_request(key_pem, self.box)
            except ValueError as error:
                raise EdgeAgentError(
                    f"the key {self._waiting_key} is damaged",
                    hint=f"it was never used, remove it: rm {self._waiting_key}",
                ) from error
            self._write(self.request, request.pem, 0o644)
        return request

    def forget_request(self) -> None:
        """Begin anew at the next `ask`: another key."""
        with self._complaining():
            for file in (self._waiting_key, self.request):
                file.unlink(missing_ok=True)

    def put_together(self, found: tuple[Certificate, ...]) -> Path:
        """Write the pair of the waiting key, or of the present one, and its certificate.

        It lies in `following` and is not in use. Raises EdgeAgentError where no key fits.
        """
        with self._complaining():
            for file in (self._waiting_key, self.pair):
                key_pem = _key_of(file)
                fitting = [one for one in found if key_pem and one.public_der == _public(key_pem)]
                if fitting:
                    chain = [one for one in found if one not in fitting and not one.is_self_signed]
                    whole = key_pem + b"".join(one.pem for one in (fitting[0], *chain))
                    self._write(self.following, whole, 0o600)
                    return self.following
        raise EdgeAgentError(
            "the certificate does not belong to a key of this box",
            hint=f"have the center sign this request:  edge-agent enroll   ({self.request})",
        )

    def install(self) -> None:
        """Take the following pair into use; the one before is kept beside it."""
        with self._complaining():
            if self.pair.exists():
                self._write(self.previous, self.pair.read_bytes(), 0o600)
            self._write(self.pair, self.following.read_bytes(), 0o600)
            self.following.unlink()
        self.forget_request()

    def set_aside(self) -> None:
        """Keep the following pair for inspection only, and ask for another next time."""
        with self._complaining():
            self.following.replace(self.refused)
        self.forget_request()

    def drop_following(self) -> None:
        """Forget a pair that must not be used; its request may still be answered better."""
        with self._complaining():
            self.following.unlink(missing_ok=True)

    def offer(self, authorities: bytes) -> Path:
        """Write who is said to sign the center's certificates, to be judged by; nobody is trusted yet."""
        with self._complaining():
            self._make_folder()
            self._write(self.offered_authority, authorities, 0o644)
        return self.offered_authority

    def trust(self) -> None:
        """Take the offered authorities into use; those before are kept beside."""
        with self._complaining():
            if not self.offered_authority.exists():
                return
            offered = self.offered_authority.read_bytes()
            known = self.authority.read_bytes() if self.authority.exists() else b""
            if offered != known:
                if known:
                    self._write(self.previous_authority, known, 0o644)
                self._write(self.authority, offered, 0o644)
            self.offered_authority.unlink()

    def drop_offer(self) -> None:
        """Forget authorities that did not sign the certificate."""
        with self._complaining():
            self.offered_authority.unlink(missing_ok=True)

    def certificate(self) -> Certificate | None:
        """Return the certificate in use; None where there is none that can be read."""
        with suppress(OSError):
            if found := parse_certificates(self.pair.read_bytes()):
                return found[0]
        return None

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o750, parents=True)
            if self.owner:
                os.chown(self.folder, *self.owner)

    def _write(self, file: Path, content: bytes, mode: int) -> None:
        write_whole(file, content, mode=mode, owner=self.owner)

    def _complaining(self) -> "_Complaining":
        return _Complaining(self.folder)


def tls_folder(folder: Path, box: str, state_dir: Path) -> TlsFolder:
    """Return the folder of a configuration; written by root its files are given to the agent."""
    owner = None
    if os.geteuid() == 0:
        place = state_dir if state_dir.exists() else folder
        with suppress(OSError):
            owner = (place.stat().st_uid, place.stat().st_gid)
    return TlsFolder(folder / FOLDER, box, owner)


@dataclass(frozen=True, slots=True)
class _Complaining:
    """Translates what the disk says."""

    folder: Path

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            is_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            raise EdgeAgentError(
                f"cannot use {self.folder}: {(error.strerror or str(error)).lower()}",
                hint="free some space: df -h"
                if is_full
                else f"run this with sudo; it must belong to the agent's user: ls -ld {self.folder}",
            ) from error


def _key_of(file: Path) -> bytes:
    """Return the private key of a file, alone; empty where there is none."""
    with suppress(FileNotFoundError):
        content = file.read_bytes()
        end = b"-----END PRIVATE KEY-----\n"
        before, found, _ = content.partition(end)
        return before + found if found else b""
    return b""


def _public(key_pem: bytes) -> bytes:
    try:
        return public_of(key_pem)
    except ValueError:
        return b""
