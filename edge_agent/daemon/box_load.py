"""What looks and cameras cost this box, measured on it; and so how many cameras it can bear.

All figures are processor time: it adds up, however many cores share it and whatever else runs.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from edge_agent.inference.capacity import LOOKS_SHARE, trial_look
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.motion_file import open_motion
from edge_agent.inference.objects import Detector
from edge_agent.inference.options import MotionOptions, ObjectOptions
from edge_agent.inference.runtime import Network
from edge_agent.runtime.clock import SystemClock
from edge_agent.video.clip import read_clip
from edge_agent.video.trial_clip import FRAMES_PER_SECOND, KEY_FRAME_EVERY, write_trial_clip

# Cameras may fill so much of the box. The rest is for alerts, for the system, and for the minute
# in which all of them are busy: a choice, not a measurement.
BOX_SHARE = 0.75
# Half of the memory is for the system and its file cache. The agent with one camera peaks at 148 MiB
# (bench/results/live.md); each one more takes 10 to 13 (bench/results/runtime.md, two runs) and what
# its stream buffers.
_MEMORY_SHARE = 0.5
_AGENT_MIB, _CAMERA_MIB = 150, 14
_MIB = 2**20
# Reading a stream from the network, its threads and its waiting cost as much again as decoding it:
# live, an empty street costs 0.038 s a second where decoding and motion cost 0.028, a busy one 0.126
# where its stages cost 0.114, decoding 0.015 of it (bench/results/live.md and stages.md): 1.7 to 1.9,
# and 2.7 in a run before.
_STREAM_FACTOR = 2.0
# Looks before it counts: buffers are touched, the processor leaves its lowest clock.
_WARM_UP = 5


@dataclass(frozen=True, slots=True)
class Street:
    """A kind of street, and what a camera there asks for, each second."""

    name: str
    looks: float
    # Decodes key frames alone, because nothing moves.
    is_idle: bool = False


# Looks of the shipped model through `replay`, five frames a second (bench/results/runtime.md has today's):
# under 1 on vtest's street without people, 4 to 5 with somebody most of the time, 10 to 20 with several
# all the time.
STREETS = (Street("empty", 0.8, is_idle=True), Street("usual", 5.0), Street("busy", 15.0))


@dataclass(frozen=True, slots=True)
class Box:
    """What there is to share out."""

    cores: int
    memory_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LookCost:
    """What one look costs with so many threads: on the clock, and of the processor."""

    model: str
    threads: int
    wall_ms: float
    # 95 of 100 took less.
    slow_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class StreamCost:
    """What a frame of a usual sub stream costs, processor milliseconds."""

    frame_ms: float
    key_frame_ms: float
    motion_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraCost:
    """What one camera costs each second, in processor milliseconds, and how many fit in."""

    street: str
    looks_per_second: float
    stream_ms: float
    motion_ms: float
    looks_ms: float
    cameras: int


def this_box() -> Box:
    """Return what this box has."""
    pages = os.sysconf("SC_PHYS_PAGES")
    return Box(os.cpu_count() or 1, pages * os.sysconf("SC_PAGE_SIZE") // _MIB)


def measure_look(card: ModelCard, *, threads: int, looks: int) -> LookCost:
    """Look so many times at an empty picture. Raises EdgeAgentError where the model cannot."""
    look = trial_look(Detector(card, Network(card.weights, threads=threads)))
    for _ in range(_WARM_UP):
        look()
    walls, cpus = zip(*(_timed(look) for _ in range(looks)), strict=True)
    return LookCost(
        model=f"{card.name} {card.version}",
        threads=threads,
        wall_ms=median(walls),
        slow_ms=sorted(walls)[int(0.95 * (len(walls) - 1))],
        cpu_ms=median(cpus),
    )


def measure_stream() -> StreamCost:
    """Decode a clip made on the spot, and look for motion in it."""
    with tempfile.TemporaryDirectory(prefix="edge-agent-") as folder:
        clip = Path(folder, "clip.mp4")
        write_trial_clip(clip)
        return stream_cost(clip)


def stream_cost(clip: Path) -> StreamCost:
    """Return what the frames of a clip cost that has its key frames where the trial clip has them."""
    decodes, motions = zip(*_frame_costs(clip), strict=True)
    # The first frame pays for opening the decoder.
    begun = decodes[KEY_FRAME_EVERY:]
    return StreamCost(mean(begun), median(begun[::KEY_FRAME_EVERY]), median(motions))


def camera_costs(look: LookCost, stream: StreamCost, box: Box) -> list[CameraCost]:
    """Return what a camera costs on each kind of street, and how many this box can bear."""
    return [_camera_cost(street, look, stream, box) for street in STREETS]


def _camera_cost(street: Street, look: LookCost, stream: StreamCost, box: Box) -> CameraCost:
    keys_per_second = FRAMES_PER_SECOND / KEY_FRAME_EVERY
    decode_ms, analysed = FRAMES_PER_SECOND * stream.frame_ms, ObjectOptions().frames_per_second
    if street.is_idle:
        decode_ms, analysed = keys_per_second * stream.key_frame_ms, keys_per_second
    stream_ms, motion_ms = _STREAM_FACTOR * decode_ms, analysed * stream.motion_ms
    looks_ms = street.looks * look.cpu_ms
    room_ms = 1000.0 * box.cores
    borne = BOX_SHARE * room_ms / (stream_ms + motion_ms + looks_ms)
    # The agent itself lets looks have no more than their share.
    looked_at = LOOKS_SHARE * room_ms / looks_ms
    remembered = 1 + (_MEMORY_SHARE * box.memory_mib - _AGENT_MIB) / _CAMERA_MIB
    return CameraCost(
        street=street.name,
        looks_per_second=street.looks,
        stream_ms=stream_ms,
        motion_ms=motion_ms,
        looks_ms=looks_ms,
        cameras=max(0, int(min(borne, looked_at, remembered))),
    )


def _frame_costs(clip: Path) -> Iterator[tuple[float, float]]:
    """Yield the milliseconds of decoding each frame and of looking for motion in it."""
    motion, frames = open_motion(MotionOptions()), read_clip(clip)
    while True:
        began = time.process_time()
        frame = next(frames, None)
        decoded = time.process_time()
        if frame is None:
            return
        motion.watch(frame)
        yield 1e3 * (decoded - began), 1e3 * (time.process_time() - decoded)


def _timed(look: Callable[[], object]) -> tuple[float, float]:
    mono = SystemClock().mono
    wall, cpu = mono(), time.process_time()
    look()
    # A clock too coarse for a look says zero, which nothing can be divided by.
    return 1e3 * (mono() - wall), max(1e-3, 1e3 * (time.process_time() - cpu))
