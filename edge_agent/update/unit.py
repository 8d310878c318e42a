"""The watcher as a service of its own, made for one trial: nothing of the new version can spoil it."""

import logging
import shutil
import subprocess
from collections.abc import Sequence

from edge_agent.runtime.files import write_whole
from edge_agent.update.places import SERVICE, UNIT, Places

log = logging.getLogger(__name__)

_DEADLINE_S = 60.0
_PROPERTIES = ("ActiveState", "ExecMainStartTimestampMonotonic", "MainPID")
_TEXT = """\
# Written when a new version of edge-agent came, and gone when it has proven itself or was taken back.
[Unit]
Description=whether the new version of edge-agent does as well as the one before
ConditionPathExists={copy}

[Service]
ExecStart=/usr/bin/python3 -I {copy} watch
Restart=on-failure
RestartSec=30
SyslogIdentifier=edge-agent-updates
"""


def start(places: Places) -> None:
    """Let it run now, and after each boot. Raises OSError where the disk refuses."""
    text = _TEXT.format(copy=places.copy)
    write_whole(places.unit, text.encode())
    places.wants.parent.mkdir(exist_ok=True)
    places.wants.unlink(missing_ok=True)
    places.wants.symlink_to(f"../{UNIT}")
    systemctl("daemon-reload")
    systemctl("restart", "--no-block", UNIT)


def remove(places: Places) -> None:
    """Let it not run again; it may be the one that calls this."""
    places.wants.unlink(missing_ok=True)
    places.unit.unlink(missing_ok=True)
    systemctl("daemon-reload")


def agent_start() -> str:
    """Return what names the present start of the agent's process; "" while it does not run."""
    said = systemctl("show", SERVICE, f"--property={','.join(_PROPERTIES)}")
    told = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    # While it takes changed files in it is "reloading", and runs.
    if told.get("ActiveState") not in {"active", "reloading"} or told.get("MainPID", "0") == "0":
        return ""
    return f"{told['MainPID']} {told.get('ExecMainStartTimestampMonotonic', '')}"


def systemctl(*words: str) -> str:
    """Ask systemd; return what it says, "" where it does not."""
    program = shutil.which("systemctl", path="/usr/bin:/bin")
    if not program:
        return ""
    try:
        return _said([program, *words])
    except (OSError, subprocess.TimeoutExpired) as error:
        log.info("systemctl %s: %s", words[0], error)
        return ""


def _said(words: Sequence[str]) -> str:
    done = subprocess.run(  # noqa: S603 (systemctl, and words of this module)
        words, check=False, capture_output=True, text=True, timeout=_DEADLINE_S
    )
    if done.returncode != 0:
        log.info("%s: %s", " ".join(words), done.stderr.strip()[-500:])
    return done.stdout
