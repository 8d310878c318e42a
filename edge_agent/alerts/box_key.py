"""The key that a box signs its alerts with: made on the box, never leaving it, not the TLS key's.

A key that cannot be used stops the agent with one clear line. A new one in its place would look to
the center like a forged box, so only a person makes that: `edge-agent key rotate --lost`.
"""

import errno
import hashlib
import logging
import os
from contextlib import suppress
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

from edge_agent.alerts.position import Position
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.files import write_whole

log = logging.getLogger(__name__)

# In state_dir.
FOLDER = "keys"
_BOX = "box.pem"
# Waits for the next start of the agent, which announces it and then renames it.
_NEXT = "next.pem"
_POSITION = "position"
_LOST_HINT = (
    "put the file back from a backup; if there is none: edge-agent key rotate --lost, and tell the"
    " center"
)


class _DamagedKeyError(EdgeAgentError):
    """The file is there and is no key."""


@dataclass(frozen=True, slots=True)
class BoxKey:
    """One private key. Its `kid` is its name in every message."""

    private: Ed25519PrivateKey
    public: bytes
    kid: str

    def sign(self, content: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return self.private.sign(content)


@dataclass(frozen=True, slots=True)
class BoxKeys:
    """Who signs now, and who waits to take over. At least one is there."""

    folder: Path
    current: BoxKey | None
    following: BoxKey | None

    @property
    def signer(self) -> BoxKey:
        """Who signs now: the waiting one where the other is lost."""
        key = self.current or self.following
        assert key  # noqa: S101 (promised above)
        return key


def open_keys(folder: Path) -> tuple[BoxKeys, Position]:
    """Return this box's keys, making the first one at the first start.

    Raises EdgeAgentError for a key that is damaged, unreadable, or gone after it was used.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        position = Position(folder / _POSITION)
        keys = find_keys(folder)
        if keys is None:
            if position.most or (position.most is None and (folder / _POSITION).exists()):
                raise EdgeAgentError(f"the box's key {folder / _BOX} is gone", hint=_LOST_HINT)
            position.begin()
            keys = BoxKeys(folder, _make(folder / _BOX), None)
            log.info("made this box's key %s: edge-agent key show", keys.signer.kid)
    except OSError as error:
        raise _complain(folder, error) from error
    return keys, position


def find_keys(folder: Path) -> BoxKeys | None:
    """Return the keys that are there; None where there is none. Raises EdgeAgentError."""
    current, following = _load(folder / _BOX), _load(folder / _NEXT)
    return BoxKeys(folder, current, following) if current or following else None


def prepare_rotation(folder: Path, *, is_lost: bool) -> tuple[BoxKey | None, BoxKey]:
    """Make the key that takes over at the agent's next start; return both, the old one first.

    With `is_lost` the old key's file is set aside. Raises EdgeAgentError where there is nothing to
    rotate yet, and where a key waits already: the center may have been told of that one.
    """
    try:
        if is_lost:
            with suppress(FileNotFoundError):
                (folder / _BOX).replace(folder / f"{_BOX}.lost")
            return None, _load_unless_damaged(folder / _NEXT) or _make(folder / _NEXT)
        old, following = _load(folder / _BOX), _load(folder / _NEXT)
        if following:
            raise EdgeAgentError(
                f"the key {following.kid} waits already to take over",
                hint="restart the agent: sudo systemctl restart edge-agent",
            )
        if old is None:
            raise EdgeAgentError(
                f"there is no key in {folder} to rotate",
                hint="it is made at the first start: edge-agent run",
            )
        return old, _make(folder / _NEXT)
    except OSError as error:
        raise _complain(folder, error) from error


def finish_rotation(keys: BoxKeys) -> BoxKeys:
    """Let the waiting key take the other's place, whose private part is no more. Raises OSError."""
    assert keys.following  # noqa: S101 (called after its announcement only)
    (keys.folder / _NEXT).replace(keys.folder / _BOX)
    _sync(keys.folder)
    return BoxKeys(keys.folder, keys.following, None)


def _make(path: Path) -> BoxKey:
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    folder = path.parent.stat()
    # Made by root with sudo, the agent could not read it.
    owner = (folder.st_uid, folder.st_gid) if os.geteuid() == 0 else None
    write_whole(path, text, mode=0o600, owner=owner)
    _sync(path.parent.parent)
    return _named(private)


def _load(path: Path) -> BoxKey | None:
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _complain(path, error) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _damaged(path) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise _damaged(path)
    return _named(private)


def _load_unless_damaged(path: Path) -> BoxKey | None:
    """Return the key; one that cannot be read is set aside, for it was never used."""
    try:
        return _load(path)
    except _DamagedKeyError:
        path.replace(path.with_name(f"{path.name}.lost"))
        return None


def _named(private: Ed25519PrivateKey) -> BoxKey:
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return BoxKey(private, public, hashlib.sha256(public).hexdigest()[:16])


def _damaged(path: Path) -> _DamagedKeyError:
    if path.name == _NEXT:
        return _DamagedKeyError(
            f"the new key {path} is damaged, before it was used",
            hint=f"remove it, and make another: rm {path}; edge-agent key rotate",
        )
    return _DamagedKeyError(f"the box's key {path} is damaged", hint=_LOST_HINT)


def _complain(path: Path, error: OSError) -> EdgeAgentError:
    is_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return EdgeAgentError(
        f"cannot use the box's key in {path}: {(error.strerror or str(error)).lower()}",
        hint="free some space: df -h"
        if is_full
        else f"it must belong to the agent's user: ls -l {path}",
    )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
