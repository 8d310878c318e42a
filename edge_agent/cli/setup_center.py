"""The center's key, as a person gives it: pasted, or in a file that holds what the center printed.

A wrong one is worse than none: the box would keep every alert and wait for a receipt that it can
never believe. So what cannot be the center's is refused at once.
"""

import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from edge_agent.alerts.box_key import FOLDER, find_keys
from edge_agent.contract import key_id, read_key
from edge_agent.errors import EdgeAgentError

_AS_PRINTED = "paste the line that `edge-agent center key` has printed there"
# What the center prints is a hundred bytes; a longer file is another one.
_MOST_BYTES = 65_536
_LINE = re.compile(r"^\s*keys\s*=\s*\[[^\]]*\]", re.MULTILINE)
# One that lost a few letters while it was copied; it may hold slashes, and be no path.
_LIKE_A_KEY = re.compile(r"[A-Za-z0-9+/=_-]{30,}")
_OF_A_PATH = frozenset("~/.")
_MOST_SHOWN = 60


def read_center_keys(answer: str) -> tuple[str, ...]:
    """Return the keys that are pasted, or stand in the file of that name. Raises EdgeAgentError."""
    if keys := _keys_in(answer):
        return keys
    if _is_path(answer):
        file = Path(os.path.expanduser(answer))  # noqa: PTH111 (Path's raises where nobody has that name)
        if keys := _keys_in(_text_of(file)):
            return keys
        raise EdgeAgentError(f"{file} holds no key of the center", hint=_AS_PRINTED)
    shown = "".join(sign if sign.isprintable() else "?" for sign in answer[:_MOST_SHOWN])
    raise EdgeAgentError(f'"{shown}" is no public key', hint=_AS_PRINTED)


def refuse_own(keys: Sequence[str], state_dir: Path) -> None:
    """Raise EdgeAgentError where one is this box's own, which `edge-agent key show` prints."""
    try:
        own = find_keys(state_dir / FOLDER)
    except EdgeAgentError:
        # A damaged one, or another user's, is said by `check` in a line of its own.
        return
    if own and own.signer.public in map(read_key, keys):
        raise EdgeAgentError(
            "that is this box's own key: with it no receipt would ever be believed",
            hint="take the one that `edge-agent center key` prints at the center",
        )


def names_of(keys: Sequence[str]) -> str:
    """Return the short names of keys, as the center shows them beside its own."""
    return ", ".join(key_id(key) for text in keys if (key := read_key(text)))


def _is_path(answer: str) -> bool:
    if not _OF_A_PATH & set(answer) or "\0" in answer:
        return False
    # A line of `key show` has a slash, too, and a blank.
    is_plain = " " not in answer and _LIKE_A_KEY.fullmatch(answer) is None
    return is_plain or os.path.isfile(answer)  # noqa: PTH113 (never raises)


def _keys_in(text: str) -> tuple[str, ...]:
    """Return the keys of a text: one alone, a line of `agent.toml`, or all that was printed."""
    if "PRIVATE KEY" in text:
        raise EdgeAgentError(
            "that is the center's private key, which nobody else may have",
            hint=f"take it away from here; {_AS_PRINTED}",
        )
    alone = text.strip().strip("\"'")
    if read_key(alone):
        return (alone,)
    line = _LINE.search(text)
    if line is None:
        return ()
    try:
        keys = tomllib.loads(line[0].strip())["keys"]
    except tomllib.TOMLDecodeError:
        return ()
    good = all(isinstance(key, str) and read_key(key) for key in keys)
    return tuple(keys) if good else ()


def _text_of(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_MOST_BYTES).decode()
    except UnicodeDecodeError as error:
        raise EdgeAgentError(f"{file} holds no key of the center", hint=_AS_PRINTED) from error
    except (OSError, ValueError) as error:
        why = (error.strerror or str(error)) if isinstance(error, OSError) else "it is no name"
        raise EdgeAgentError(
            f"cannot read {file}: {why.lower()}", hint=f"correct the name, or {_AS_PRINTED}"
        ) from error
