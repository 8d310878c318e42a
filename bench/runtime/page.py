"""bench/results/runtime.md, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

import numpy as np

from bench.machine import Machine, shared_words
from bench.runtime.crowd import FRAMES_PER_SECOND, LOOKS_PER_FRAME
from bench.runtime.looks import Answer
from bench.runtime.needs import Need
from bench.tables import spread, table
from edge_agent.daemon.box_load import StreamCost

_MIB = 2**20
_WORDS = {
    "own": "one a camera",
    "one": "one for all, in turn",
    "cores": "one a core",
    "spare": "one a core, and one (ours)",
}
Crowds = Mapping[str, Mapping[int, Sequence[Mapping[str, float]]]]
Answers = Mapping[str, Sequence[tuple[int, bool, Answer]]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything, a table each."""

    runs: int
    # The object model that was measured, with its version.
    model: str
    crowds: Crowds
    answers: Answers
    # Bytes of PSS by the number of cameras.
    memory: Mapping[int, int]
    needs: Sequence[Need]
    streams: Mapping[str, StreamCost]


def write(facts: Machine, measured: Measured) -> str:
    """Return the whole page."""
    return f"""# Runtime: networks, threads, and what a camera needs

{facts.words()}
Written by `python -m bench.run --only runtime`; read by `docs/design/0011-one-runtime.md`.
{shared_words(facts.load)}
The object model is {measured.model}.

## How cameras share the networks of the object model

{_crowds(measured.crowds, measured.runs)}
On and on: every camera looks as fast as it can. As cameras do: {FRAMES_PER_SECOND} frames a second,
{LOOKS_PER_FRAME} looks each; how long after a frame was due its last look was done.

## Runtimes, threads, XNNPACK

{_answers(measured.answers)}
Milliseconds a run, median. Apart: from LiteRT with XNNPACK and one thread, on three pictures of
smooth noise, in steps of the outputs (LSB). A runtime that is not here has no rows.

## Memory of all cameras

{_memory(measured.memory)}
Each decodes 640x360 and runs the whole pipeline, without network and broker.

## How often a camera is looked at

{_needs(measured.needs)}
The shipped model through `edge-agent replay`, the whole picture a zone for persons, five frames a
second, as many looks as it needs.

## What a stream costs

{_streams(measured.streams)}
Processor milliseconds a frame, 640x360. `edge-agent model bench` decodes the trial clip.
"""


def _crowds(crowds: Crowds, runs: int) -> str:
    heading = (
        f"networks (median and range of {runs} runs)",
        "cameras",
        "looks/s, on and on",
        "CPU ms a look",
        "as cameras do: ms, median",
        "95 %",
        "MiB of networks",
        "MiB a camera",
    )
    rows = [
        _crowd(_WORDS[name], cameras, told)
        for name, by_cameras in crowds.items()
        for cameras, told in by_cameras.items()
    ]
    return table(heading, sorted(rows, key=lambda row: int(row[1])))


def _crowd(words: str, cameras: int, told: Sequence[Mapping[str, float]]) -> tuple[str, ...]:
    values = {key: [one[key] for one in told] for key in told[0]}
    mib = median(values["networks_bytes"]) / _MIB
    return (
        words,
        str(cameras),
        spread(values["looks_per_second"], 0),
        spread(values["cpu_ms_a_look"], 2),
        spread(values["frame_ms_median"], 1),
        spread(values["frame_ms_95"], 1),
        f"{mib:.0f}",
        f"{mib / cameras:.1f}",
    )


def _answers(answers: Answers) -> str:
    heading = (
        "network",
        "runtime",
        "XNNPACK",
        "threads",
        "CPU ms",
        "wall ms",
        "apart, mean",
        "most",
    )
    rows = []
    for name, told in answers.items():
        first = np.array(told[0][2].outputs, np.float64)
        for threads, has_xnnpack, answer in told:
            apart = np.abs(np.array(answer.outputs, np.float64) - first)
            costs = (f"{answer.cpu_ms:.2f}", f"{answer.wall_ms:.2f}")
            differences = (f"{apart.mean():.2f}", f"{apart.max():.0f}")
            asked = "on" if has_xnnpack else "off"
            rows.append((name, answer.runtime, asked, str(threads), *costs, *differences))
    return table(heading, rows)


def _memory(memory: Mapping[int, int]) -> str:
    fewest = min(memory)
    rows = []
    for cameras, size in memory.items():
        more = cameras - fewest
        each = (size - memory[fewest]) / more / _MIB if more else None
        rows.append((str(cameras), f"{size / _MIB:.0f}", "-" if each is None else f"{each:.1f}"))
    return table(("cameras", "PSS, MiB", "each one more"), rows)


def _needs(needs: Sequence[Need]) -> str:
    rows = [
        (
            one.clip,
            f"{one.seconds:.0f}",
            f"{one.looks_per_second:.1f}",
            f"{one.share_looked_at:.0%}",
        )
        for one in needs
    ]
    return table(("clip", "seconds", "looks/s", "frames looked at"), rows)


def _streams(streams: Mapping[str, StreamCost]) -> str:
    rows = [
        (name, f"{one.frame_ms:.2f}", f"{one.key_frame_ms:.2f}", f"{one.motion_ms:.2f}")
        for name, one in streams.items()
    ]
    return table(("clip", "decode, all frames", "decode, key frames", "motion"), rows)


def figures(measured: Measured) -> dict[str, object]:
    """Return everything but the raw answers."""
    return {
        "arrangements": measured.crowds,
        "runtimes": {
            name: [
                {
                    "runtime": answer.runtime,
                    "threads": threads,
                    "xnnpack": has_xnnpack,
                    "cpu_ms": round(answer.cpu_ms, 3),
                    "wall_ms": round(answer.wall_ms, 3),
                }
                for threads, has_xnnpack, answer in told
            ]
            for name, told in measured.answers.items()
        },
        "memory_pss_bytes": measured.memory,
        "needs": [asdict(one) for one in measured.needs],
        "streams": {name: asdict(one) for name, one in measured.streams.items()},
    }
