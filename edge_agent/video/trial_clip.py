"""A short clip as a camera would send it, drawn on the spot: decoding it shows what a stream costs."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

# A usual sub stream: its size, its frames a second, a key frame every two seconds.
WIDTH_PX, HEIGHT_PX = 640, 360
FRAMES_PER_SECOND = 10
KEY_FRAME_EVERY = 20
# Three key frames besides the first, which pays for opening the decoder.
_FRAMES = 80
# With this rate and this roughness decoding costs within a sixth of what the street of vtest costs in
# the same size at 600 kbit/s, its key frames and all frames (bench/results/runtime.md).
_BITS_PER_S = 500_000
_SMOOTH, _ROUGH = (900.0, 12.0), (100.0, 1.0)
# A cheap sensor by day, in grey levels; frames show windows of one large grain.
_NOISE, _SPARE_PX = 3.0, 61
# Six people, as wide and tall as on a street seen from four metres up.
_WALKERS, _WALKER_PX = 6, (24, 64)
_SEED = 7


def write_trial_clip(path: Path) -> None:
    """Write eight seconds of H.264 without B-frames, as cameras encode; always the same street."""
    options = {"preset": "veryfast", "tune": "zerolatency"}
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.codec_context.gop_size = KEY_FRAME_EVERY
        stream.codec_context.bit_rate = _BITS_PER_S
        # More threads would cut the pictures into slices, which cameras do not.
        stream.codec_context.thread_count = 1
        for number, planes in enumerate(_street()):
            frame = VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _street() -> Iterator[NDArray[np.uint8]]:
    """Yield pictures of people walking over a rough ground, in I420 without colour."""
    random = np.random.default_rng(_SEED)
    ground = np.full((HEIGHT_PX, WIDTH_PX), 110.0, np.float32)
    for strength, width in (_SMOOTH, _ROUGH):
        rough = random.normal(0, strength, ground.shape).astype(np.float32)
        ground += cv2.GaussianBlur(rough, (0, 0), width)
    grain_shape = (HEIGHT_PX + _SPARE_PX, WIDTH_PX + _SPARE_PX)
    grain = random.normal(0, _NOISE, grain_shape).astype(np.float32)
    width, height = _WALKER_PX
    clothes = random.integers(40, 220, (height, width)).astype(np.float32)
    colourless = np.full((HEIGHT_PX // 2, WIDTH_PX), 128, np.uint8)
    for number in range(_FRAMES):
        picture = ground.copy()
        for walker in range(_WALKERS):
            left = (97 * walker + number * (3 + walker)) % (WIDTH_PX - width)
            top = 20 + 50 * walker
            picture[top : top + height, left : left + width] = clothes
        down, right = random.integers(0, _SPARE_PX, 2)
        picture += grain[down : down + HEIGHT_PX, right : right + WIDTH_PX]
        yield np.concatenate((np.clip(picture, 0, 255).astype(np.uint8), colourless))
