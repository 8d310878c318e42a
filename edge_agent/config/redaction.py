"""Take secrets out of texts that leave the box: by value where we know them, by shape where we do not.

For what the center reads and for support bundles alike. A file of TOML is read, too: whatever its
spelling, no secret that it says is left in what goes out, or the whole text is not told.
"""

import base64
import html
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

from edge_agent.config.load import AGENT_FILE, CAMERAS_FOLDER
from edge_agent.config.store import SECRETS_FOLDER

STARS = "****"
# Shorter ones would tear words apart; they are taken out where they stand alone.
_LEAST_CHARACTERS = 4
# A longer file holds no password.
_MOST_BYTES = 64_000
_NAMES = r"password|passwd|passphrase|pwd|secret|token|api[_-]?key|authorization"
# Repetitions have an end here: without one a text of 60 KB could keep the thread for minutes.
# What such a name says: its text in three quotes, to the end where that was cut off, and its line.
_NAMED = re.compile(
    rf"(?im)((?:{_NAMES})[\w-]{{0,64}}(?<!_file)[\"']?[ \t]*[=:][ \t]*)"
    r'((?s:""".*?(?:"""|\Z)|\'\'\'.*?(?:\'\'\'|\Z))?.*)$'
)
# In addresses the name may be shorter, and the end is that of the address.
_QUERY = re.compile(r"(?i)(?<=[?&;/_])(pass|pw)=[^\s\"'<>]+")
# Up to the last @ before the path; behind a colon up to the last of all: a password may have a /.
_USERINFO = re.compile(r"(?<=://)(?:[^\s/@:\"'<>]{0,256}:[^\s\"'<>]{0,512}@|[^\s/\"'<>]{0,512}@)")
# Up to the end of the text where its end was cut off.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_IS_NAME = re.compile(rf"(?i)(?:{_NAMES})(?!\w*_file\b)")
_IS_FILE = re.compile(rf"(?i)(?:{_NAMES}|key)\w*_file$")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2}))")
_CONTINUED = re.compile(r"\\[ \t]*\r?\n\s*")
# Their names name files and people, or public keys; what is inside of them is not for others.
_PRIVATE_FILES = ("*.pem", "*.key", "*password*", "*secret*", "*token*")


class Redaction:
    """Knows the secrets of a box, in every spelling in which a text may carry them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secrets)
        spellings = {
            each for secret in self._secrets if secret.strip() for each in _spellings(secret)
        }
        # The longest first: one may be the beginning of another.
        in_order = sorted(spellings, key=lambda one: (-len(one), one))
        self._long = [one for one in in_order if len(one) >= _LEAST_CHARACTERS]
        short = (re.escape(one) for one in in_order if len(one) < _LEAST_CHARACTERS)
        self._short = [re.compile(rf"(?<!\w){one}(?!\w)") for one in short]

    def clean(self, text: str) -> str:
        """Return the text with stars for secrets."""
        for word in self._long:
            text = text.replace(word, STARS)
        for pattern in self._short:
            text = pattern.sub(STARS, text)
        text = _PRIVATE_KEY.sub(STARS, text)
        text = _USERINFO.sub(f"{STARS}@", text)
        text = _NAMED.sub(_starred, text)
        return _QUERY.sub(rf"\1={STARS}", text)

    def clean_toml(self, text: str) -> str:
        """Return the text of a configuration file with stars for secrets, also for its own."""
        own = list(secrets_of_toml(text))
        cleaned = Redaction((*self._secrets, *own)).clean(text)
        plain = _CONTINUED.sub("", _ESCAPE.sub(_meant, cleaned))
        # Who writes a password in numbers of characters has none of the file told.
        is_there = any(one in plain for one in own if len(one.strip("*")) >= _LEAST_CHARACTERS)
        return STARS if is_there else cleaned


def secrets_in(folder: Path, named: Iterable[Path] = ()) -> list[str]:
    """Return the secrets of a configuration: in secret files, in files that it names, in its texts.

    Who may not read a secret cannot give it away either: what is unreadable is left out.
    """
    files = {*named, *(folder / SECRETS_FOLDER).rglob("*")}
    for pattern in _PRIVATE_FILES:
        files |= set(folder.rglob(pattern))
    secrets: list[str] = []
    for toml in (folder / AGENT_FILE, *sorted((folder / CAMERAS_FOLDER).glob("*.toml"))):
        text = _text(toml)
        secrets += secrets_of_toml(text)
        files |= {folder / name for name in _named_files(text)}
    return [*secrets, *(line for file in sorted(files) for line in _lines(file))]


def secrets_of_toml(text: str) -> Iterator[str]:
    """Yield what a text of TOML says in places for secrets, however it is spelt there."""
    for path, value in _texts(_parsed(text)):
        if any(_IS_NAME.search(key) for key in path):
            yield from (value, *value.splitlines())
        elif "://" in value:
            yield from _secrets_of_address(value)


def _secrets_of_address(value: str) -> Iterator[str]:
    before, found, _ = value.partition("://")[2].rpartition("@")
    if found:
        password = before.partition(":")[2]
        yield from (password, unquote(password))
    for name, said in re.findall(r"[?&;/_](\w{1,64}?)=([^&;]*)", value):
        if _IS_NAME.search(name) or name.lower() in {"pass", "pw"}:
            yield from (said, unquote(said))


def _named_files(text: str) -> Iterator[str]:
    for path, value in _texts(_parsed(text)):
        if path and _IS_FILE.search(path[-1]) and "\0" not in value:
            yield value


def _parsed(text: str) -> object:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        # What cannot be read is cleaned by its shape alone.
        return {}


def _texts(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text of a table, and where it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, path)
    elif isinstance(value, str):
        yield path, value
    elif not isinstance(value, bool) and any(_IS_NAME.search(key) for key in path):
        # A password of digits alone, without quotes.
        yield path, str(value)


def _text(file: Path) -> str:
    with suppress(OSError):
        if file.is_file() and file.stat().st_size <= _MOST_BYTES:
            return file.read_text(encoding="utf-8", errors="replace")
    return ""


def _lines(file: Path) -> list[str]:
    return [line.strip() for line in _text(file).splitlines() if not line.startswith("-----")]


def _starred(found: re.Match[str]) -> str:
    name, value = found.groups()
    if not value.strip():
        return found[0]
    if value[0] in "\"'":
        return f'{name}"{STARS}"'
    # In an address the quotation mark behind it is the address's.
    end = value.rstrip()[-1]
    return f"{name}{STARS}{end if end in {chr(34), chr(39)} else ''}"


def _meant(found: re.Match[str]) -> str:
    number = int(next(filter(None, found.groups())), 16)
    return chr(number) if number <= 0x10FFFF else found[0]  # noqa: PLR2004 (Unicode's last)


def _spellings(secret: str) -> set[str]:
    raw = secret.encode(errors="replace")
    quoted = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    return {
        secret,
        *quoted,
        *(re.sub("%..", lambda found: found[0].lower(), one) for one in quoted),
        base64.b64encode(raw).decode(),
        # As TOML, JSON and XML write it.
        secret.replace("\\", "\\\\").replace('"', '\\"'),
        json.dumps(secret)[1:-1],
        html.escape(secret),
    }
