"""What a stream really sends: a picture to see, and rate, key frames and weight, counted.

Cameras declare what somebody set, not what they send: smart codecs stretch the distance of key
frames, and darkness halves the rate.
"""

import time
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from edge_agent.domain.frame import Frame
from edge_agent.video.decode import Decoder, codec_name
from edge_agent.video.opening import VideoPacket, open_stream, read_packets
from edge_agent.video.options import StreamOptions
from edge_agent.video.still import PATIENCE_S, no_picture
from edge_agent.video.stream_clock import StreamClock

# Two groups say how long one is, and that it was no accident.
_KEY_FRAMES = 3
# What a technician waits for a stream; two groups of two seconds fit.
LISTEN_S = 4.0
# Less than this and one late packet makes the rate.
_SHORTEST_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measurement:
    """One stream as it was received; 0 is what could not be measured in that time."""

    frame: Frame
    codec: str
    frames_per_second: float
    # From one key frame to the next.
    group_s: float
    bitrate_kbps: float

    @property
    def width_px(self) -> int:
        """The picture's width."""
        return self.frame.width_px

    @property
    def height_px(self) -> int:
        """The picture's height."""
        return self.frame.height_px


@dataclass(slots=True)
class Tally:
    """Counts packets, from a key packet on. Feed it times and sizes; no clock, no network."""

    _times_s: list[float] = field(default_factory=list)
    _sizes_bytes: list[int] = field(default_factory=list)
    # Places of the key packets in the two lists.
    _keys: list[int] = field(default_factory=list)
    # A key packet without a time, whose time the two after it tell.
    _timeless_bytes: int | None = None

    def add(self, presented_s: float | None, size_bytes: int, *, is_key: bool) -> None:
        """Count one packet; those before the first key packet belong to nobody.

        The first of an RTSP connection has no time yet; others without one are passed over.
        """
        if presented_s is None:
            if is_key and not self._times_s:
                self._timeless_bytes = size_bytes
            return
        if is_key:
            self._keys.append(len(self._times_s))
        if self._keys or self._timeless_bytes is not None:
            self._times_s.append(presented_s)
            self._sizes_bytes.append(size_bytes)
            self._place_the_first()

    @property
    def key_frames(self) -> int:
        """How many key packets came whose time we know."""
        return len(self._keys)

    @property
    def frames_per_second(self) -> float:
        """Pictures a second; 0 if there were too few."""
        passed_s = max(self._times_s) - min(self._times_s) if self._times_s else 0.0
        return (len(self._times_s) - 1) / passed_s if passed_s >= _SHORTEST_S else 0.0

    @property
    def group_s(self) -> float:
        """The median from key frame to key frame; 0 if there were not two."""
        times = [self._times_s[place] for place in self._keys]
        groups = [after - before for before, after in pairwise(times)]
        return max(0.0, median(groups)) if groups else 0.0

    @property
    def bitrate_kbps(self) -> float:
        """The weight of whole groups, which key frames dominate; else of all that came."""
        first, last = (self._keys[0], self._keys[-1]) if self._keys else (0, 0)
        if first == last:
            last = len(self._times_s) - 1
        passed_s = self._times_s[last] - self._times_s[first] if last > first else 0.0
        if passed_s < _SHORTEST_S:
            return 0.0
        return sum(self._sizes_bytes[first:last]) * 8 / 1000 / passed_s

    def _place_the_first(self) -> None:
        """Put the packet without a time as long before the second as that is before the third."""
        if self._timeless_bytes is None or len(self._times_s) < 2:  # noqa: PLR2004 (said above)
            return
        second_s, third_s = self._times_s
        self._times_s.insert(0, 2 * second_s - third_s)
        self._sizes_bytes.insert(0, self._timeless_bytes)
        self._keys = [0, *(place + 1 for place in self._keys)]
        self._timeless_bytes = None


def measure_stream(
    options: StreamOptions, *, listen_s: float = LISTEN_S, patience_s: float = PATIENCE_S
) -> Measurement:
    """Open the stream, decode one key frame, count for `listen_s` or three key frames, close it.

    Raises EdgeAgentError when it does not open, breaks off, or shows no whole picture within
    `patience_s`. It takes no longer than `open_s`, `patience_s`, `listen_s` and one `read_s`.
    """
    container, stream = open_stream(options)
    with container:
        codec, decoder, tally = codec_name(stream), Decoder(stream, StreamClock()), Tally()
        frame: Frame | None = None
        began_mono = time.monotonic()
        for packet in read_packets(container, stream, options):
            now_mono = time.monotonic()
            if frame is None:
                frame = _picture(decoder, packet, now_mono)
                if frame:
                    began_mono = now_mono
            if frame:
                _count(tally, packet)
            patience_left_s = (listen_s if frame else patience_s) - (now_mono - began_mono)
            if tally.key_frames == _KEY_FRAMES or patience_left_s <= 0:
                break
    if frame is None:
        raise no_picture(options, patience_s)
    return Measurement(
        frame=frame,
        codec=codec,
        frames_per_second=tally.frames_per_second,
        group_s=tally.group_s,
        bitrate_kbps=tally.bitrate_kbps,
    )


def _picture(decoder: Decoder, packet: VideoPacket, mono: float) -> Frame | None:
    if not packet.is_keyframe:
        return None
    return next(decoder.decode_alone(packet, mono=mono, wall=0.0), None)


def _count(tally: Tally, packet: VideoPacket) -> None:
    presented = packet.pts if packet.pts is not None else packet.dts
    time_s = None
    if presented is not None and packet.time_base is not None:
        time_s = float(presented * packet.time_base)
    tally.add(time_s, packet.size, is_key=packet.is_keyframe)
