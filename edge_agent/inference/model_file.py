"""The model card: what a TFLite file expects, what its numbers mean, and where it comes from.

A model is a folder with `model.toml` and the weights it names. docs/reference/model-card.md
describes every key.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from edge_agent.domain.sighting import Label
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.card_table import CardTable

CARD = "model.toml"
MODELS = Path(__file__).parent.parent / "models"
Channels = Literal["rgb", "bgr"]
Decoding = Literal["ltrb", "nanodet", "fastestdet", "yolox", "ssd"]
# Smaller than this no network sees anything; larger than this no weak box has the memory.
_SIZE_PX = range(32, 2049)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """A checked card. `labels` has one entry per class of the network; None: we have no word."""

    name: str
    version: str
    weights: Path
    sha256: str
    licence: str
    made_by: str
    made_from: tuple[str, ...]
    width_px: int
    height_px: int
    channels: Channels
    # Per channel in the order of `channels`: real = (pixel - mean) / scale.
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    decoding: Decoding
    strides: tuple[int, ...]
    labels: tuple[Label | None, ...]
    # What counts as seen, 0..1; `label_scores` overrides it for some labels.
    score: float
    nms_iou: float
    label_scores: Mapping[Label, float]
    # Measured, by its maker, for people to read: "ap50.person" = 0.41.
    quality: Mapping[str, float]

    def lacks(self, labels: Iterable[Label]) -> list[Label]:
        """Return those of these labels that the model has no word for, in their order."""
        return sorted(set(labels) - set(self.labels))

    def down_to(self, share: float) -> "ModelCard":
        """Return the card of a model that also tells of what reaches only this share of a score."""
        fainter = {label: score * share for label, score in self.label_scores.items()}
        return replace(self, score=self.score * share, label_scores=fainter)


def find_card(model: str) -> Path:
    """Return the folder of a model: a name among those we ship, or the path of any folder.

    Raises EdgeAgentError if there is no such folder with a card in it.
    """
    folder = Path(model) if "/" in model else MODELS / model
    if (folder / CARD).is_file():
        return folder
    if "/" in model:
        raise EdgeAgentError(
            f"{folder} is no model folder: it has no {CARD}",
            hint=f"name a folder with {CARD} and its weights; docs/reference/model-card.md",
        )
    raise EdgeAgentError(
        f'there is no model called "{model}"',
        hint=f"choose one of: {', '.join(shipped_models())}; or name a folder with /. For an installed one"
        " take the line out, then: edge-agent model use NAME",
    )


def shipped_models() -> tuple[str, ...]:
    """Return the names of the models that come with edge-agent."""
    return tuple(sorted(card.parent.name for card in MODELS.glob(f"*/{CARD}")))


def load_card(folder: Path) -> ModelCard:
    """Read and check the card in a folder, and that the weights are those it describes.

    Raises EdgeAgentError with every problem of the card at once.
    """
    file = folder / CARD
    table = CardTable(_read(file))
    card = _card(table, folder)
    problems = table.finish()
    if problems:
        lines = "".join(f"\n  - {problem}" for problem in problems)
        raise EdgeAgentError(
            f"the model card {file} cannot be used:{lines}",
            hint="correct these lines; docs/reference/model-card.md describes every key",
        )
    _check_weights(card)
    return card


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise EdgeAgentError(
            f"the model card {file} cannot be read: {error.strerror}",
            hint="check that the file is there and that the agent's user may read it",
        ) from error
    except (ValueError, RecursionError) as error:
        # Not TOML, not UTF-8, a number of 5000 digits, brackets in brackets without end.
        raise EdgeAgentError(
            f"the model card {file} is not TOML: {error}", hint="correct that line of the card"
        ) from error


def _card(table: CardTable, folder: Path) -> ModelCard:
    made, put_in, taken_out = table, table.section("input"), table.section("output")
    limits = table.section("thresholds")
    width_px, height_px = (put_in.whole(key, _SIZE_PX) for key in ("width_px", "height_px"))
    return ModelCard(
        name=made.text("name"),
        version=made.text("version"),
        weights=folder / made.file_name("file"),
        sha256=made.text("sha256").lower(),
        licence=made.text("licence"),
        made_by=made.text("made_by"),
        made_from=made.texts("made_from"),
        width_px=width_px,
        height_px=height_px,
        channels=put_in.choice("channels", get_args(Channels)),
        mean=put_in.numbers("mean", 3),
        scale=put_in.numbers("scale", 3, is_zero_lawful=False),
        decoding=taken_out.choice("decoding", get_args(Decoding)),
        strides=taken_out.strides("strides", (width_px, height_px)),
        labels=table.section("labels").labels("names"),
        score=limits.share("score"),
        nms_iou=limits.share("nms_iou"),
        label_scores=limits.section("labels", is_needed=False).label_shares(),
        quality=table.section("quality", is_needed=False).all_numbers(),
    )


def _check_weights(card: ModelCard) -> None:
    try:
        with card.weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EdgeAgentError(
            f"the weights {card.weights} cannot be read: {error.strerror}",
            hint="put the file that the card names beside it, readable by the agent's user",
        ) from error
    if found != card.sha256:
        raise EdgeAgentError(
            f"the weights {card.weights} are not those the card describes:"
            f" their sha256 is {found}, the card says {card.sha256}",
            hint="copy the whole model folder again; a changed model needs a new card",
        )
