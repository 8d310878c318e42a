"""Who vouches for a pack: Ed25519 over its first lines, which hold the digests of all the rest.

The library is loaded when a signature is made or checked: nobody else pays for it.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.errors import EdgeAgentError
from edge_agent.packs.head import MOST_SIGNATURES, PackHead, Signature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# RFC 8032: an Ed25519 public key.
_KEY_BYTES = 32
# A private key has 119 bytes; a disk is named by mistake.
_MOST_BYTES = 64 * 1024
KEY_RULE = "write it as `edge-agent model key` prints it: 44 characters"


def read_key(text: str) -> bytes | None:
    """Return a public key from its text; None where it is no key."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == _KEY_BYTES else None


def key_id(key: bytes) -> str:
    """Return the short name of a public key."""
    return hashlib.sha256(key).hexdigest()[:16]


def check_signature(head: PackHead, trusted: Sequence[str]) -> str:
    """Return the id of the trusted key that signed; "" where the site trusts everybody.

    Raises EdgeAgentError where the site has keys and none of them signed.
    """
    if not trusted:
        return ""
    if not head.signatures:
        raise EdgeAgentError(
            "the pack is not signed, and this site takes signed ones only",
            hint="have it signed where the fleet's key is (edge-agent model sign), and install it again",
        )
    keys = {key_id(key): key for key in map(read_key, trusted) if key}
    for signature in head.signatures:
        if signature.key_id in keys:
            _verify(head, signature, keys[signature.key_id])
            return signature.key_id
    raise EdgeAgentError(
        f"the pack is signed by {', '.join(one.key_id for one in head.signatures)},"
        " whom this site does not trust",
        hint="take a pack of your fleet, or add that key to signing_keys in [models]",
    )


def sign(head: PackHead, private_key: Path) -> PackHead:
    """Return the head with a signature of this key, in place of an older one of the same key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 (see above)

    key = _load(private_key)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    mine = Signature(key_id(public), key.sign(head.signed))
    others = tuple(one for one in head.signatures if one.key_id != mine.key_id)
    if len(others) >= MOST_SIGNATURES:
        raise EdgeAgentError(
            f"the pack has {len(others)} signatures already, no more fit",
            hint="make it anew with `edge-agent model pack`, and sign that",
        )
    return PackHead(head.card, head.weights, (*others, mine))


def make_key(private_key: Path) -> str:
    """Write a new private key (mode 0600) and return the text of its public key.

    Raises EdgeAgentError where there is a file of that name: an old key is not overwritten.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 (see above)
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 (see above)
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        handle = os.open(private_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            # Half a key is none, and would be in the way of the next attempt.
            private_key.unlink()
            raise
    except OSError as error:
        raise EdgeAgentError(
            f"cannot write {private_key}: {(error.strerror or str(error)).lower()}",
            hint="name a new file, in a folder that you may write to",
        ) from error
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _verify(head: PackHead, signature: Signature, key: bytes) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 (see above)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 (see above)
        Ed25519PublicKey,
    )

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature.content, head.signed)
    except InvalidSignature as error:
        raise EdgeAgentError(
            f"the signature of {signature.key_id} does not fit this pack",
            hint="somebody changed the pack or its signature: take it from its source again",
        ) from error


def _load(private_key: Path) -> "Ed25519PrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 (see above)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 (see above)
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 (see above)
        load_pem_private_key,
    )

    hint = "name the file that `edge-agent model key` wrote"
    try:
        with private_key.open("rb") as file:
            key = load_pem_private_key(file.read(_MOST_BYTES), password=None)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise EdgeAgentError(f"cannot read {private_key}: {why}", hint=hint) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EdgeAgentError(f"{private_key} is no private key", hint=hint) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise EdgeAgentError(f"{private_key} is no private key for Ed25519", hint=hint)
    return key
