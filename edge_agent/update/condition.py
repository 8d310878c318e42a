"""How the agent does, in the few facts that decide about a new version, and what the old one did better.

Read from its status socket. What stands here under these names is asked of every later version, by
the watcher of the one before it: tests/update/test_condition.py holds the agent to it.
"""

import json
import socket
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_agent.update.trial import Trial

# What status.sock is called, and where it lies unless agent.toml says otherwise.
SOCKET_NAME = "status.sock"
STATE_DIR = Path("/var/lib/edge-agent")
_DEADLINE_S = 5.0
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The agent at one moment. `start` changes with each start of its process; "" while it does not run."""

    start: str = ""
    has_answered: bool = False
    # At least one camera's pictures come and are analysed.
    is_seeing: bool = False
    is_connected: bool = False


def ask(start: str, settings: Path) -> Condition:
    """Return how the agent with this configuration does; `start` names its process."""
    if not start:
        return Condition()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(_DEADLINE_S)
            line.connect(str(_state_dir(settings) / SOCKET_NAME))
            told = json.loads(_read_all(line))
        return Condition(
            start=start,
            has_answered=True,
            is_seeing=any(
                camera["is_streaming"] and camera["analysed_fps"] > 0 for camera in told["cameras"]
            ),
            is_connected=bool(told["broker"]["is_connected"]),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return Condition(start=start)


def shortfall(
    trial: Trial,
    now: Condition,
    *,
    camera_answers: Callable[[], bool],
    broker_answers: Callable[[], bool],
) -> tuple[str, bool]:
    """Return what the new version does worse than the old one, "" for nothing, and whether it counts.

    What cannot be reached from here is nobody's fault: a cut cable, a mobile link in bad weather.
    """
    if not now.start or now.start == trial.old_start:
        return "the service does not run", True
    if not now.has_answered:
        return "it runs, and does not answer", True
    if trial.was_seeing and not now.is_seeing:
        return "no camera's pictures are looked at", camera_answers()
    if trial.was_connected and not now.is_connected:
        return "the broker is not reached", broker_answers()
    return "", False


def _state_dir(settings: Path) -> Path:
    try:
        told = tomllib.loads((settings / "agent.toml").read_text(encoding="utf-8"))
        return settings / str(told["state_dir"])
    except (OSError, ValueError, KeyError):
        return STATE_DIR


def _read_all(line: socket.socket) -> bytes:
    answer = bytearray()
    while (part := line.recv(65_536)) and len(answer) < _MOST_BYTES:
        answer += part
    return bytes(answer)
