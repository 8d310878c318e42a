"""The passphrase of a backup: typed twice where it is new, or from a file."""

import argparse
import sys
from pathlib import Path

from edge_agent.cli.login import Keyboard
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.secret import Secret


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--passphrase-file",
        metavar="FILE",
        default="",
        help="- for standard input; else you are asked",
    )


def read_passphrase(source: str, keyboard: Keyboard, *, is_new: bool) -> Secret:
    """Return it. Raises EdgeAgentError where it cannot be had, or was typed in two ways."""
    if source:
        return _read(source)
    if not keyboard.is_there:
        raise EdgeAgentError(
            "nobody is here to type the passphrase",
            hint="give it in a file: --passphrase-file FILE",
        )
    typed = keyboard.ask_secret("passphrase of the backup: ")
    if is_new and typed != keyboard.ask_secret("the same again: "):
        raise EdgeAgentError("the two were not the same", hint="run the command again")
    return typed


def _read(source: str) -> Secret:
    try:
        text = sys.stdin.readline() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EdgeAgentError(
            f"cannot read the passphrase in {source}",
            hint="name a text file with one line, which you may read",
        ) from error
    return Secret(text.rstrip("\r\n"))
