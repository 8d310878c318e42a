"""Decode key frames alone while nothing moves, and catch up when something does.

A street is empty most of the night. Decoding one frame a second instead of ten is what makes an
idle camera cheap; the packets in between are kept until the next key frame, so that waking up
loses nothing.
"""

from collections.abc import Iterator

from edge_agent.domain.frame import Frame
from edge_agent.video.decode import Decoder
from edge_agent.video.opening import VideoPacket

# Longer than this between two key frames, and somebody could cross the picture unseen.
LONGEST_SLEEP_S = 2.1
# A group of pictures of the streams we analyse is 60-250 KB; a broken camera may never send a key.
_MOST_BYTES = 4_000_000


class Gate:
    """Feeds one decoder. `key_interval_s` is 0 until two key frames came."""

    def __init__(self, decoder: Decoder, *, may_sleep: bool) -> None:
        self.key_interval_s = 0.0
        self._decoder = decoder
        self._may_sleep = may_sleep
        self._is_asleep = False
        self._last_key_s: float | None = None
        self._waiting: list[VideoPacket] = []
        self._waiting_bytes = 0

    def pass_on(
        self, packet: VideoPacket, *, awake: bool, mono: float, wall: float
    ) -> Iterator[Frame]:
        """Yield the frames that are to be seen now."""
        if packet.is_keyframe:
            self._measure(packet)
        if awake or not self._can_sleep:
            yield from self._catch_up(mono, wall)
            yield from self._decoder.decode(packet, mono=mono, wall=wall)
        elif packet.is_keyframe:
            self._is_asleep = True
            self._waiting, self._waiting_bytes = [packet], packet.size
            yield from self._decoder.decode_alone(packet, mono=mono, wall=wall)
        elif self._is_asleep:
            self._keep(packet)
        else:
            # Fell asleep in the middle of a group: go on until its end.
            yield from self._decoder.decode(packet, mono=mono, wall=wall)

    @property
    def _can_sleep(self) -> bool:
        return self._may_sleep and 0.0 < self.key_interval_s <= LONGEST_SLEEP_S

    def _measure(self, packet: VideoPacket) -> None:
        shown = packet.pts if packet.pts is not None else packet.dts
        if shown is None:
            return
        shown_s = shown * float(packet.time_base)
        if self._last_key_s is not None and shown_s > self._last_key_s:
            self.key_interval_s = shown_s - self._last_key_s
        self._last_key_s = shown_s

    def _keep(self, packet: VideoPacket) -> None:
        self._waiting_bytes += packet.size
        if self._waiting_bytes > _MOST_BYTES:
            self._waiting.clear()
        else:
            self._waiting.append(packet)

    def _catch_up(self, mono: float, wall: float) -> Iterator[Frame]:
        """Bring the decoder to where the camera is; of the frames only the last is news."""
        if not self._is_asleep:
            return
        self._is_asleep = False
        newest: Frame | None = None
        for packet in self._waiting:
            for frame in self._decoder.decode(packet, mono=mono, wall=wall):
                newest = frame
        self._waiting, self._waiting_bytes = [], 0
        if newest is not None:
            yield newest
