"""Take secrets out of texts that leave the box: by value where we know them, by shape where we do not."""

import base64
import html
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from edge_agent.config.store import SECRETS_FOLDER

STARS = "****"
# Shorter ones would tear words apart; they are taken out where they stand alone.
_LEAST_CHARACTERS = 4
# A longer file holds no password.
_MOST_BYTES = 64_000
_USERINFO = re.compile(r"(?<=://)[^\s/@\"']+@")
# Up to the end of the text where its end was cut off.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_NAMED = re.compile(
    r"(?im)\b(password|passwd|passphrase|pwd|secret|token|api_?key|authorization)"
    r"([\"']?\s*[=:]\s*)\S.*$"
)
# Their names name files and people, or public keys; what is inside of them is not for others.
_PRIVATE_NAMES = ("*.pem", "*.key", "*password*", "*secret*", "*token*")


class Redaction:
    """Knows the secrets of a box, in every spelling in which a text may carry them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {each for secret in secrets if secret for each in _spellings(secret)}
        # The longest first: one may be the beginning of another.
        self._words = [_pattern(each) for each in sorted(spellings, key=len, reverse=True)]

    def clean(self, text: str) -> str:
        """Return the text with stars for secrets."""
        for word in self._words:
            text = word.sub(STARS, text)
        text = _PRIVATE_KEY.sub(STARS, text)
        text = _USERINFO.sub(f"{STARS}@", text)
        return _NAMED.sub(rf"\1\2{STARS}", text)


def secrets_in(folder: Path, named: Iterable[Path]) -> list[str]:
    """Return what the secret files of a configuration hold; unreadable ones are left out.

    Who may not read a secret cannot give it away either.
    """
    files = {*named, *(folder / SECRETS_FOLDER).rglob("*")}
    for pattern in _PRIVATE_NAMES:
        files |= set(folder.rglob(pattern))
    return [line for file in sorted(files) for line in _lines(file)]


def _lines(file: Path) -> list[str]:
    with suppress(OSError):
        if file.is_file() and file.stat().st_size <= _MOST_BYTES:
            text = file.read_text(encoding="utf-8", errors="replace")
            return [line.strip() for line in text.splitlines() if not line.startswith("-----")]
    return []


def _spellings(secret: str) -> set[str]:
    raw = secret.encode()
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        base64.b64encode(raw).decode(),
        # As TOML, JSON and XML write it.
        secret.replace("\\", "\\\\").replace('"', '\\"'),
        json.dumps(secret)[1:-1],
        html.escape(secret),
    }


def _pattern(text: str) -> re.Pattern[str]:
    if len(text) >= _LEAST_CHARACTERS:
        return re.compile(re.escape(text))
    return re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
