"""The configuration as it stands, for the center to read and to change. Secrets stay here.

Each file comes with the SHA-256 of what is on the disk: a proposal names it, so that nothing is
overwritten that somebody changed meanwhile.
"""

from hashlib import sha256
from pathlib import Path

from edge_agent.config.load import AGENT_FILE, CAMERAS_FOLDER, camera_ids
from edge_agent.config.redaction import Redaction, secrets_in
from edge_agent.contract.command import Result
from edge_agent.daemon.commands.answer import Answer, Order, RefusedError
from edge_agent.daemon.commands.args import Args
from edge_agent.errors import EdgeAgentError


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
        redaction = Redaction(secrets_in(self._folder))
        files = {name: _read(self._folder, name, redaction) for name in names}
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


def _read(folder: Path, name: str, redaction: Redaction) -> dict[str, object]:
    content = content_of(folder / name)
    text = content.decode("utf-8", errors="replace")
    redacted = redaction.clean_toml(text)
    return {"text": redacted, "sha256": hash_of(content), "redacted": redacted != text}
