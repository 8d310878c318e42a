"""The door of a camera that logs in over HTTP: it holds us to RFC 7616 as a real one does."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from urllib.request import parse_http_list, parse_keqv_list

_REALM = 'IP Camera "door"'


@dataclass(slots=True)
class HttpLogin:
    """Asks for `ways`, the first first: "SHA-256", "MD5", "MD5-sess", "MD5 without qop", "Basic"."""

    username: str
    password: str
    ways: tuple[str, ...]
    # How many questions a nonce answers before it is stale; 0: for ever.
    nonce_uses: int = 0
    # Whether it says that a nonce is stale, or just refuses it.
    says_stale: bool = True
    violations: list[str] = field(default_factory=list)
    # How often somebody said who they are, in vain.
    refused: int = 0
    _nonces: dict[str, list[int]] = field(default_factory=dict)
    _is_stale: bool = False

    def challenges(self) -> list[str]:
        """Return the WWW-Authenticate headers of a refusal."""
        return [self._challenge(way) for way in self.ways]

    def lets_in(self, authorization: str, method: str, uri: str) -> bool:
        """Return whether that header is right for this question."""
        self._is_stale = False
        scheme, _, rest = authorization.partition(" ")
        if not authorization:
            return False
        if scheme == "Basic":
            is_right = self._is_basic(rest)
        else:
            said = parse_keqv_list(parse_http_list(rest))
            is_right = self._is_digest(said, method, uri)
        self.refused += not is_right and not self._is_stale
        return is_right

    def _challenge(self, way: str) -> str:
        if way == "Basic":
            return f"Basic realm={_quoted(_REALM)}"
        nonce = secrets.token_hex(8)
        self._nonces[nonce] = []
        parts = [f"realm={_quoted(_REALM)}", f'nonce="{nonce}"', 'opaque="o"']
        if way != "MD5 without qop":
            parts += ['qop="auth, auth-int"', f"algorithm={way}"]
        if self._is_stale and self.says_stale:
            parts.append("stale=TRUE")
        return "Digest " + ", ".join(parts)

    def _is_basic(self, word: str) -> bool:
        if any(way != "Basic" for way in self.ways):
            self.violations.append("the password in plain where a digest was offered")
        return base64.b64decode(word).decode() == f"{self.username}:{self.password}"

    def _is_digest(self, said: dict[str, str], method: str, uri: str) -> bool:
        algorithm = said.get("algorithm", "MD5")
        best = [way.removesuffix(" without qop") for way in self.ways if way != "Basic"]
        if algorithm != ("SHA-256" if "SHA-256" in best else best[0]):
            self.violations.append(f"{algorithm} where {best} was offered")
        if said["uri"] != uri or said["opaque"] != "o":
            self.violations.append(f"a digest of {said['uri']} with opaque {said['opaque']}")
        counts = self._nonces.get(said["nonce"])
        if counts is None:
            self.violations.append("a nonce that was never given")
            return False
        count = int(said.get("nc", "0"), 16)
        if "nc" in said and count != len(counts) + 1:
            self.violations.append(f"nonce count {count} after {counts}")
        counts.append(count)
        self._is_stale = 0 < self.nonce_uses < len(counts)
        return said["response"] == self._response(said, method, algorithm) and not self._is_stale

    def _response(self, said: dict[str, str], method: str, algorithm: str) -> str:
        make = hashlib.sha256 if algorithm.startswith("SHA-256") else hashlib.md5

        def hashed(text: str) -> str:
            return make(text.encode()).hexdigest()

        secret = hashed(f"{self.username}:{_REALM}:{self.password}")
        if algorithm.endswith("-sess"):
            secret = hashed(f"{secret}:{said['nonce']}:{said['cnonce']}")
        question = hashed(f"{method}:{said['uri']}")
        if "qop" not in said:
            return hashed(f"{secret}:{said['nonce']}:{question}")
        middle = f"{said['nonce']}:{said['nc']}:{said['cnonce']}:{said['qop']}"
        return hashed(f"{secret}:{middle}:{question}")


def _quoted(text: str) -> str:
    escaped = text.replace('"', '\\"')
    return f'"{escaped}"'
