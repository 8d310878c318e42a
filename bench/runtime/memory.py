"""What one process needs for so many cameras that decode, look and follow; see page.py.

Prints one JSON object: the proportional memory at the end, of which the networks are a part.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
from pathlib import Path

from bench import cost
from bench.runtime.site import watched_street
from edge_agent.alerts.identity import Identities
from edge_agent.daemon.assemble import CameraAssembly
from edge_agent.pipeline import Pipeline
from edge_agent.runtime.clock import SystemClock
from edge_agent.video.clip import read_clip

# By then motion, tracks, sizes and pictures have filled what they fill.
_FRAMES = 60


def main(clip: Path, cameras: int) -> dict[str, int]:
    """Watch the clip with so many cameras at once; nobody has ended when memory is read."""
    settings, camera = watched_street()
    clock = SystemClock()
    identities = Identities(clock.wall, random.Random(1))  # noqa: S311 (names alerts, keeps no secret)
    assembly = CameraAssembly(settings, clock)
    pipelines = [assembly.pipeline(camera, identities, clock) for _ in range(cameras)]
    done = threading.Barrier(cameras + 1)
    running = [threading.Thread(target=_watch, args=(clip, one, done)) for one in pipelines]
    for thread in running:
        thread.start()
    done.wait()
    told = cost.pss_bytes(os.getpid())
    done.wait()
    for thread in running:
        thread.join()
    return {"pss_bytes": told}


def _watch(clip: Path, pipeline: Pipeline, done: threading.Barrier) -> None:
    frames = read_clip(clip)
    for _ in range(_FRAMES):
        pipeline.watch(next(frames))
    done.wait()
    done.wait()


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
