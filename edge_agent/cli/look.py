"""One picture of a stream, for commands that a person may end with Ctrl-C."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from edge_agent.video.measure import Measurement, measure_stream
from edge_agent.video.options import StreamOptions
from edge_agent.video.still import Still, take_still


def look_at(options: StreamOptions) -> Still:
    """Return one picture, as take_still does; Ctrl-C ends the command within the open deadline."""
    with _heeding_ctrl_c():
        return take_still(options)


def measure(options: StreamOptions, *, listen_s: float) -> Measurement:
    """Return what a stream sends, as measure_stream does; Ctrl-C ends the command as above."""
    with _heeding_ctrl_c():
        return measure_stream(options, listen_s=listen_s)


@contextmanager
def _heeding_ctrl_c() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end if it came on the way and was lost.

    While a stream is opened PyAV 18.1 loses it: Python delivers it inside PyAV's own code, which
    goes on with FFmpeg's error.
    """
    is_told = False

    def told(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_told
        is_told = True
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, told)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if is_told:
            raise KeyboardInterrupt
