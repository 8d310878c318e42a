"""The key that signs what the center tells its boxes: receipts, and commands.

Each box has its public part in `agent.toml`. Whoever has the private part can make boxes forget
alerts that nobody has stored.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.files import write_whole
from edge_agent.toml.values import is_credential

_OTHERS = 0o077
# Of a credential: its group's bits show what an access list gives to our user.
_ALL_OTHERS = 0o007


@dataclass(frozen=True, slots=True)
class CenterKey:
    """One private key. Its `kid` is its name in every message."""

    private: Ed25519PrivateKey
    public_base64: str
    kid: str

    def sign(self, content: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return self.private.sign(content)


def load_key(path: Path) -> CenterKey:
    """Return the key in that file. Raises EdgeAgentError."""
    try:
        others = _ALL_OTHERS if is_credential(path) else _OTHERS
        is_open_to_others = path.stat().st_mode & others
        private = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise _missing(path) from error
    except OSError as error:
        raise EdgeAgentError(
            f"cannot read the center's key {path}: {(error.strerror or str(error)).lower()}",
            hint=f"it must belong to the user of the center: ls -l {path}",
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _damaged(path) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise _damaged(path)
    if is_open_to_others:
        raise EdgeAgentError(
            f"others can read the center's key {path}", hint=f"sudo chmod 0600 {path}"
        )
    return _named(private)


def make_key(path: Path) -> CenterKey:
    """Make a key in a new file. Raises EdgeAgentError; a key that is there stays."""
    if path.exists():
        raise EdgeAgentError(
            f"there is a key already: {path}",
            hint="boxes trust it; to change it, name another file under [key] in center.toml",
        )
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        write_whole(path, text, mode=0o600)
    except OSError as error:
        raise EdgeAgentError(
            f"cannot write the center's key {path}: {(error.strerror or str(error)).lower()}",
            hint=f"its folder must be there, with room, and ours to write: ls -ld {path.parent}",
        ) from error
    return _named(private)


def _named(private: Ed25519PrivateKey) -> CenterKey:
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    kid = hashlib.sha256(public).hexdigest()[:16]
    return CenterKey(private, base64.b64encode(public).decode(), kid)


def _missing(path: Path) -> EdgeAgentError:
    if is_credential(path):
        return EdgeAgentError(
            f"the center's key is the credential {path.name}, which is not there",
            hint="only while the service runs can it be read: systemctl status edge-agent-center",
        )
    return EdgeAgentError(
        f"the center has no key {path}", hint="make it once: edge-agent center key"
    )


def _damaged(path: Path) -> EdgeAgentError:
    return EdgeAgentError(
        f"the center's key {path} is damaged, or no Ed25519 key",
        hint="put it back from a backup; a new one has to be named to every box",
    )
