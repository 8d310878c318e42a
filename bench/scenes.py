"""What the camera sees while we measure: a busy street, an idle one, and visits at known frames.

All three are made from Debian's `vtest.avi`. The idle scene is its empty street (the median of
many frames) under sensor noise; a visit is the pixels of one real walker laid on that.
"""

import hashlib
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tests.peers import clips
from tools import debian

WIDTH_PX, HEIGHT_PX = 768, 576
FRAMES_PER_SECOND = 10
KEY_FRAME_EVERY = 20
# As clips.Encoding for the busy street: the same bit rate, so that all decoders do the same work.
KBPS = 1000
# One whole turn of these clips is one measurement, wherever in it a client began.
TURN_S = 60
# Grey levels; a cheap sensor by daylight. Its grain is a little larger than a pixel.
NOISE_SIGMA, NOISE_GRAIN_PX = 3.0, 0.6
# Share of the picture that must differ from the empty street before we say that somebody is there:
# 440 pixels, a strip as wide as an arm on a person 80 pixels tall.
VISIBLE_SHARE = 0.001
VISIBLE_STEP = 30
# Motion needs some seconds to learn its reference, we to see two key frames.
FIRST_VISIT_S, VISIT_EVERY_S, LAST_VISIT_S = 16, 23, 15

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Walker:
    """A person of vtest: the window around them, (frame, left, top, right, bottom), 0..1."""

    path: tuple[tuple[int, float, float, float, float], ...]
    # Frames after a key frame at which they enter: a camera's key frames do not wait for visitors.
    phase: int

    def window(self, frame: int) -> tuple[int, int, int, int]:
        """Return the window at that frame of vtest, in pixels."""
        frames = [step[0] for step in self.path]
        sides = [np.interp(frame, frames, side) for side in zip(*self.path, strict=True)][1:]
        scale = (WIDTH_PX, HEIGHT_PX, WIDTH_PX, HEIGHT_PX)
        left, top, right, bottom = (
            round(float(side) * full) for side, full in zip(sides, scale, strict=True)
        )
        return left, top, right, bottom


