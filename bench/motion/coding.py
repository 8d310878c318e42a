"""Send a scene through H.264 and back, so that key frames pump as they do on a real line.

Brightness goes in and comes out as it is, as the agent reads it; there is no colour.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np

from bench.motion.painter import FRAMES_PER_SECOND, HEIGHT_PX, WIDTH_PX, Moment

# Sub streams of the cameras we know: 0.3 to 0.6 Mbit/s, a key frame each second or two.
KBPS, KEY_EVERY = 400, 10


def coded(moments: Iterable[Moment]) -> Iterator[Moment]:
    """Yield the same moments with the pictures that a box would decode."""
    kept = list(moments)
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        stream.width, stream.height = WIDTH_PX, HEIGHT_PX
        stream.pix_fmt, stream.bit_rate = "yuv420p", KBPS * 1000
        stream.time_base = Fraction(1, FRAMES_PER_SECOND)
        stream.options = {
            "preset": "veryfast", "tune": "zerolatency", "g": str(KEY_EVERY), "threads": "1",
        }  # fmt: skip
        colourless = np.full((HEIGHT_PX // 2, WIDTH_PX), 128, np.uint8)
        for moment in kept:
            planes = np.concatenate([moment.picture, colourless])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        for moment, frame in zip(kept, container.decode(video=0), strict=True):
            yield replace(moment, picture=frame.to_ndarray()[:HEIGHT_PX].copy())
