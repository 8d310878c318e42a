"""How cameras should share networks, in which runtime; and what a camera needs besides.

python -m bench.run --only runtime
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.machine import Machine
from bench.runtime import looks, needs, page
from bench.runtime.looks import Answer
from edge_agent.inference.model_file import find_card, load_card
from edge_agent.inference.motion_file import WEIGHTS as MOTION_WEIGHTS
from tests.peers import clips
from tools import debian

ARRANGEMENTS = ("own", "one", "cores", "spare")
CAMERAS = (1, 4, 8)
# What cameras do together settles within a second.
_SECONDS = 1.5
Runs = dict[str, dict[int, list[dict[str, float]]]]


def report(facts: Machine, *, runs: int) -> tuple[str, dict[str, object]]:
    """Measure everything; return the page and the figures."""
    measured = page.Measured(
        runs=runs,
        model=_model(),
        crowds=_crowds(runs),
        answers=_answers(),
        memory={cameras: _memory(cameras) for cameras in CAMERAS},
        needs=needs.measure(),
        streams=needs.streams(),
    )
    return page.write(facts, measured), page.figures(measured)


def _model() -> str:
    card = load_card(find_card("street"))
    return f"{card.name} {card.version}"


def _crowds(runs: int) -> Runs:
    """Let cameras share in each way, in turn, so that a busy minute spoils no single one."""
    told: Runs = {name: {cameras: [] for cameras in CAMERAS} for name in ARRANGEMENTS}
    for number in range(1, runs + 1):
        for cameras in CAMERAS:
            for name in ARRANGEMENTS:
                told[name][cameras].append(_child("crowd", name, str(cameras), str(_SECONDS)))
        print(f"arrangements, run {number} of {runs}", flush=True)
    return told


def _answers() -> dict[str, list[tuple[int, bool, Answer]]]:
    """Run both networks in both runtimes, with one thread and two, with XNNPACK and without."""
    weights = {"street": load_card(find_card("street")).weights, "motion": MOTION_WEIGHTS}
    pythons = [one for one in (Path(sys.executable), looks.OTHER_PYTHON) if one.exists()]
    return {
        name: [
            (
                threads,
                has_xnnpack,
                looks.ask(python, file, threads=threads, has_xnnpack=has_xnnpack),
            )
            for python in pythons
            for has_xnnpack in (True, False)
            for threads in (1, 2)
        ]
        for name, file in weights.items()
    }


def _memory(cameras: int) -> int:
    clip = clips.encode(clips.vtest(), needs.SUB_STREAM)
    return int(_child("memory", str(clip), str(cameras))["pss_bytes"])


def _child(module: str, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", f"bench.runtime.{module}", *words]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=debian.REPOSITORY, timeout=120
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told
