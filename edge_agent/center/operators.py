"""The people who may change the handling of an alert: a name and a scrypt hash a line, in one file.

The file's first line is the secret that sessions are signed with, so that several centers with the
same file know each other's logins. Whoever can read it can log in: 0600, or it is refused.
"""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from edge_agent.center.password_hash import fits, hashed
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.files import write_whole
from edge_agent.runtime.secret import Secret

_SESSION = "session"
_NAME = re.compile(r"[\w.-]{1,40}")
# Shorter ones are guessed in a night even by a page that makes guessers wait.
_LEAST_CHARACTERS = 10
# What nobody's password is: an unknown name takes as long as a known one.
_NOBODY = hashed(secrets.token_hex())
_ADD = "edge-agent center operator add NAME"


@dataclass(frozen=True, slots=True)
class Operators:
    """Everybody in the file."""

    session_secret: Secret
    hashes: dict[str, str]

    def knows(self, name: str, password: Secret) -> bool:
        """Tell whether this is that person."""
        known = self.hashes.get(name)
        return fits(known or _NOBODY, password.reveal()) and known is not None


def read_operators(path: Path) -> Operators:
    """Return everybody. Raises EdgeAgentError where the file cannot be used."""
    try:
        is_open = path.stat().st_mode & 0o077
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise EdgeAgentError(f"there is no file of operators at {path}", hint=_ADD) from error
    except (OSError, UnicodeDecodeError) as error:
        raise EdgeAgentError(
            f"cannot read the file of operators {path}", hint="run this as the center's user"
        ) from error
    if is_open:
        raise EdgeAgentError(
            f"others may read the file of operators {path}", hint=f"chmod 600 {path}"
        )
    words = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    if not words or any(len(pair) != 2 for pair in words) or words[0][0] != _SESSION:  # noqa: PLR2004 (name, value)
        raise EdgeAgentError(
            f"the file of operators {path} is damaged",
            hint=f"move it away and add everybody again: {_ADD}",
        )
    return Operators(Secret(words[0][1]), dict(words[1:]))


def add_operator(path: Path, name: str, password: Secret) -> bool:
    """Let somebody in, or give somebody a new password; tell whether they are new.

    Whoever is logged in under that name is logged out by it. Raises EdgeAgentError.
    """
    if not _NAME.fullmatch(name) or name == _SESSION:
        raise EdgeAgentError(
            f"{name} is no name for an operator",
            hint="letters, digits, dots, dashes and underscores, at most 40",
        )
    if len(password.reveal()) < _LEAST_CHARACTERS:
        raise EdgeAgentError(
            "that password is too short", hint=f"take {_LEAST_CHARACTERS} characters or more"
        )
    known = (
        read_operators(path) if path.exists() else Operators(Secret(secrets.token_urlsafe(32)), {})
    )
    is_new = name not in known.hashes
    hashes = known.hashes | {name: hashed(password.reveal())}
    lines = [f"{_SESSION} {known.session_secret.reveal()}"]
    lines += [f"{one} {its}" for one, its in sorted(hashes.items())]
    try:
        write_whole(path, "".join(f"{line}\n" for line in lines).encode(), mode=0o600)
    except OSError as error:
        raise EdgeAgentError(
            f"cannot write the file of operators {path}", hint="run this as the center's user"
        ) from error
    return is_new
