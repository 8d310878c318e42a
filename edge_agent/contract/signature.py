"""Ed25519 (RFC 8032) over a message's exact bytes, and the short names of keys."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from enum import Enum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge_agent.contract.body import read_body

# RFC 8032: an Ed25519 public key.
_KEY_BYTES = 32


class Verdict(Enum):
    """What one message is."""

    GENUINE = "genuine"
    # Byte for byte what was taken before.
    AGAIN = "the same again"
    UNREADABLE = "unreadable"
    UNSIGNED = "not signed"
    # Another box's, or another site's.
    FOREIGN = "of another box"
    UNKNOWN_KEY = "signed by an unknown key"
    ALTERED = "altered"
    # Signed, but another message had its number or its place.
    FORKED = "one of two with this number"


def read_key(text: str) -> bytes | None:
    """Return a public key from base64, as `edge-agent key show` prints it; None where it is none."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == _KEY_BYTES else None


def key_id(key: bytes) -> str:
    """Return the short name of a public key, the `kid` of its messages."""
    return hashlib.sha256(key).hexdigest()[:16]


def verify_alert(body: bytes, signature: bytes, public_keys: Iterable[bytes]) -> Verdict:
    """Tell whether one of these keys signed exactly these bytes.

    That says nothing about what is missing, nor whose topic it came on: `Chain` does.
    """
    told = read_body(body)
    if told is None:
        return Verdict.UNREADABLE
    if not signature:
        return Verdict.UNSIGNED
    key = next((one for one in public_keys if key_id(one) == told.kid), None)
    if key is None:
        return Verdict.UNKNOWN_KEY
    return Verdict.GENUINE if signed_by(key, signature, body) else Verdict.ALTERED


def signed_by(key: bytes, signature: bytes, body: bytes) -> bool:
    """Tell whether the owner of this public key signed exactly these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, body)
    except (InvalidSignature, ValueError):  # the latter: a key that is none
        return False
    return True
