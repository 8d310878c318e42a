"""What each stage of the pipeline costs a call, on the street clip, through the real pipeline.

The pipeline gets stages that keep a stopwatch; what it does and decides is not changed.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.machine import Machine, shared_words
from bench.scenes import KBPS
from bench.tables import table
from edge_agent.alerts import album as album_module
from edge_agent.alerts.album import Album
from edge_agent.alerts.compose import Composer, Origin
from edge_agent.alerts.identity import Identities
from edge_agent.daemon.assemble import make_detector, tracker_options
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.sighting import Label
from edge_agent.domain.zone import Watch, Zone
from edge_agent.inference.lookout import Lookout
from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.motion_file import open_motion
from edge_agent.inference.options import MotionOptions, ObjectOptions
from edge_agent.pipeline import Pipeline
from edge_agent.rules.intrusion import Intrusion
from edge_agent.rules.options import IntrusionOptions
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.pace import Pace
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from edge_agent.tracking.tracker import Tracker
from edge_agent.video.clip import read_clip
from edge_agent.video.masks import Masks
from tests.peers import clips
from tools import debian

_STREET = Polygon((Point(0, 0), Point(1, 0), Point(1, 1), Point(0, 1)))


class Stopwatch:
    """CPU and wall milliseconds of every call, by stage. One thread only, so CPU is its own."""

    def __init__(self) -> None:
        self.cpu_ms: dict[str, list[float]] = {}
        self.wall_ms: dict[str, list[float]] = {}

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Measure what is done inside."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.cpu_ms.setdefault(stage, []).append((time.process_time() - cpu) * 1e3)
        self.wall_ms.setdefault(stage, []).append((time.perf_counter() - wall) * 1e3)

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with a stopwatch around it."""

        def call(*args: Any, **named: Any) -> Any:
            with self.of(stage):
                return function(*args, **named)

        return call


