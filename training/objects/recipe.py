"""Every number that decides what the street model becomes, each with its reason."""

from dataclasses import dataclass
from pathlib import Path

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
class Recipe:
    """The choices of one run."""

    seed: int = 20261123
    # Sixty minutes of two cores, counted as the process's own CPU time: contention is not charged.
    cpu_seconds: float = 7200.0
    wall_minutes: float = 120.0
    batch: int = 32
    # Small pictures first: most of the learning at a third of the price.
    sides_px: tuple[tuple[float, int], ...] = ((0.25, 224), (0.5, 256), (1.0, 320))
    learning_rate: float = 2e-3
    weight_decay: float = 0.03
    # Part of the run that climbs to the learning rate; then it falls as a cosine.
    warm_up: float = 0.02
    average_decay: float = 0.9995
    # Mosaics stop here, so that the last pictures look like the ones a camera sends.
    mosaic_until: float = 0.85
    mosaic_share: float = 0.5
    checkpoint_s: float = 120.0
    judge_every_s: float = 420.0

    def side_px(self, progress: float) -> int:
        """Return the training resolution at this part (0..1) of the run."""
        return next((side for until, side in self.sides_px if progress < until), 320)


def data_folder(folder: Path) -> Path:
    """Return the folder with the public data, or say how to get it."""
    if not (folder / "det").is_dir():
        raise TrainingError(
            f"no training data in {folder}",
            "pass the folder that holds det/, clips/ and models/ with --data",
        )
    return folder
