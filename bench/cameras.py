"""Four cameras at once in one of three designs, on a process of its own; see concurrency.py.

Prints one JSON object: what it cost and how late a ticker of ten milliseconds was.
"""

import asyncio
import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from bench import cost
from bench.motion.blocks import BlockMotion
from bench.scenes import FRAMES_PER_SECOND
from edge_agent.domain.frame import Frame
from edge_agent.video.clip import read_clip

# Cameras that send faster than ours keep the cores busy enough to be in each other's way.
SPEED = 4
CAMERAS = 4
_TICK_S = 0.01
# Imports, first frames and learning are not what we compare.
_WARM_S = 3.0
_EARLY_S = 0.5


@dataclass(frozen=True, slots=True)
class Span:
    """What is counted, by the monotonic clock, which is one for all processes of a boot."""

    since: float
    until: float

    def counts(self, now: float) -> bool:
        """Tell whether what happens now is counted."""
        return self.since <= now < self.until


class Camera:
    """A clip that is played as fast as a camera would send it, again and again."""

    def __init__(self, clip: Path, span: "Span") -> None:
        self.counted = 0
        self._seen = 0
        self._clip, self._span = clip, span
        self._frames = self._endless()
        self._motion = BlockMotion()

    def step(self) -> None:
        """Demux and decode one frame; look for motion in every second one. Blocks as C does."""
        frame = next(self._frames)
        self._seen += 1
        self.counted += self._span.counts(time.monotonic())
        if self._seen % 2:
            self._motion.watch(frame)

    def _endless(self) -> Iterator[Frame]:
        while True:
            yield from read_clip(self._clip)


class Schedule:
    """When the next frame is due: as a camera sends, whatever we do with it."""

    def __init__(self, span: Span) -> None:
        self._until = span.until
        self._due = time.monotonic()

    def wait_s(self) -> float:
        """Return how long to wait for the next frame; one that was late is not waited for."""
        self._due += 1 / (FRAMES_PER_SECOND * SPEED)
        return max(0.0, self._due - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._until


def play(camera: Camera, span: Span) -> None:
    """Be one camera's thread."""
    schedule, never = Schedule(span), threading.Event()
    while not schedule.is_over:
        never.wait(schedule.wait_s())
        camera.step()


def tick(span: Span, late_ms: list[float]) -> None:
    """Wake every ten milliseconds and note how late."""
    never = threading.Event()
    while (now := time.monotonic()) < span.until:
        never.wait(_TICK_S)
        _note(span, now, late_ms)


def _note(span: Span, slept_at: float, late_ms: list[float]) -> None:
    if span.counts(slept_at):
        late_ms.append((time.monotonic() - slept_at - _TICK_S) * 1e3)


def nothing(_clip: Path, span: Span, late_ms: list[float]) -> int:
    """Run the ticker alone: what the machine itself does to it."""
    tick(span, late_ms)
    return 0


def threads(clip: Path, span: Span, late_ms: list[float]) -> int:
    """Our design: a thread a camera, one process."""
    cameras = [Camera(clip, span) for _ in range(CAMERAS)]
    running = [threading.Thread(target=play, args=(camera, span)) for camera in cameras]
    for thread in running:
        thread.start()
    tick(span, late_ms)
    for thread in running:
        thread.join()
    return sum(camera.counted for camera in cameras)


def event_loop(clip: Path, span: Span, late_ms: list[float]) -> int:
    """One event loop; every blocking step goes to a pool of as many threads as cameras."""
    cameras = [Camera(clip, span) for _ in range(CAMERAS)]

    async def play_one(camera: Camera, pool: ThreadPoolExecutor) -> None:
        schedule, loop = Schedule(span), asyncio.get_running_loop()
        while not schedule.is_over:
            await asyncio.sleep(schedule.wait_s())
            await loop.run_in_executor(pool, camera.step)

    async def tick_beside() -> None:
        while (now := time.monotonic()) < span.until:
            await asyncio.sleep(_TICK_S)
            _note(span, now, late_ms)

    async def all_of_it() -> None:
        with ThreadPoolExecutor(CAMERAS) as pool:
            await asyncio.gather(tick_beside(), *(play_one(camera, pool) for camera in cameras))

    asyncio.run(all_of_it())
    return sum(camera.counted for camera in cameras)


def processes(clip: Path, span: Span, late_ms: list[float]) -> int:
    """Run a process a camera, and keep time in one more."""
    context = multiprocessing.get_context("spawn")
    counts = context.SimpleQueue()
    running = [context.Process(target=_alone, args=(clip, span, counts)) for _ in range(CAMERAS)]
    for process in running:
        process.start()
    tick(span, late_ms)
    seen = sum(counts.get() for _ in running)
    for process in running:
        process.join()
    return seen


def _alone(clip: Path, span: Span, counts) -> None:  # noqa: ANN001 (a queue of multiprocessing)
    camera = Camera(clip, span)
    play(camera, span)
    counts.put(camera.counted)


DESIGNS: dict[str, Callable[[Path, Span, list[float]], int]] = {
    "nothing": nothing,
    "threads": threads,
    "event_loop": event_loop,
    "processes": processes,
}


def main() -> None:
    """Run the design argv[1] on the clip argv[2] for argv[3] seconds."""
    design, clip, seconds = DESIGNS[sys.argv[1]], Path(sys.argv[2]), float(sys.argv[3])
    since = time.monotonic() + _WARM_S
    span = Span(since, since + seconds)
    books, late_ms = _Books(span), []
    counted = design(clip, span, late_ms)
    books.join()
    told = {
        "video_s": counted / FRAMES_PER_SECOND,
        "cpu_s": books.cpu_s,
        "pss_bytes": books.pss_bytes,
        "late_ms": {
            "median": median(late_ms),
            "99 %": quantiles(late_ms, n=100)[-1],
            "most": max(late_ms),
        },
    }
    print(json.dumps(told))


class _Books(threading.Thread):
    """Reads the kernel's books of this process and its children after the warm-up and at the end."""

    def __init__(self, span: Span) -> None:
        super().__init__(name="books")
        self.cpu_s, self.pss_bytes = 0.0, 0
        self._span = span
        self.start()

    def run(self) -> None:
        """Wait, read, wait, read."""
        time.sleep(self._span.since - time.monotonic())
        began, before = time.monotonic(), cost.cpu_s(os.getpid())
        # A little before the end: a process that is gone has no books.
        time.sleep(self._span.until - _EARLY_S - time.monotonic())
        self.pss_bytes = cost.pss_bytes(os.getpid())
        spent_s, passed_s = cost.cpu_s(os.getpid()) - before, time.monotonic() - began
        self.cpu_s = spent_s / passed_s * (self._span.until - self._span.since)


if __name__ == "__main__":
    main()
