"""What a single value must be: topic-safe words, names for people, paths short enough."""

import json
import re
from pathlib import Path

from edge_agent.toml.reader import Table

# Site, box and camera become levels of MQTT topics, where / + # have a meaning of their own.
_WORD = re.compile(r"[a-z0-9_-]{1,32}")
WORD_RULE = "use 1 to 32 of a-z, 0-9, - and _"
# What the system's sockets allow: 108 bytes with the final zero (unix(7)).
_LONGEST_SOCKET_PATH = 107


def is_word(text: str) -> bool:
    """Tell whether a text can be a level of a topic."""
    return _WORD.fullmatch(text) is not None


def read_word(table: Table, key: str, example: str) -> str:
    """Return a word that can be a level of a topic."""
    text = table.need(key, f'write {key} = "{example}"')
    if text and not is_word(text):
        table.refuse(key, f'"{text}" cannot be used in a topic', WORD_RULE)
    return text


def read_name(table: Table, key: str, default: str, longest: int) -> str:
    """Return a name for people: printable, not blank at its ends."""
    name = table.text(key, default)
    if wrong := judge_name(name, longest):
        table.refuse(key, wrong)
    return name


def judge_name(name: str, longest: int) -> str:
    """Return what is wrong with a name for people, or nothing."""
    if not 0 < len(name) <= longest:
        return f"has {len(name)} characters; it needs 1 to {longest}"
    # Names go into alerts, which have to stay small.
    if (size := len(json.dumps(name, ensure_ascii=False).encode()) - len('""')) > longest:
        return f"takes {size} bytes in a message; {longest} is the most"
    if not name.isprintable() or name != name.strip():
        return "has blanks at an end or characters that cannot be printed"
    return ""


def check_state_dir(table: Table, folder: Path) -> None:
    """Note a state folder whose path is too long for the status socket inside."""
    length = len(bytes(folder))
    most = _LONGEST_SOCKET_PATH - len("/status.sock")
    if length > most:
        table.refuse(
            "state_dir", f"has {length} bytes, too long for a socket inside", f"use at most {most}"
        )
