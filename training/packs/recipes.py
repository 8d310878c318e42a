"""Which file of whom becomes which pack. A file with another digest is another model, and refused.

The weights are not ours to ship; the cards are ours, and say where the weights come from.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_agent.errors import EdgeAgentError
from training.packs.coral import without_suppression

CARDS = Path(__file__).parent / "cards"


def _as_it_is(content: bytes) -> bytes:
    return content


@dataclass(frozen=True, slots=True)
class Recipe:
    """One detector: its file, the file's digest, and what is done to it."""

    file: str
    sha256: str
    change: Callable[[bytes], bytes] = _as_it_is
    # Needs `--allow-float`, here and on the box.
    is_float: bool = False


RECIPES = {
    "nanodet": Recipe(
        "nanodet_m_320_int8.tflite",
        "15ff7e2ec1aff3401f1db6c7edabc5466ade37f1622fb167b0789f6c8e4f4986",
    ),
    "fastestdet": Recipe(
        "fastestdet_352_int8.tflite",
        "1a92ac8cd51cdadf40a798a73e65b433e085b3398263646b0448d4af84740331",
    ),
    "coral": Recipe(
        "coral_traffic_model.tflite",
        "e2b84f99170285640a5212a26b4ea466e1b9d957bdd46e0082c2918a874e3e65",
        change=without_suppression,
    ),
    "yolox": Recipe(
        "yolox_nano_416_dr.tflite",
        "5eab7087c5a9042a8edc8281b8b2e39a70e36ccd663ce2445e9d8ba7192a6e5c",
        is_float=True,
    ),
}


def lay_out(family: str, models: Path, folder: Path) -> Path:
    """Write card and weights of one detector into a folder, ready to be packed."""
    recipe = RECIPES[family]
    source = models / recipe.file
    try:
        content = source.read_bytes()
    except OSError as error:
        raise EdgeAgentError(
            f"cannot read {source}: {(error.strerror or str(error)).lower()}",
            hint="--models names the folder with the detectors' files",
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != recipe.sha256:
        raise EdgeAgentError(
            f"{source} is another file than this recipe is for: its sha256 is {found}",
            hint="take the file that the card names, or write a card of your own",
        )
    weights = recipe.change(content)
    digest = hashlib.sha256(weights).hexdigest()
    card = (CARDS / f"{family}.toml").read_text(encoding="utf-8")
    (folder / recipe.file).write_bytes(weights)
    (folder / "model.toml").write_text(card.replace("@sha256@", digest), encoding="utf-8")
    return folder
