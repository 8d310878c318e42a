"""How HTTP logs in: a digest of password, nonce and question (RFC 7616), or Basic (RFC 7617).

Basic shows the password to whoever listens on the cable: only where a camera offers nothing else.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.request import parse_http_list, parse_keqv_list

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.wsse import Credentials

# The better first; "-sess" is the same with one hash more.
_ALGORITHMS: dict[str, Callable[[bytes], "hashlib._Hash"]] = {
    "sha-256": hashlib.sha256,
    "md5": hashlib.md5,
}
_ALGORITHM = re.compile(r'\balgorithm\s*=\s*"?([\w-]{1,40})', re.IGNORECASE | re.ASCII)
_SCHEME = re.compile(r"(?:^|,)\s*(digest|basic)(?:\s+|$)", re.IGNORECASE)
# No camera's challenge comes near; longer ones are not read.
_LONGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a camera wants to see before it answers."""

    is_basic: bool = False
    realm: str = ""
    nonce: str = ""
    opaque: str = ""
    # As the camera wrote it; "" is MD5.
    algorithm: str = ""
    has_qop: bool = False
    # The password was right, only the nonce is too old.
    is_stale: bool = False

    @property
    def _hash_name(self) -> str:
        return (self.algorithm or "md5").lower().removesuffix("-sess")


def best_challenge(headers: Iterable[str]) -> Challenge | None:
    """Return the best of what WWW-Authenticate headers offer that we know; None if nothing."""
    offered = [challenge for header in headers for challenge in _read(header[:_LONGEST])]
    digests = [one for one in offered if not one.is_basic]
    if digests:
        return min(digests, key=lambda one: list(_ALGORITHMS).index(one._hash_name))  # noqa: SLF001 (ours)
    return offered[0] if offered else None


def unspoken(headers: Iterable[str]) -> str:
    """Return the digests' algorithms that we do not know, as the camera wrote them."""
    named = [name for header in headers for name in _ALGORITHM.findall(header[:_LONGEST])]
    strange = (name for name in named if name.lower().removesuffix("-sess") not in _ALGORITHMS)
    return ", ".join(dict.fromkeys(strange))


def answer(
    challenge: Challenge, credentials: Credentials, method: str, uri: str, *, count: int
) -> str:
    """Return the Authorization header; `count` is how often this nonce is used, from 1.

    Raise EdgeAgentError for a user name or realm that a header cannot hold.
    """
    if challenge.is_basic:
        pair = f"{credentials.username}:{credentials.password.reveal()}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    client_nonce = secrets.token_hex(8)
    parts = {
        "username": _quoted(credentials.username),
        "realm": _quoted(challenge.realm),
        "nonce": _quoted(challenge.nonce),
        "uri": _quoted(uri),
        "response": _quoted(digest(challenge, credentials, method, uri, (client_nonce, count))),
    }
    if challenge.algorithm:
        parts["algorithm"] = challenge.algorithm
    if challenge.opaque:
        parts["opaque"] = _quoted(challenge.opaque)
    if challenge.has_qop or challenge.algorithm.lower().endswith("-sess"):
        parts["cnonce"] = _quoted(client_nonce)
    if challenge.has_qop:
        parts |= {"qop": "auth", "nc": f"{count:08x}"}
    header = "Digest " + ", ".join(f"{key}={value}" for key, value in parts.items())
    if not header.isascii() or not header.isprintable():
        raise EdgeAgentError(
            "the camera wants an HTTP login, which this user name does not fit",
            hint="give the camera a user with a name of plain letters and digits",
        )
    return header


def digest(
    challenge: Challenge, credentials: Credentials, method: str, uri: str, used: tuple[str, int]
) -> str:
    """Return the response of RFC 7616 section 3.4.1; `used` is our nonce and its count."""
    make, (client_nonce, count) = _ALGORITHMS[challenge._hash_name], used  # noqa: SLF001 (ours)

    def hashed(text: str) -> str:
        return make(text.encode()).hexdigest()

    secret = hashed(f"{credentials.username}:{challenge.realm}:{credentials.password.reveal()}")
    if challenge.algorithm.lower().endswith("-sess"):
        secret = hashed(f"{secret}:{challenge.nonce}:{client_nonce}")
    question = hashed(f"{method}:{uri}")
    if not challenge.has_qop:
        return hashed(f"{secret}:{challenge.nonce}:{question}")
    return hashed(f"{secret}:{challenge.nonce}:{count:08x}:{client_nonce}:auth:{question}")


def _read(header: str) -> list[Challenge]:
    """Return the challenges of one header; those we cannot answer are left out."""
    # One header may hold several: `Basic realm="a", Digest realm="b", nonce="c"`.
    _, *pieces = _SCHEME.split(header)
    found = []
    for scheme, rest in zip(pieces[::2], pieces[1::2], strict=True):
        pairs = [pair for pair in parse_http_list(rest) if pair.partition("=")[2]]
        values = {key.lower(): value for key, value in parse_keqv_list(pairs).items()}
        if scheme.lower() == "basic":
            found.append(Challenge(is_basic=True, realm=values.get("realm", "")))
            continue
        qops = {word.strip().lower() for word in values.get("qop", "").split(",")} - {""}
        challenge = Challenge(
            realm=values.get("realm", ""),
            nonce=values.get("nonce", ""),
            opaque=values.get("opaque", ""),
            algorithm=values.get("algorithm", ""),
            has_qop=bool(qops),
            is_stale=values.get("stale", "").lower() == "true",
        )
        # Integrity of the body alone ("auth-int") was asked for by no camera we know of.
        is_known = challenge._hash_name in _ALGORITHMS and (not qops or "auth" in qops)  # noqa: SLF001 (ours)
        if is_known and challenge.nonce:
            found.append(challenge)
    return found


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
