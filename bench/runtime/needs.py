"""How often a camera is looked at on real clips, and what its stream costs beside the trial clip's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench import scenes
from bench.runtime.site import watched_street
from edge_agent.daemon.box_load import StreamCost, measure_stream, stream_cost
from edge_agent.daemon.replay import replay
from tests.peers import clips

# A clip of two seconds says little of a second.
_SHORTEST_S = 10.0
# A usual sub stream, and what the trial clip stands for.
SUB_STREAM = clips.Encoding(width_px=640, height_px=360, kbps=600, seconds=20)


@dataclass(frozen=True, slots=True)
class Need:
    """What one clip asked for."""

    clip: str
    seconds: float
    looks_per_second: float
    # Of the frames that were analysed.
    share_looked_at: float


def measure() -> list[Need]:
    """Replay the empty street, vtest and the shared clips; the calmest first."""
    found = {"vtest, empty street": scenes.all_scenes()["idle"].clip, "vtest": clips.vtest()}
    shared = clips.SHARED / "clips"
    found |= {clip.name: clip for clip in sorted(shared.glob("*"))} if shared.is_dir() else {}
    needs = (_need(name, clip) for name, clip in found.items())
    return sorted((one for one in needs if one.seconds >= _SHORTEST_S), key=_looks)


def streams() -> dict[str, StreamCost]:
    """Return what decoding and motion cost: the trial clip, and vtest in the same size."""
    street = clips.encode(clips.vtest(), SUB_STREAM)
    return {"the trial clip": measure_stream(), "vtest, 600 kbit/s": stream_cost(street)}


def _need(name: str, clip: Path) -> Need:
    settings, camera = watched_street()
    frames = looks = looked_at = 0
    seconds = 0.0
    for frame, seen in replay(settings, camera, clip):
        frames += 1
        looks += len(seen.crops)
        looked_at += bool(seen.crops)
        seconds = frame.taken_at
    return Need(name, seconds, looks / max(seconds, 1.0), looked_at / max(frames, 1))


def _looks(need: Need) -> float:
    return need.looks_per_second
