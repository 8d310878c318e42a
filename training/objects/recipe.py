"""Every number that decides what the street model becomes, each with its reason."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

LABELS = ("person", "two_wheeler", "car", "bus", "truck")
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
    """Channels of the network, named by the stride at which they are."""

    stem: int = 16
    four: int
    eight: int
    sixteen: int
    thirty_two: int
    neck: int
    head: int = 80


# Shipped: 1.57 ms at 320 px where NanoDet-m needs 2.25 (medians of 150, one sitting); 1.35 MB.
NARROW = Widths(four=32, eight=64, sixteen=128, thirty_two=192, neck=64)
# Trained, and no better where it matters (RESULTS.md): 2.08 ms in the same sitting, 1.96 MB. 96
# channels in the head as well would be 2.31 ms, 256 at stride 32 more than 2 MB.
WIDE = Widths(four=40, eight=80, sixteen=160, thirty_two=224, neck=80)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The choices of one run."""

    seed: int = 20261124
    # Sixty minutes of two cores, counted as the process's own CPU time: contention is not charged.
    cpu_seconds: float = 7200.0
    wall_minutes: float = 120.0
    batch: int = 32
    # From scratch: small pictures first, most of the learning at a third of the price.
    sides_px: tuple[tuple[float, int], ...] = ((0.25, 224), (0.5, 256), (1.0, 320))
    learning_rate: float = 2e-3
    widths: Widths = NARROW
    weight_decay: float = 0.03
    # Part of the run that climbs to the learning rate; then it falls as a cosine.
    warm_up: float = 0.02
    average_decay: float = 0.9995
    # Mosaics stop here, so that the last pictures look like the ones a camera sends.
    mosaic_until: float = 0.85
    mosaic_share: float = 0.5
    # The teacher's dense answers, against class and box loss (which are about 0.7 and 0.35).
    echo_gain: float = 0.5
    checkpoint_s: float = 120.0
    judge_every_s: float = 420.0

    def side_px(self, progress: float) -> int:
        """Return the training resolution at this part (0..1) of the run."""
        return next(
            (side for until, side in self.sides_px if progress < until), self.sides_px[-1][1]
        )

    def going_on(self) -> Self:
        """Return the recipe for weights that know their trade: large pictures, a lower rate.

        At 1e-3 three minutes lost 0.02 on the held-out pictures. The average looks back over a
        quarter of a short run, not over all of it.
        """
        sides = ((0.6, 320), (1.0, 352))
        return replace(self, sides_px=sides, learning_rate=4e-4, average_decay=0.998)

    def widening(self) -> Self:
        """Return the recipe for weights that were carried into a wider network.

        Its new channels begin at random: they need a rate between the two, and small pictures first.
        """
        sides = ((0.35, 256), (1.0, 320))
        return replace(self, sides_px=sides, learning_rate=1e-3, average_decay=0.999)


def data_folder(folder: Path) -> Path:
    """Return the folder with the public data, or say how to get it."""
    if not (folder / "det").is_dir():
        raise TrainingError(
            f"no training data in {folder}",
            "pass the folder that holds det/, clips/ and models/ with --data",
        )
    return folder
