"""One picture of a stream, to verify a camera or to draw zones on."""

import time
from dataclasses import dataclass

from av.container import InputContainer
from av.video.stream import VideoStream

from edge_agent.domain.frame import Frame
from edge_agent.errors import EdgeAgentError
from edge_agent.video.decode import Decoder, codec_name
from edge_agent.video.opening import open_stream, read_packets
from edge_agent.video.options import StreamOptions
from edge_agent.video.stream_clock import StreamClock

# Cameras with smart codecs send a key frame only every 8-10 s.
PATIENCE_S = 12.0


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A frame and what the stream says of itself; `frames_per_second` is 0 where it does not."""

    frame: Frame
    codec: str
    width_px: int
    height_px: int
    frames_per_second: float


def take_still(options: StreamOptions, *, patience_s: float = PATIENCE_S) -> Still:
    """Open the stream, decode one key frame, close it.

    Raises EdgeAgentError when it does not open, or shows no whole picture within `patience_s`.
    """
    container, stream = open_stream(options)
    with container:
        return still_of(container, stream, options, patience_s=patience_s)


def still_of(
    container: InputContainer,
    stream: VideoStream,
    options: StreamOptions,
    *,
    patience_s: float = PATIENCE_S,
) -> Still:
    """Decode one key frame of a stream that `open_stream` opened; the caller closes it.

    Raises EdgeAgentError where it breaks off, or shows no whole picture within `patience_s`.
    """
    codec = codec_name(stream)
    decoder = Decoder(stream, StreamClock())
    began = time.monotonic()
    for packet in read_packets(container, stream, options):
        now = time.monotonic()
        if now - began > patience_s:
            break
        if not packet.is_keyframe:
            continue
        for frame in decoder.decode_alone(packet, mono=now, wall=0.0):
            rate = float(stream.average_rate or 0.0)
            return Still(frame, codec, frame.width_px, frame.height_px, rate)
    raise no_picture(options, patience_s)


def no_picture(options: StreamOptions, patience_s: float) -> EdgeAgentError:
    """Return what to say of a stream that opened and then showed nothing."""
    return EdgeAgentError(
        f"{options.url} opened but showed no whole picture within {patience_s:g} s",
        hint="set the camera to one key frame (I-frame) a second, H.264",
    )
