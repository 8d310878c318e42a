"""The file of a backup: locked with a passphrase, because a box's signing key is in it.

scrypt (RFC 7914) makes the key, AES-256-GCM locks; docs/design/0021 says why these. The checksum in
front is for people: it tells a worn stick from a wrong passphrase.
"""

import base64
import hashlib
import json
import os
from dataclasses import asdict, dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.secret import Secret

MAGIC = b"edge-agent backup 1\n"
# 64 MiB and a third of a second on the boxes we know: dear for whoever guesses, bearable for a box.
_COST, _BLOCK, _LANES = 2**16, 8, 1
# A file that asks for more wants to fill our memory.
_MOST_COST = 2**18
_SALT_BYTES, _NONCE_BYTES = 16, 12
# Our first lines are 150 bytes.
_MOST_LINE = 1_000
_LEAST_CHARACTERS = 12
_DAMAGED_HINT = "copy it again from where it was kept, or take an older one"


@dataclass(frozen=True, slots=True)
class _Lock:
    """What is needed besides the passphrase, and may be read by anybody."""

    cost: int
    salt: str
    nonce: str


def check_passphrase(passphrase: Secret) -> None:
    """Raise EdgeAgentError for one that can be guessed."""
    if len(passphrase.reveal()) < _LEAST_CHARACTERS:
        raise EdgeAgentError(
            f"the passphrase has fewer than {_LEAST_CHARACTERS} characters",
            hint="take four words that do not belong together; without them nobody can restore",
        )


def lock_up(content: bytes, passphrase: Secret) -> bytes:
    """Return the file."""
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    lock = _Lock(_COST, _text(salt), _text(nonce))
    head = MAGIC + json.dumps(asdict(lock)).encode() + b"\n"
    locked = AESGCM(_key(passphrase, salt, _COST)).encrypt(nonce, content, head)
    return head + hashlib.sha256(locked).hexdigest().encode() + b"\n" + locked


def unlock(file: bytes, passphrase: Secret) -> bytes:
    """Return what was locked up. Raises EdgeAgentError that tells damage from a wrong passphrase."""
    if not file.startswith(MAGIC):
        raise EdgeAgentError(
            "this is no backup of a box", hint="name the file that `edge-agent backup` wrote"
        )
    line, _, rest = file[len(MAGIC) :].partition(b"\n")
    checksum, _, locked = rest.partition(b"\n")
    lock = _read(line)
    if lock is None or hashlib.sha256(locked).hexdigest().encode() != checksum:
        raise EdgeAgentError("the backup is damaged", hint=_DAMAGED_HINT)
    salt, nonce = base64.b64decode(lock.salt), base64.b64decode(lock.nonce)
    try:
        key = _key(passphrase, salt, lock.cost)
        return AESGCM(key).decrypt(nonce, locked, MAGIC + line + b"\n")
    except InvalidTag as error:
        raise EdgeAgentError(
            "the passphrase is not the one of this backup",
            hint="mind capital letters and blanks; nobody can open it without",
        ) from error


def _read(line: bytes) -> _Lock | None:
    try:
        lock = _Lock(**json.loads(line[:_MOST_LINE]))
        sizes = len(base64.b64decode(lock.salt)), len(base64.b64decode(lock.nonce))
    except (ValueError, TypeError):
        return None
    is_ours = sizes == (_SALT_BYTES, _NONCE_BYTES) and isinstance(lock.cost, int)
    # A power of two, as scrypt wants it.
    is_ours = is_ours and 1 < lock.cost <= _MOST_COST and lock.cost & (lock.cost - 1) == 0
    return lock if is_ours else None


def _key(passphrase: Secret, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=_BLOCK, p=_LANES).derive(
        passphrase.reveal().encode()
    )


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