_BLUE_JACKET = (
    (646, 0.94, 0.50, 1.00, 0.78),
    (656, 0.91, 0.50, 1.00, 0.78),
    (666, 0.77, 0.44, 0.87, 0.71),
    (675, 0.65, 0.41, 0.74, 0.65),
    (685, 0.51, 0.35, 0.60, 0.60),
    (694, 0.39, 0.33, 0.49, 0.56),
    (703, 0.31, 0.31, 0.40, 0.53),
    (712, 0.21, 0.30, 0.30, 0.50),
    (722, 0.13, 0.27, 0.21, 0.47),
    (731, 0.07, 0.27, 0.14, 0.46),
    (744, 0.00, 0.26, 0.07, 0.44),
)
_PAIR_ON_THE_GRASS = (
    (498, 0.90, 0.74, 1.00, 1.00),
    (509, 0.82, 0.74, 1.00, 1.00),
    (520, 0.61, 0.67, 0.76, 1.00),
    (531, 0.42, 0.63, 0.57, 1.00),
    (542, 0.24, 0.61, 0.46, 0.95),
    (553, 0.18, 0.59, 0.40, 0.95),
    (564, 0.18, 0.57, 0.36, 0.99),
    (580, 0.16, 0.55, 0.36, 1.00),
)
_MAN_IN_BLACK = (
    (686, 0.94, 0.37, 1.00, 0.60),
    (694, 0.91, 0.37, 1.00, 0.60),
    (703, 0.84, 0.35, 0.94, 0.58),
    (712, 0.76, 0.33, 0.85, 0.56),
    (722, 0.69, 0.31, 0.78, 0.54),
    (731, 0.57, 0.29, 0.68, 0.50),
    (740, 0.55, 0.29, 0.65, 0.50),
    (760, 0.46, 0.27, 0.56, 0.48),
)
WALKERS = (
    Walker(_BLUE_JACKET, phase=3),
    Walker(_PAIR_ON_THE_GRASS, phase=9),
    Walker(_MAN_IN_BLACK, phase=15),
    Walker(_BLUE_JACKET, phase=19),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A clip and the numbers of the frames in which somebody is first visible."""

    name: str
    clip: Path
    visits: tuple[int, ...]
    frames: int


def all_scenes() -> dict[str, Scene]:
    """Return the scenes by name; the first call on a machine makes the clips (half a minute)."""
    if not (debian.CACHE / "vtest.avi").exists():
        sys.exit("bench: vtest.avi is not here; `make bench` fetches it")
    busy = clips.encode(clips.vtest(), clips.Encoding(seconds=TURN_S, kbps=KBPS))
    frames = TURN_S * FRAMES_PER_SECOND
    return {
        "idle": _made("idle", lambda street: _idle(street, frames)),
        "busy": Scene("busy", busy, (), frames),
        "visits": _made("visits", _with_visits),
    }


class _Street:
    """The pictures of vtest, its empty street, and noise that is the same on every machine."""

    def __init__(self) -> None:
        with av.open(str(clips.vtest())) as container:
            frames = container.decode(video=0)
            self.pictures = [frame.to_ndarray(format="bgr24") for frame in frames]
        self.empty: Picture = np.median(np.stack(self.pictures[::8]), axis=0).astype(np.uint8)
        self._random = np.random.default_rng(1)
        self._grain = [self._noise() for _ in range(24)]

    def noisy(self, picture: Picture) -> Picture:
        """Return the picture as a sensor would have seen it."""
        grain = self._grain[int(self._random.integers(len(self._grain)))]
        shift = (int(self._random.integers(HEIGHT_PX)), int(self._random.integers(WIDTH_PX)))
        shifted = np.roll(grain, shift, axis=(0, 1))
        return cv2.add(picture, cv2.merge([shifted] * 3), dtype=cv2.CV_8U)

    def _noise(self) -> NDArray[np.int16]:
        white = self._random.normal(0, 1, (HEIGHT_PX, WIDTH_PX)).astype(np.float32)
        soft = cv2.GaussianBlur(white, (0, 0), NOISE_GRAIN_PX)
        return np.round(soft * (NOISE_SIGMA / soft.std())).astype(np.int16)


def _idle(street: _Street, frames: int) -> Iterator[tuple[Picture, bool]]:
    for _ in range(frames):
        yield street.noisy(street.empty), False


def _with_visits(street: _Street) -> Iterator[tuple[Picture, bool]]:
    """Yield every picture and whether somebody is visible in it."""
    starts = [
        (FIRST_VISIT_S + n * VISIT_EVERY_S) * FRAMES_PER_SECOND // KEY_FRAME_EVERY * KEY_FRAME_EVERY
        + walker.phase
        for n, walker in enumerate(WALKERS)
    ]
    end = starts[-1] + LAST_VISIT_S * FRAMES_PER_SECOND
    for (start, until), walker in zip(pairwise([*starts, end]), WALKERS, strict=True):
        if start == starts[0]:
            yield from _idle(street, start)
        yield from _visit(street, walker)
        yield from _idle(street, until - start - _length(walker))


def _length(walker: Walker) -> int:
    return walker.path[-1][0] - walker.path[0][0]


def _visit(street: _Street, walker: Walker) -> Iterator[tuple[Picture, bool]]:
    for number in range(walker.path[0][0], walker.path[-1][0]):
        left, top, right, bottom = walker.window(number)
        picture = street.empty.copy()
        part = street.pictures[number][top:bottom, left:right]
        difference = cv2.absdiff(part, picture[top:bottom, left:right]).max(axis=2)
        picture[top:bottom, left:right] = part
        share = np.count_nonzero(difference > VISIBLE_STEP) / (WIDTH_PX * HEIGHT_PX)
        yield street.noisy(picture), share >= VISIBLE_SHARE


def _made(name: str, draw) -> Scene:  # noqa: ANN001 (a function of a street)
    recipe = inspect.getsource(sys.modules[__name__]).encode()
    stem = f"bench-{name}-{hashlib.sha256(recipe).hexdigest()[:16]}"
    clip = debian.CACHE / "clips" / f"{stem}.mp4"
    notes = clip.with_suffix(".json")
    if not (clip.exists() and notes.exists()):
        print(f"making the {name} scene ...", flush=True)
        clip.parent.mkdir(parents=True, exist_ok=True)
        # A loop of fifteen minutes is 100 MB: what an older recipe made goes.
        for stale in clip.parent.glob(f"bench-{name}-*"):
            stale.unlink()
        seen = _encode(clip, draw(_Street()))
        firsts = [n for n, (before, now) in enumerate(pairwise([False, *seen])) if now > before]
        apart = FRAMES_PER_SECOND * VISIT_EVERY_S // 2
        visits = [n for i, n in enumerate(firsts) if i == 0 or n - firsts[i - 1] > apart]
        notes.write_text(json.dumps({"visits": visits, "frames": len(seen)}))
    kept = json.loads(notes.read_text())
    return Scene(name, clip, tuple(kept["visits"]), kept["frames"])


def _encode(target: Path, pictures: Iterator[tuple[Picture, bool]]) -> list[bool]:
    """Write the clip as a camera would encode it; return in which frames somebody is visible."""
    partial = target.with_suffix(".partial.mp4")
    raw = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{WIDTH_PX}x{HEIGHT_PX}"]
    key = f"scenecut=0:bframes=0:keyint={KEY_FRAME_EVERY}:min-keyint={KEY_FRAME_EVERY}"
    coded = ["-c:v", "libx264", "-x264-params", key, "-preset", "veryfast", "-b:v", f"{KBPS}k"]
    command = ["-nostdin", "-loglevel", "error", "-y", *raw, "-r", str(FRAMES_PER_SECOND)]
    command = [debian.program("ffmpeg"), *command, "-i", "-", "-pix_fmt", "yuv420p", *coded]
    seen = []
    with subprocess.Popen(
        [*command, partial], stdin=subprocess.PIPE, env=debian.environment()
    ) as ffmpeg:
        assert ffmpeg.stdin  # noqa: S101 (it is a pipe)
        for picture, is_visible in pictures:
            ffmpeg.stdin.write(picture.tobytes())
            seen.append(is_visible)
        ffmpeg.stdin.close()
    if ffmpeg.returncode:
        sys.exit(f"bench: ffmpeg could not make {target.name}")
    partial.rename(target)
    return seen
