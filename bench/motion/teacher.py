"""What YOLOX-nano sees in a clip, looked at whole and on native tiles; kept, for it takes minutes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.motion.clips import CLIPS, Clip, shots
from bench.motion.painter import WIDTH_PX
from tools import debian
from training.objects.teachers import Teachers

MODELS = CLIPS.parent / "models"
_MODEL = "yolox_nano_416_dr.tflite"
_KEPT = debian.CACHE / "motion-truth"
# Small clips are doubled, so that the teacher's tiles show their cars at a size it knows.
_LEAST_WIDTH_PX = 640


@dataclass(frozen=True, slots=True)
class Seen:
    """Boxes of one frame in pixels of 640x360 (left, top, right, bottom), and how sure it is."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]


def is_there() -> bool:
    """Tell whether the teacher can be asked on this machine."""
    return (MODELS / _MODEL).exists()


def look(clip: Clip) -> list[Seen]:
    """Return what the teacher sees in each frame of the file; asked once, then kept."""
    kept = _KEPT / f"{clip.file.stem}-{_fingerprint(clip)}.npz"
    if not kept.exists():
        _KEPT.mkdir(exist_ok=True, parents=True)
        _keep(kept, _ask(clip))
    with np.load(kept) as file:
        ends = np.cumsum(file["counts"])[:-1]
        rows = np.split(file["rows"], ends)
    return [Seen(one[:, :4], one[:, 4]) for one in rows]


def _fingerprint(clip: Clip) -> str:
    whole = hashlib.sha256(clip.file.read_bytes())
    whole.update((MODELS / _MODEL).read_bytes())
    return whole.hexdigest()[:12]


def _ask(clip: Clip) -> list[Seen]:
    teachers, answers = Teachers(MODELS, threads=1), []
    for shot in shots(replace(clip, ends_s=math.inf)):
        picture = shot.colours
        if picture.shape[1] < _LEAST_WIDTH_PX:
            picture = np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1)
        found = teachers.frame(picture)
        scale = np.float32(WIDTH_PX / picture.shape[1])
        answers.append(Seen(found.boxes * scale, found.scores))
    return answers


def _keep(kept: Path, answers: Sequence[Seen]) -> None:
    rows = np.concatenate([np.column_stack([one.boxes, one.scores]) for one in answers])
    counts = np.asarray([len(one.scores) for one in answers])
    with kept.open("wb") as file:
        np.savez_compressed(file, rows=rows.astype(np.float32), counts=counts)
