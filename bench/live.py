"""Live streams: every contender on the same camera at the same time, a scene after the other.

A cost is measured over one whole turn of the clip once everybody streams, so start-up is left out
and it does not matter where in the clip a contender began.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from bench import contenders, cost
from bench.contenders import Contender, EdgeAgent, Motion, OpenCv
from bench.scenes import FRAMES_PER_SECOND, TURN_S, VISIT_EVERY_S, Scene
from bench.tap import Tap
from tests.peers.mosquitto import Mosquitto
from tests.peers.rtsp import RtspServer
from tools import debian

# Models are loaded and the stream is open after 1-3 s here; a Pi needs longer.
_START_S = 60.0
# Everybody has been sent this much before we begin to count.
_WARM_S = 4
_POLL_S = 0.1
# Characters of a log that are shown when its writer does not stream.
_LAST_WORDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One contender in one run of one scene."""

    scene: str
    contender: str
    load: float
    video_s: float
    cpu_s: float
    peak_rss_bytes: int
    # Frames that the server sent it per second of video: short of the camera's, it fell behind.
    frames_per_second: float
    alerts: int | None
    # Seconds from the first frame with somebody in it to the alert; None: no alert came.
    delays_s: list[float | None] = field(default_factory=list)
    # Of which our rule waited, to be sure that it is a visit and not a step over the line.
    waited_s: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Live:
    """Everything that was measured, and why something was not."""

    runs: list[Measured] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Running:
    contender: Contender
    folder: Path
    tap: Tap
    process: subprocess.Popen[bytes]


class Site:
    """A broker, a subscriber and a folder, for as long as the bench runs."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start them."""
        debian.CACHE.mkdir(exist_ok=True)
        # Beside the checkout's other things and not in /tmp, which may be memory: spools sync.
        self.folder = Path(tempfile.mkdtemp(prefix="bench-", dir=debian.CACHE))
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.broker = self._stack.enter_context(Mosquitto(self.folder / "broker"))
        self.notes = self.folder / "alerts.jsonl"
        words = ["bench.subscriber", str(self.broker.port), contenders.SITE]
        listening = contenders.spawn_python(words, self.notes)
        self._stack.callback(contenders.end, listening)
        _wait(lambda: "ready" in self.notes.read_text(), [listening])
        return self

    def __exit__(self, *_: object) -> None:
        """Stop them and remove what they wrote."""
        self._stack.close()

    def contenders(self, live: Live) -> list[Contender]:
        """Return who takes part; who cannot is noted with the reason."""
        ours = [
            EdgeAgent(idle, self._model, self.broker.url, self.notes)
            for idle in ("key_frames", "full")
        ]
        motion = Motion()
        if motion.missing:
            live.absent[motion.name] = motion.missing
            return [*ours, OpenCv()]
        return [*ours, motion, OpenCv()]


def measure(scenes: dict[str, Scene], model: Path, *, runs: int, seconds: int) -> Live:
    """Measure all scenes: costs `runs` times over `seconds`, delays over one turn of the visits."""
    live = Live()
    with Site(model) as site:
        everybody = site.contenders(live)
        for number in range(1, runs + 1):
            for name in ("idle", "busy"):
                _say(f"{name} street, run {number} of {runs}, {seconds} s")
                _measure_scene(site, scenes[name], everybody, live, seconds)
        visits = scenes["visits"]
        turn_s = visits.frames // FRAMES_PER_SECOND - _WARM_S
        _say(f"{len(visits.visits)} visits, {turn_s} s")
        _measure_scene(site, visits, everybody, live, turn_s)
    return live


def _measure_scene(
    site: Site, scene: Scene, everybody: Sequence[Contender], live: Live, seconds: int
) -> None:
    present = [one for one in everybody if one.name not in live.absent]
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix=f"{scene.name}-", dir=site.folder))
        server = stack.enter_context(RtspServer(folder / "rtsp", scene.clip))
        running = []
        for number, contender in enumerate(present):
            place = folder / str(number)
            running.append(stack.enter_context(_run(contender, place, server.port)))
        # First of what is undone at the end: everybody stops at the same time.
        stack.callback(_tell_all_to_end, running)
        streaming = [one for one in running if _streams(one, live)]
        before = {one.contender.name: (cost.cpu_s(one.process.pid), _now(one)) for one in streaming}
        _pause(seconds)
        for one in streaming:
            measured = _read(one, scene, before[one.contender.name])
            if one.process.poll() is not None:
                live.absent[one.contender.name] = f"it ended in the {scene.name} scene"
                continue
            live.runs.append(measured)
            _say(f"  {_words(measured)}")


