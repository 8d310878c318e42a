"""Cameras that share networks in one of three ways, on a process of its own; see arrangements.py.

Prints one JSON object: looks a second when all look on and on, how late a frame's last look is when
they look as cameras do, and the memory that the networks took.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from statistics import median, quantiles

from bench import cost
from edge_agent.daemon.assemble import detector_for
from edge_agent.inference.capacity import trial_look
from edge_agent.inference.model_file import find_card, load_card
from edge_agent.inference.objects import Runnable
from edge_agent.inference.pool import SPARE, NetworkPool
from edge_agent.inference.runtime import Network

# A camera on a busy street: five frames a second, three looks at each (needs.py).
FRAMES_PER_SECOND, LOOKS_PER_FRAME = 5, 3
_WARM_S = 0.5
Look = Callable[[], object]


def main(arrangement: str, cameras: int, seconds: float) -> dict[str, float]:
    """Let so many cameras look for so long, twice."""
    card = load_card(find_card("street"))
    before = cost.pss_bytes(os.getpid())
    networks = _ARRANGEMENTS[arrangement](cameras)
    looks = [trial_look(detector_for(card, network)) for network in networks]
    for look in looks:
        look()
    after = cost.pss_bytes(os.getpid())
    _together(looks, _on_and_on, _WARM_S)
    cpu, began = time.process_time(), time.monotonic()
    counts = [len(times) for times in _together(looks, _on_and_on, seconds)]
    spent, cpu = time.monotonic() - began, time.process_time() - cpu
    late = sorted(one for times in _together(looks, _as_cameras_do, seconds) for one in times)
    return {
        "looks_per_second": sum(counts) / spent,
        "cpu_ms_a_look": 1e3 * cpu / sum(counts),
        "frame_ms_median": 1e3 * median(late),
        "frame_ms_95": 1e3 * quantiles(late, n=20)[-1],
        "networks_bytes": after - before,
    }


def _own(cameras: int) -> list[Runnable]:
    weights = load_card(find_card("street")).weights
    return [Network(weights) for _ in range(cameras)]


def _shared(most: int, cameras: int) -> list[Runnable]:
    weights = load_card(find_card("street")).weights
    pool = NetworkPool(lambda: Network(weights), most=most)
    pool.make_room(cameras)
    return [pool] * cameras


def _cores() -> int:
    return len(os.sched_getaffinity(0))


_ARRANGEMENTS: dict[str, Callable[[int], list[Runnable]]] = {
    "own": _own,
    "one": lambda cameras: _shared(1, cameras),
    "cores": lambda cameras: _shared(_cores(), cameras),
    "spare": lambda cameras: _shared(_cores() + SPARE, cameras),
}


def _together(
    looks: list[Look], act: Callable[[Look, float, float], list[float]], seconds: float
) -> list[list[float]]:
    """Let every camera act on a thread of its own; return what each noted."""
    told: list[list[float]] = [[] for _ in looks]
    began = time.monotonic()

    def be(camera: int, look: Look) -> None:
        # Cameras do not send in step.
        first = began + camera / (FRAMES_PER_SECOND * len(looks))
        told[camera] = act(look, first, began + seconds)

    running = [threading.Thread(target=be, args=each) for each in enumerate(looks)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return told


def _on_and_on(look: Look, _first: float, until: float) -> list[float]:
    times = []
    while (now := time.monotonic()) < until:
        look()
        times.append(time.monotonic() - now)
    return times


def _as_cameras_do(look: Look, first: float, until: float) -> list[float]:
    """Return for each frame how long after it was due its last look was done."""
    never, due, late = threading.Event(), first, []
    while due < until:
        never.wait(max(0.0, due - time.monotonic()))
        for _ in range(LOOKS_PER_FRAME):
            look()
        late.append(time.monotonic() - due)
        due += 1 / FRAMES_PER_SECOND
    return late


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
