"""Which configuration a command works on, and how to say so in a command to paste."""

import os
import shlex
from pathlib import Path

DEFAULT_FOLDER = "/etc/edge-agent"
# The agent reads its files when it starts.
RESTART = "sudo systemctl restart edge-agent"
RELOAD = "sudo systemctl reload edge-agent"


def default_folder() -> Path:
    """Return the folder that is taken without --config."""
    return Path(os.environ.get("EDGE_AGENT_CONFIG") or DEFAULT_FOLDER)


def with_folder(command: str, folder: Path) -> str:
    """Return the command for that folder; short where it is the default anyway."""
    if folder == default_folder():
        return command
    return f"{command} --config {shlex.quote(str(folder))}"
