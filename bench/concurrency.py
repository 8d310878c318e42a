"""The measurement behind docs/design/0001: threads, an event loop, or a process a camera.

python -m bench.run --only concurrency
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import scenes
from bench.cameras import CAMERAS, SPEED
from bench.machine import Machine, shared_words
from bench.tables import ratio, spread, table
from tools import debian

_WORDS = {
    "nothing": "ticker alone",
    "threads": "a thread a camera (ours)",
    "event_loop": "asyncio, run_in_executor a frame",
    "processes": "a process a camera",
}
_MIB = 2**20


def measure(facts: Machine, *, runs: int, seconds: int) -> tuple[str, dict[str, object]]:
    """Run every design in turn, `runs` times; return the page and the figures."""
    clip = scenes.all_scenes()["busy"].clip
    figures: dict[str, list[dict[str, Any]]] = {design: [] for design in _WORDS}
    for number in range(1, runs + 1):
        for design, told in figures.items():
            told.append(_run(design, clip, seconds))
            print(f"{design}, run {number} of {runs}: {told[-1]}", flush=True)
    return _page(figures, facts, seconds), {"seconds": seconds, "runs": figures}


def _run(design: str, clip: Path, seconds: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.cameras", design, clip, str(seconds)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=debian.REPOSITORY, timeout=120
    )
    return json.loads(done.stdout.splitlines()[-1])


def _page(figures: dict[str, list[dict[str, Any]]], facts: Machine, seconds: int) -> str:
    rows = [_row(design, figures) for design in figures]
    heading = (
        "design",
        "CPU s per video s",
        "/ threads",
        "PSS, MiB",
        "/ threads",
        "10 ms ticker late by, ms: median",
        "99 %",
        "most",
    )
    return f"""# Concurrency: {CAMERAS} cameras, three designs

{facts.words()}
Written by `python -m bench.run --only concurrency`; read by `docs/design/0001-threads-not-asyncio.md`.
{shared_words(facts.load)}
{CAMERAS} readers, each decodes the same H.264 clip (vtest, 768x576, 1 Mbit/s) and looks for motion in
every second frame; frames are due {SPEED} times as fast as that camera sends, {seconds} s a run after
a warm-up, the designs in turn, {len(figures["threads"])} runs. Median (least-most). PSS counts a page
that n processes share as 1/n in each.

{table(heading, rows)}"""


def _row(design: str, figures: dict[str, list[dict[str, Any]]]) -> tuple[str, ...]:
    mine, ours = figures[design], figures["threads"]
    cpu, our_cpu = (
        [one["cpu_s"] / one["video_s"] for one in runs if one["video_s"]] for runs in (mine, ours)
    )
    pss, our_pss = ([one["pss_bytes"] / _MIB for one in runs] for runs in (mine, ours))
    late = {key: [one["late_ms"][key] for one in mine] for key in ("median", "99 %", "most")}
    return (
        _WORDS[design],
        spread(cpu, 4),
        ratio(cpu, our_cpu),
        spread(pss, 0),
        ratio(pss, our_pss),
        *(spread(values, 2) for values in late.values()),
    )
