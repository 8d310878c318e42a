"""Write pictures to a video file, for people to look at."""

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from edge_agent.errors import EdgeAgentError

_TICKS_PER_S = 1000


class VideoFile:
    """An MP4 file in H.264, open from `with` to its end; pictures keep their own times."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: VideoStream | None = None
        self._last_ticks = -1

    def __enter__(self) -> Self:
        try:
            # PyAV opens the file with the first picture; a person wants to know now.
            self._path.open("wb").close()
        except OSError as error:
            raise EdgeAgentError(
                f"cannot write {self._path}: {(error.strerror or str(error)).lower()}",
                hint="name a file in a folder that you may write to",
            ) from error
        self._container = av.open(str(self._path), "w", format="mp4")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()

    def add(self, picture: NDArray[np.uint8], taken_at: float) -> None:
        """Append a BGR picture, shape (height, width, 3), shown at that second."""
        frame = VideoFrame.from_ndarray(picture, format="bgr24")
        stream = self._stream = self._stream or self._begin(frame)
        self._last_ticks = max(self._last_ticks + 1, round(taken_at * _TICKS_PER_S))
        frame.pts, frame.time_base = self._last_ticks, Fraction(1, _TICKS_PER_S)
        self._container.mux(stream.encode(frame))

    def _begin(self, frame: VideoFrame) -> VideoStream:
        stream = self._container.add_stream("libx264", options={"crf": "23", "preset": "veryfast"})
        stream.width, stream.height = frame.width // 2 * 2, frame.height // 2 * 2
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, _TICKS_PER_S)
        return stream