class _Watched:
    """A stage with a stopwatch around one or more of its methods; the rest passes through."""

    def __init__(self, stage: object, stopwatch: Stopwatch, **methods: str) -> None:
        self._stage = stage
        for method, words in methods.items():
            setattr(self, method, stopwatch.timed(words, getattr(stage, method)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)


class _WatchedDetector:
    """Counts a look by its number of crops: the cost is per crop."""

    def __init__(self, detector: Any, watch: Stopwatch) -> None:
        self._detector, self._watch = detector, watch
        self.side_px = detector.side_px

    def look(self, frame: Any, crops: Any) -> Any:
        """Look, and note the cost per crop."""
        count = f"{len(crops)} crop{'' if len(crops) == 1 else 's'}"
        with self._watch.of(f"objects: crop + inference, {count}"):
            return self._detector.look(frame, crops)


def measure(card: ModelCard, facts: Machine) -> tuple[str, dict[str, object]]:
    """Run vtest once through the pipeline; return the page and the figures."""
    watch = Stopwatch()
    drawing = album_module.draw_thumbnail
    album_module.draw_thumbnail = watch.timed("thumbnail", drawing)
    try:
        video_s, analysed = _run(card, watch)
    finally:
        album_module.draw_thumbnail = drawing
    return _page(watch, card, facts, video_s, analysed), _figures(watch, card, video_s)


def _run(card: ModelCard, watch: Stopwatch) -> tuple[float, int]:
    clip = clips.encode(clips.vtest(), clips.Encoding(kbps=KBPS))
    pipeline, pace, frames, analysed = _pipeline(card, watch), Pace(5.0), read_clip(clip), 0
    taken_at = 0.0
    with tempfile.TemporaryDirectory(prefix="bench-", dir=debian.CACHE) as folder:
        spool = open_spool(Path(folder, "spool.sqlite"), SpoolOptions())
        append = watch.timed("spool append (alert and thumbnail, fsync)", spool.append)
        decode = watch.timed("decode a frame", lambda: next(frames, None))
        while (frame := decode()) is not None:
            taken_at = frame.taken_at
            if pace.is_its_turn(taken_at):
                analysed += 1
                for alert in pipeline.watch(frame).alerts:
                    append(alert)
        spool.close()
    return taken_at, analysed


def _pipeline(card: ModelCard, watch: Stopwatch) -> Pipeline:
    clock, options = SystemClock(), ObjectOptions()
    zone = Zone("street", _STREET)
    place = Watch(((zone.outline, frozenset({Label.PERSON})),))
    tracker = Tracker(tracker_options(card), place)
    detector = make_detector(card, options)
    lookout = Lookout(
        side_px=detector.side_px, looks_per_frame=options.crops_per_frame, watch=place
    )
    origin = Origin(
        site="bench",
        box="stages",
        camera="gate",
        boot="",
        model_name=card.name,
        model_version=card.version,
        model_sha256=card.sha256,
    )
    source = random.Random(1)  # noqa: S311 (names alerts, keeps no secret)
    composer = Composer(origin, Identities(clock.wall, source), clock.state, clock.mono)
    intrusion = Intrusion(IntrusionOptions(name="intrusion-street", zone=zone))
    return Pipeline(
        masks=Masks(),
        motion=_Watched(open_motion(MotionOptions()), watch, watch="motion"),
        objects=_WatchedDetector(detector, watch),
        lookout=_Watched(lookout, watch, choose="lookout: where to look", learn="lookout: sizes"),
        tracker=_Watched(tracker, watch, follow="tracker: follow", expected="tracker: what is due"),
        rules={"street": _Watched(intrusion, watch, judge="rule: intrusion")},
        album=Album(frozenset({Label.PERSON})),
        composer=_Watched(composer, watch, compose="compose the alert"),
    )


def _page(watch: Stopwatch, card: ModelCard, facts: Machine, video_s: float, analysed: int) -> str:
    rows = [_row(stage, watch, video_s) for stage in sorted(watch.cpu_ms, key=_order)]
    heading = (
        "stage",
        "calls",
        "CPU ms a call, median",
        "95 %",
        "wall ms a call, median",
        "calls per video s",
        "CPU s per video s",
    )
    return f"""# Stages: what each costs

{facts.words()}
Object model: {card.name} {card.version}, one thread. Written by `make bench`.
{shared_words(facts.load)}
vtest (768x576, 10 frames/s, H.264), all of its {video_s:.0f} s, one camera, {analysed} frames
analysed (5 a second) through `edge_agent.pipeline`; a busy street, so nearly every frame is looked
at. Replayed as fast as it decodes: reconnects, waiting and MQTT are in `live.md`.

{table(heading, rows)}"""


def _order(stage: str) -> tuple[int, str]:
    journey = (
        "decode",
        "motion",
        "lookout",
        "objects",
        "tracker",
        "rule",
        "thumbnail",
        "compose",
        "spool",
    )
    return next(n for n, first in enumerate(journey) if stage.startswith(first)), stage


def _row(stage: str, watch: Stopwatch, video_s: float) -> tuple[str, ...]:
    cpu, wall = watch.cpu_ms[stage], watch.wall_ms[stage]
    return (
        stage,
        str(len(cpu)),
        f"{median(cpu):.3f}",
        f"{_late(cpu):.3f}",
        f"{median(wall):.3f}",
        f"{len(cpu) / video_s:.2f}",
        f"{sum(cpu) / 1e3 / video_s:.4f}",
    )


def _late(values: list[float]) -> float:
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def _figures(watch: Stopwatch, card: ModelCard, video_s: float) -> dict[str, object]:
    stages = {
        stage: {
            "calls": len(cpu),
            "cpu_ms_median": round(median(cpu), 4),
            "cpu_ms_95": round(_late(cpu), 4),
            "cpu_s_per_video_s": round(sum(cpu) / 1e3 / video_s, 5),
            "wall_ms_median": round(median(watch.wall_ms[stage]), 4),
        }
        for stage, cpu in watch.cpu_ms.items()
    }
    return {"model": f"{card.name} {card.version}", "video_s": video_s, "stages": stages}
