"""Every number that decides what the street model becomes, each with its reason."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

LABELS = ("person", "two_wheeler", "car", "bus", "truck", "garbage")
STRIDES = (8, 16, 32)
# What letterboxing fills with: the grey that the teachers and our agent use.
GREY = 114


class TrainingError(Exception):
    """A failure that whoever runs the training can act on; `hint` is the next step."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Widths:
    """Channels of the network that learns from nothing, named by the stride at which they are.

    1.57 ms at 320 px where NanoDet-m needs 2.25 (medians of 150, one sitting). Half as much again
    was no better where it matters (RESULTS.md).
    """

    stem: int = 16
    four: int = 32
    eight: int = 64
    sixteen: int = 128
    thirty_two: int = 192
    neck: int = 64
    head: int = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The choices of one run: from NanoDet-m's weights, unless a method says otherwise."""

    seed: int = 20261228
    # A hundred minutes of two cores, as the process's own CPU time: contention is not charged.
    cpu_seconds: float = 12000.0
    # What is held out gains nothing after 40 minutes.
    wall_minutes: float = 62.0
    batch: int = 32
    # Parts of the run, and the side of its pictures.
    sides_px: tuple[tuple[float, int], ...] = ((1.0, 320),)
    learning_rate: float = 5e-4
    # Of a network of our own; without them the layers are NanoDet-m's.
    widths: Widths | None = None
    weight_decay: float = 1e-3
    # Part of the run that climbs to the learning rate; then it falls as a cosine.
    warm_up: float = 0.03
    # Looks back over a few hundred steps of some thousands.
    average_decay: float = 0.998
    # Mosaics stop here, so that the last pictures look like the ones a camera sends.
    mosaic_until: float = 0.85
    mosaic_share: float = 0.5
    # The teacher's dense answers, against class and box loss (which are about 0.8 and 0.5).
    echo_gain: float = 1.0
    # How much of NanoDet-m's weights is in the finished ones: what it knows of things that our
    # pictures do not show would be forgotten otherwise (WiSE-FT, arXiv 2109.01903). The verb
    # `shares` tells what each would be worth.
    kept_share: float = 0.3
    checkpoint_s: float = 120.0
    judge_every_s: float = 420.0

    def side_px(self, progress: float) -> int:
        """Return the training resolution at this part (0..1) of the run."""
        return next(
            (side for until, side in self.sides_px if progress < until), self.sides_px[-1][1]
        )

    def from_nothing(self) -> Self:
        """Return the recipe for a network of our own with random weights: 1.0.0's, in the main.

        Small pictures first: most of the learning at a third of the price. Random weights bear a
        higher rate and need more decay; the average looks back over a longer run. At an echo of
        0.5 the teacher counts about as much as the boxes do.
        """
        return replace(
            self,
            widths=Widths(),
            sides_px=((0.25, 224), (0.5, 256), (1.0, 320)),
            learning_rate=2e-3,
            weight_decay=0.03,
            average_decay=0.9995,
            echo_gain=0.5,
        )

    def going_on(self) -> Self:
        """Return the recipe for weights that know their trade already.

        At 1e-3 three minutes lost 0.02 on the held-out pictures of a network from nothing.
        """
        rate = min(self.learning_rate, 4e-4)
        return replace(self, sides_px=((1.0, 320),), learning_rate=rate, average_decay=0.998)


def data_folder(folder: Path) -> Path:
    """Return the folder with the public data, or say what is missing in it."""
    missing = [
        name for name in ("det", "clips", "garbage", "models") if not (folder / name).is_dir()
    ]
    if missing:
        raise TrainingError(
            f"no {' and no '.join(missing)} in {folder}",
            "pass the folder that holds det/, clips/, garbage/ and models/ with --data",
        )
    return folder
