"""A pack on disk: its first lines, then the card, then the weights, and not a byte more.

Nothing is unpacked by name into anywhere: two files of known size go into one folder of ours.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import CARD, load_card
from edge_agent.packs.head import (
    MOST_CARD_BYTES,
    MOST_WEIGHTS_BYTES,
    PackHead,
    Part,
    check_size,
    check_weights_name,
    damaged,
    read_head,
)
from edge_agent.packs.names import NAME_RULE, PackName, pack_name
from edge_agent.runtime.files import write_whole

# Beside an installed model: the pack's first lines, to check it against later.
HEAD = "pack.head"
_MADE_WRONG = "have it made anew: `edge-agent model pack` tells its maker the same"


@contextmanager
def open_pack(path: Path) -> Iterator[tuple[BinaryIO, PackHead]]:
    """Open a pack and read its head; every failure says which file it was."""
    try:
        with reading(path), path.open("rb") as file:
            yield file, read_head(file)
    except EdgeAgentError as error:
        error.add_note(str(path))
        raise


def read_parts(file: BinaryIO, head: PackHead) -> tuple[bytes, bytes]:
    """Return the card and the weights, which end the file.

    Raises EdgeAgentError where a part differs from what the head says, or something follows.
    """
    card, weights = (_read(file, part) for part in (head.card, head.weights))
    if file.read(1):
        raise damaged("something stands behind its end")
    return card, weights


def unpack(path: Path, head: PackHead, parts: tuple[bytes, bytes], folder: Path) -> None:
    """Write both parts into a folder, and the head beside them; all of it is on disk then."""
    files = (HEAD, head.content()), (head.card.name, parts[0]), (head.weights.name, parts[1])
    with writing(path):
        for name, content in files:
            write_whole(folder / name, content)


def check_folder(folder: Path, head: PackHead) -> PackName:
    """Return what the model in this folder is called, after the card is read and fits the head.

    Raises EdgeAgentError where the card is wrong, or not about these weights.
    """
    card = load_card(folder)
    if card.weights.name != head.weights.name or card.sha256 != head.weights.sha256:
        raise EdgeAgentError(
            f"the card is about {card.weights.name}, the pack holds {head.weights.name}",
            hint="make the pack anew with `edge-agent model pack`",
        )
    name = pack_name(card.name, card.version)
    if name is None:
        raise EdgeAgentError(
            f'"{card.name}" {card.version} cannot be the name of a pack', hint=NAME_RULE
        )
    return name


@contextmanager
def telling_of_pack(folder: Path) -> Iterator[None]:
    """Say in one line what is wrong with a model that was unpacked into a folder that vanishes."""
    try:
        yield
    except EdgeAgentError as error:
        first, *problems = error.what.replace(f"{folder}/", "").split("\n  - ")
        what = " ".join([first, "; ".join(problems)]) if problems else first
        # Whoever made the card wrote some of these words, and a terminal obeys what it is told.
        what = "".join(sign if sign.isprintable() else "?" for sign in what)
        # Its card cannot be corrected here.
        raise EdgeAgentError(what, hint=_MADE_WRONG if problems else error.hint) from error


def make_head(folder: Path) -> PackHead:
    """Return the head for a model folder. Raises EdgeAgentError where no box would take it."""
    card = load_card(folder)
    check_size(CARD, (folder / CARD).stat().st_size, MOST_CARD_BYTES)
    check_size(card.weights.name, card.weights.stat().st_size, MOST_WEIGHTS_BYTES)
    check_weights_name(card.weights.name)
    head = PackHead(_part(folder / CARD), _part(card.weights))
    check_folder(folder, head)
    return head


def write_pack(path: Path, head: PackHead, parts: tuple[bytes, bytes]) -> None:
    """Write a pack whole or not at all; the same head and parts make the same bytes."""
    with writing(path):
        write_whole(path, b"".join((head.content(), *parts)))


def check_installed(folder: Path) -> PackHead:
    """Return the head of an installed model, whose files are still what it says.

    Raises EdgeAgentError where one of them changed or is gone.
    """
    with open_pack(folder / HEAD) as (file, head):
        if file.read(1):
            raise damaged("something stands behind its end")
    for part in (head.card, head.weights):
        with reading(folder / part.name), (folder / part.name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != part.sha256:
            raise EdgeAgentError(
                f"{folder / part.name} is not what was installed",
                hint="install the pack again; if it changes again, the disk fails",
            )
    return head


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in our words that a file cannot be read."""
    try:
        yield
    except OSError as error:
        raise EdgeAgentError(
            f"cannot read {path}: {(error.strerror or str(error)).lower()}",
            hint="check the name of the file, and that you may read it",
        ) from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in our words that something cannot be written."""
    try:
        yield
    except OSError as error:
        raise EdgeAgentError(
            f"cannot write {path}: {(error.strerror or str(error)).lower()}",
            hint="run this with sudo where the place is the agent's; see that the disk has room",
        ) from error


def _read(file: BinaryIO, part: Part) -> bytes:
    content = file.read(part.size_bytes)
    if len(content) < part.size_bytes:
        raise damaged(f"it ends in the middle of {part.name}")
    if hashlib.sha256(content).hexdigest() != part.sha256:
        raise damaged(f"{part.name} does not fit its checksum")
    return content


def _part(path: Path) -> Part:
    content = path.read_bytes()
    return Part(path.name, len(content), hashlib.sha256(content).hexdigest())
