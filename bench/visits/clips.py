"""The clips of fixed cameras that judge visits, and which of them may choose a number.

Some choose, the others report: a number that was picked on a clip looks better there than it is.
Halves of one clip share their street, so what the second half says is still a little too kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge_agent.domain.frame import Frame
from edge_agent.inference.options import ObjectOptions
from edge_agent.runtime.pace import Pace
from edge_agent.video.clip import read_clip
from tools import debian

SHARED = debian.REPOSITORY.parent / "shared" / "data"
_SEED = 20261124
# Dusk: a third of the light, half of the colour, noise of five grey levels; black and grey of video.
_LIGHT, _COLOUR, _GRAIN = 0.33, 0.5, 5.0
_BLACK, _GREY = 16, 128
LOOKS_PER_S = ObjectOptions().frames_per_second


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip, or a part of one: `begins_s` to `ends_s` of its own time."""

    name: str
    file: Path
    # True: it chooses the numbers. False: it reports what they are worth.
    chooses: bool
    begins_s: float = 0.0
    ends_s: float = 1e9
    is_dusk: bool = False

    def frames(self) -> Iterator[Frame]:
        """Yield the frames that the agent would look at, decoded as it decodes."""
        pace, noise = Pace(LOOKS_PER_S), np.random.default_rng(_SEED)
        for frame in read_clip(self.file):
            is_ours = self.begins_s <= frame.taken_at < self.ends_s
            if is_ours and pace.is_its_turn(frame.taken_at):
                yield _at_dusk(frame, noise) if self.is_dusk else frame


def at_dusk(clip: Clip) -> Clip:
    """Return the same clip under a third of the light, with a camera's noise: nobody trained on it."""
    return replace(clip, name=f"{clip.name}, dusk", is_dusk=True)


def _at_dusk(frame: Frame, noise: np.random.Generator) -> Frame:
    grain = noise.normal(0.0, _GRAIN, frame.luma.shape)
    luma = np.clip(_BLACK + (frame.luma.astype(np.float32) - _BLACK) * _LIGHT + grain, 0, 255)
    pale = [
        np.asarray(_GREY + (plane.astype(np.float32) - _GREY) * _COLOUR, np.uint8)
        for plane in (frame.chroma_blue, frame.chroma_red)
    ]
    return replace(frame, luma=luma.astype(np.uint8), chroma_blue=pale[0], chroma_red=pale[1])


def _shared(name: str) -> Path:
    return SHARED / "clips" / name


_VTEST = debian.CACHE / "vtest.avi"
_MOTORWAY, _CAR_PARK = _shared("bgslib_video02.avi"), _shared("intel_car-detection.mp4")
# Left out: bgslib_video.avi (cars from above that no teacher knows, outlined in green) and the clips
# of Google and of intel_person-bicycle-car, which end after one and three seconds.
CLIPS = (
    Clip("vtest, first half", _VTEST, chooses=True, ends_s=40.0),
    Clip("motorway, first half", _MOTORWAY, chooses=True, ends_s=15.0),
    Clip("car park, first half", _CAR_PARK, chooses=True, ends_s=15.0),
    Clip("square", _shared("persontracker_people.mp4"), chooses=True),
    Clip("vtest, second half", _VTEST, chooses=False, begins_s=40.0, ends_s=80.0),
    Clip("motorway, second half", _MOTORWAY, chooses=False, begins_s=15.0),
    Clip("car park, second half", _CAR_PARK, chooses=False, begins_s=15.0),
    Clip("office", _shared("persontracker_cctv.mp4"), chooses=False),
    Clip("one by one", _shared("intel_one-by-one-person.mp4"), chooses=False),
)
