"""A recorded clip as a camera: every frame, in order, by the clip's own clock."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from edge_agent.domain.frame import Frame
from edge_agent.errors import EdgeAgentError
from edge_agent.video.decode import Decoder
from edge_agent.video.opening import open_stream, read_packets
from edge_agent.video.options import StreamOptions

# A clip does not say when it was taken, and replays must be equal: it is always this moment
# (2025-01-01 00:00 UTC).
EPOCH_WALL = 1_735_689_600.0


def read_clip(path: Path) -> Iterator[Frame]:
    """Yield every frame of the clip; `taken_at` begins at 0.

    Raises EdgeAgentError when there is no such file or no video in it.
    """
    if not path.is_file():
        raise EdgeAgentError(f"there is no file {path}", hint="check the path")
    options = StreamOptions(url=str(path))
    container, stream = open_stream(options)
    with container:
        decoder = Decoder(stream, _ClipClock())
        packets = read_packets(container, stream, options)
        shown = (decoder.decode(packet, mono=0.0, wall=0.0) for packet in packets)
        for frame in chain(chain.from_iterable(shown), decoder.drain(mono=0.0, wall=0.0)):
            yield replace(frame, received_wall=EPOCH_WALL + frame.taken_at)


class _ClipClock:
    """The clip's presentation times, counted from its first frame."""

    def __init__(self) -> None:
        self._first_s: float | None = None
        self._last_s = 0.0

    def stamp(self, presented_s: float | None, mono: float) -> float:  # noqa: ARG002 (a clip has no arrival)
        if presented_s is not None:
            if self._first_s is None:
                self._first_s = presented_s
            self._last_s = presented_s - self._first_s
        return self._last_s