@contextmanager
def _run(contender: Contender, folder: Path, server_port: int) -> Iterator[_Running]:
    with ExitStack() as stack:
        tap = Tap(server_port)
        stack.callback(tap.close)
        process = contender.start(tap.url, folder)
        stack.callback(contenders.end, process)
        yield _Running(contender, folder, tap, process)


def _tell_all_to_end(running: Sequence[_Running]) -> None:
    for one in running:
        if one.process.poll() is None:
            one.process.send_signal(signal.SIGTERM)


def _streams(one: _Running, live: Live) -> bool:
    """Wait until it is sent frames; if it is not, its row is absent, with the reason."""
    enough = _WARM_S * FRAMES_PER_SECOND
    try:
        _wait(lambda: len(one.tap.frames_sent) >= enough, [one.process])
    except RuntimeError as failure:
        log = (one.folder / "log").read_text(errors="replace")[-_LAST_WORDS:]
        live.absent[one.contender.name] = str(failure)
        _say(f"  {one.contender.name} is absent: {failure}. Its last words:\n{log}")
        return False
    return True


def _now(one: _Running) -> tuple[float, int]:
    return time.monotonic(), len(one.tap.frames_sent)


def _read(one: _Running, scene: Scene, before: tuple[float, tuple[float, int]]) -> Measured:
    cpu_before, (mono_before, frames_before) = before
    cpu_s = cost.cpu_s(one.process.pid) - cpu_before
    mono, frames = _now(one)
    passed_s = mono - mono_before
    raised = one.contender.raised(one.folder)
    delays = [] if raised is None else _delays(raised, one.tap.frames_sent, scene)
    return Measured(
        scene=scene.name,
        contender=one.contender.name,
        load=round(os.getloadavg()[0], 2),
        video_s=round(passed_s, 2),
        cpu_s=round(cpu_s, 3),
        peak_rss_bytes=cost.peak_rss_bytes(one.process.pid),
        frames_per_second=round((frames - frames_before) / passed_s, 2),
        alerts=None if raised is None else len(raised),
        delays_s=[delay for delay, _ in delays],
        waited_s=[waited_s for delay, waited_s in delays if delay is not None],
    )


def _delays(
    raised: Sequence[contenders.Raised], sent: Sequence[float], scene: Scene
) -> list[tuple[float | None, float]]:
    """Return per visit the seconds to the first alert after its first frame, and the patience."""
    found: list[tuple[float | None, float]] = []
    for frame in scene.visits:
        if frame >= len(sent):
            continue
        began = sent[frame]
        alerts = [one for one in raised if 0 <= one.wall - began < VISIT_EVERY_S]
        first = alerts[0] if alerts else None
        found.append((round(first.wall - began, 3), first.waited_s) if first else (None, 0.0))
    return found


def _words(measured: Measured) -> str:
    told = "" if measured.alerts is None else f", {measured.alerts} alerts"
    delays = f", delays {measured.delays_s}" if measured.delays_s else ""
    return (
        f"{measured.contender}: {measured.cpu_s / measured.video_s:.4f} CPU s per video s, "
        f"{measured.peak_rss_bytes / 2**20:.0f} MiB, {measured.frames_per_second} frames/s"
        f"{told}{delays}"
    )


def _wait(is_ready, processes: Sequence[subprocess.Popen[bytes]]) -> None:  # noqa: ANN001 (a question)
    deadline = time.monotonic() + _START_S
    while not is_ready():
        if any(one.poll() is not None for one in processes):
            raise RuntimeError("it ended at once")
        if time.monotonic() > deadline:
            raise RuntimeError(f"it did not get ready in {_START_S:.0f} s")
        time.sleep(_POLL_S)


def _pause(seconds: float) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, _POLL_S))


def _say(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)


def as_json(live: Live) -> dict[str, object]:
    """Return everything for the JSON file."""
    runs = [
        {name: getattr(one, name) for name in Measured.__dataclass_fields__} for one in live.runs
    ]
    return {"turn_s": TURN_S, "runs": runs, "absent": live.absent}
