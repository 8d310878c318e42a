"""Which configuration a command works on, and how to say so in a command to paste."""

import os
import shlex
from pathlib import Path

DEFAULT_FOLDER = "/etc/edge-agent"
# Of the center's commands: another machine, another service, another user.
CENTER_FOLDER = "/etc/edge-agent-center"
# The agent reads its files when it starts.
RESTART = "sudo systemctl restart edge-agent"
RELOAD = "sudo systemctl reload edge-agent"


def default_folder(verb: str = "") -> Path:
    """Return the folder that a verb takes without --config."""
    installed = CENTER_FOLDER if verb == "center" else DEFAULT_FOLDER
    return Path(os.environ.get("EDGE_AGENT_CONFIG") or installed)


def with_folder(command: str, folder: Path) -> str:
    """Return the command for that folder; short where it is the default anyway."""
    if folder == default_folder():
        return command
    return f"{command} --config {shlex.quote(str(folder))}"
