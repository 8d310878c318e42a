"""What the whole agent would show of real clips: confirmed tracks alone, at five frames a second.

The real pipeline runs, motion, lookout and tracker included; who is not seen at the moment is not
drawn. Frames are not picked by hand: of those in which somebody is seen, some at even distances.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from bench.objects import drawing
from bench.objects.exams import DATA
from bench.objects.eyes import WHOLE
from edge_agent.config.settings import CameraSettings, Settings
from edge_agent.daemon.replay import replay
from edge_agent.domain.frame import Frame
from edge_agent.domain.sighting import Label, Track
from edge_agent.inference.options import ObjectOptions
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.spool.options import SpoolOptions
from edge_agent.video.options import StreamOptions
from tools import debian
from training.objects.boxes import Pixels

# Frames of each clip on the sheet, and how wide each is.
_SHOWN, _WIDTH_PX = 4, 316
_SEEN = (0, 176, 255)


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip; `credit` is empty where nobody says who filmed it, and then it is not published."""

    file: Path
    credit: str = ""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.file.name


@dataclass(slots=True)
class Shown:
    """What the agent showed of one clip."""

    clip: Clip
    frames: int = 0
    frames_with_somebody: int = 0
    # By the track's last label.
    tracks: dict[int, Label] = field(default_factory=dict)
    pictures: list[Pixels] = field(default_factory=list)

    @property
    def labels(self) -> Counter[Label]:
        """How many confirmed tracks of each label there were."""
        return Counter(self.tracks.values())


def clips() -> list[Clip]:
    """Return those that are on this machine."""
    folder = DATA / "clips"
    intel, google = "Intel sample-videos, CC BY 4.0", "google/automl-video-ondevice, Apache-2.0"
    known = [
        Clip(debian.CACHE / "vtest.avi", "OpenCV's vtest.avi (Debian opencv-doc), Apache-2.0"),
        Clip(folder / "intel_person-bicycle-car.gif", intel),
        Clip(folder / "intel_one-by-one-person.mp4", intel),
        Clip(folder / "intel_car-detection.mp4", intel),
        Clip(folder / "google_traffic_frames.mp4", google),
        Clip(folder / "bgslib_video.avi"),
        Clip(folder / "bgslib_video02.avi"),
        Clip(folder / "persontracker_cctv.mp4"),
        Clip(folder / "persontracker_people.mp4"),
    ]
    return [clip for clip in known if clip.file.exists()]


def show(clip: Clip, model: str) -> Shown:
    """Run the agent over a clip."""
    shown, kept = Shown(clip), []
    for frame, tracks in _watched(clip, model):
        shown.frames += 1
        seen = [one for one in tracks if one.is_confirmed and one.last_seen == frame.taken_at]
        shown.tracks.update({track.id: track.label for track in seen})
        if seen:
            shown.frames_with_somebody += 1
            kept.append((frame, seen))
    places = {len(kept) * number // (_SHOWN + 1) for number in range(1, _SHOWN + 1)} if kept else {}
    shown.pictures = [_drawn(*kept[place]) for place in sorted(places)]
    return shown


def sheet(all_shown: list[Shown]) -> Pixels:
    """Return a row of frames for each clip in which somebody was seen."""
    return drawing.grid([shown.pictures for shown in all_shown])


def _watched(clip: Clip, model: str) -> Iterator[tuple[Frame, tuple[Track, ...]]]:
    nowhere = Path("/nonexistent")
    camera = CameraSettings(id="bench", name="bench", stream=StreamOptions(url=str(clip.file)))
    settings = Settings(
        folder=nowhere,
        site="bench",
        box="bench",
        state_dir=nowhere,
        broker=BrokerOptions(url=""),
        spool=SpoolOptions(),
        objects=ObjectOptions(model=model),
        cameras=(camera,),
        refused=(),
    )
    for frame, seen in replay(settings, camera, clip.file):
        yield frame, seen.scene.tracks


def _drawn(frame: Frame, tracks: list[Track]) -> Pixels:
    whole = cv2.cvtColor(frame.cut(WHOLE), cv2.COLOR_YUV2BGR_I420)
    height_px = round(whole.shape[0] * _WIDTH_PX / whole.shape[1])
    picture = np.asarray(cv2.resize(whole, (_WIDTH_PX, height_px), interpolation=cv2.INTER_AREA))
    for track in tracks:
        box = track.box.clipped()
        left, right = box.left * _WIDTH_PX, box.right * _WIDTH_PX
        top, bottom = box.top * height_px, box.bottom * height_px
        drawing.outline(picture, (left, top, right, bottom), _SEEN)
        words = f"{track.label.replace('_', '-')} {track.score:.0%}"
        drawing.words(picture, words, (int(left), int(top) - 2), 0.3)
    return drawing.captioned(picture, [f"{frame.taken_at:.1f} s"])
