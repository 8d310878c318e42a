"""The configuration as it stands, for the center to read and to change. Secrets stay here.

Each file comes with the SHA-256 of what is on the disk: a proposal names it, so that nothing is
overwritten that somebody changed meanwhile.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from edge_agent.config.load import AGENT_FILE, CAMERAS_FOLDER, camera_ids
from edge_agent.config.store import SECRETS_FOLDER
from edge_agent.contract.command import Result
from edge_agent.daemon.commands.answer import Answer, Order, RefusedError
from edge_agent.daemon.commands.args import Args
from edge_agent.errors import EdgeAgentError

STARS = "****"
# user:password@ in an address, password=… in its query, and password = "…" in a line of TOML.
_USER = re.compile(r"(?<=://)[^/\s\"'@]*(?:@[^/\s\"'@]*)*@")
_QUERY = re.compile(r"(?<=[?&_;])(password|passwd|pwd|pass|token)=[^&\s\"'_]+", re.IGNORECASE)
_LINE = re.compile(
    r"^(.*(?:password|passwd|secret|token)\w*(?<!_file)[ \t]*=[ \t]*)(?!\[).*$",
    re.IGNORECASE | re.MULTILINE,
)
# Shorter ones would star half of every file.
_SHORTEST_SECRET = 4


class ConfigGet:
    """Answers with the texts of agent.toml and of the cameras' files."""

    name = "config_get"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def act(self, order: Order) -> Answer:
        """Read them. Some may be asked for by name, where all together are too large."""
        told = Args(order.command.args, "files")
        names = config_files(self._folder)
        if told.has("files"):
            wanted = told.texts("files")
            if unknown := sorted(wanted.keys() - set(names)):
                raise RefusedError(f"there is no {', '.join(unknown)}: {', '.join(names)}")
            names = tuple(name for name in names if name in wanted)
        secrets = secrets_of(self._folder)
        files = {name: _read(self._folder, name, secrets) for name in names}
        return Answer(Result.DONE, data={"files": files})


def config_files(folder: Path) -> tuple[str, ...]:
    """Return the names of the files that are the configuration."""
    return (AGENT_FILE, *(f"{CAMERAS_FOLDER}/{name}.toml" for name in camera_ids(folder)))


def hash_of(content: bytes) -> str:
    """Return what a proposal names a file by."""
    return sha256(content).hexdigest()


def content_of(file: Path) -> bytes:
    """Return what is in it. Raises EdgeAgentError."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise EdgeAgentError(
            f"cannot read {file}: {error.strerror}",
            hint="run this with sudo, or let the user of the agent read it",
        ) from error


def secrets_of(folder: Path) -> frozenset[str]:
    """Return the passwords of this box, to find them wherever somebody wrote them."""
    found = set()
    for file in sorted((folder / SECRETS_FOLDER).glob("*")):
        try:
            text = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            # One that we cannot read has not come from us into a file.
            continue
        if len(text) >= _SHORTEST_SECRET:
            found.add(text)
    return frozenset(found)


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return the text with stars in place of what nobody else may know."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, STARS)
    text = _USER.sub(f"{STARS}@", text)
    text = _QUERY.sub(rf"\1={STARS}", text)
    return _LINE.sub(rf'\1"{STARS}"', text)


def _read(folder: Path, name: str, secrets: Iterable[str]) -> dict[str, object]:
    content = content_of(folder / name)
    text = content.decode("utf-8", errors="replace")
    redacted = redact(text, secrets)
    return {"text": redacted, "sha256": hash_of(content), "redacted": redacted != text}
