"""Model folders and packs to test with: our own street model under other names, and broken ones."""

from __future__ import annotations

import hashlib
import re
import shutil
from typing import TYPE_CHECKING

from edge_agent.inference.model_file import MODELS, load_card
from edge_agent.packs.pack_file import make_head, write_pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_agent.packs.head import PackHead


# The card of the model that ships.
SHIPPED = load_card(MODELS / "street")


def street(folder: Path, version: str = "9.9.9", name: str = "street", **changes: str) -> Path:
    """Copy the shipped model under another version; `changes` are keys of its card."""
    shutil.copytree(MODELS / "street", folder)
    values = {"name": f'"{name}"', "version": f'"{version}"', **changes}
    for key, value in values.items():
        change_card(folder, rf"^{key} = .*$", f"{key} = {value}")
    return folder


def change_card(folder: Path, pattern: str, by: str) -> None:
    card = folder / "model.toml"
    text, count = re.subn(pattern, by, card.read_text(), count=1, flags=re.MULTILINE)
    assert count == 1, pattern
    card.write_text(text)


def change_weights(folder: Path, change: Callable[[bytes], bytes]) -> Path:
    """Change the weights and let the card tell their new digest: a maker's mistake, no damage."""
    weights = folder / "street.tflite"
    weights.write_bytes(change(weights.read_bytes()))
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    change_card(folder, r"^sha256 = .*$", f'sha256 = "{digest}"')
    return folder


def packed(folder: Path, file: Path, head: PackHead | None = None) -> Path:
    """Pack a folder without trying it."""
    head = head or make_head(folder)
    card, weights = ((folder / part.name).read_bytes() for part in (head.card, head.weights))
    write_pack(file, head, (card, weights))
    return file
