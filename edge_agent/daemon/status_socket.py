"""The running agent's side of `edge-agent status`: one question, one answer, a socket file."""

import socket
from collections.abc import Callable
from pathlib import Path

from edge_agent.errors import EdgeAgentError

# Somebody who asks and does not listen must not hold up the supervisor.
_ANSWER_S = 1.0
_BACKLOG = 4


class StatusSocket:
    """Listens from `open` to `close`; the supervisor lets it answer between its rounds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._line: socket.socket | None = None

    def open(self) -> None:
        """Begin to listen. Raises EdgeAgentError when another agent has this folder."""
        if self._is_answered():
            raise EdgeAgentError(
                f"another edge-agent is already running on {self._path.parent}",
                hint="stop it first:  sudo systemctl stop edge-agent",
            )
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._path.unlink(missing_ok=True)
            line.bind(str(self._path))
            self._path.chmod(0o660)
            line.listen(_BACKLOG)
        except OSError as error:
            line.close()
            raise EdgeAgentError(
                f"cannot listen at {self._path}: {(error.strerror or str(error)).lower()}",
                hint="make state_dir a folder that the agent may write to",
            ) from error
        self._line = line

    def answer(self, status: Callable[[], bytes], *, wait_s: float) -> None:
        """Answer one question, if one comes within that time."""
        if self._line is None:
            return
        self._line.settimeout(wait_s)
        try:
            asker, _ = self._line.accept()
        except TimeoutError:
            return
        with asker:
            asker.settimeout(_ANSWER_S)
            try:
                asker.sendall(status())
            except OSError:
                # The asker went away; that is its right.
                return

    def close(self) -> None:
        """Stop listening and take the file away."""
        if self._line is not None:
            self._line.close()
            self._path.unlink(missing_ok=True)
            self._line = None

    def _is_answered(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(_ANSWER_S)
            try:
                line.connect(str(self._path))
            except OSError:
                return False
            return True
