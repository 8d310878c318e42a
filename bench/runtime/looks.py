"""One network in one runtime, on a process of its own and in that runtime's own environment.

`ask` runs it from here. Prints one JSON object: what a run costs, and what it answered to each of a
few fixed pictures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).parents[2]
# Made by `python3 -m tools.setup tflite-runtime`.
OTHER_PYTHON = REPOSITORY / ".cache" / "tflite-runtime" / "bin" / "python"
_WARM_UP, _RUNS = 5, 40
_SEED = 20261128


@dataclass(frozen=True, slots=True)
class Answer:
    """What one runtime said, and for how much; `outputs` are the raw numbers for each picture."""

    runtime: str
    cpu_ms: float
    wall_ms: float
    outputs: tuple[tuple[int, ...], ...]


def ask(
    python: Path, weights: Path, *, threads: int = 1, has_xnnpack: bool = True, runs: int = _RUNS
) -> Answer:
    """Run a network in the environment of that Python."""
    words = [python, "-m", "bench.runtime.looks", weights, threads, int(has_xnnpack), runs]
    done = subprocess.run(
        [str(word) for word in words],
        check=True,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return Answer(**told | {"outputs": tuple(map(tuple, told["outputs"]))})


def main(weights: str, threads: int, runs: int, *, has_xnnpack: bool) -> dict[str, Any]:
    """Time runs of a network, and let it answer to smooth noise."""
    package, interpreter = _open(weights, threads, has_xnnpack=has_xnnpack)
    into, out_of = interpreter.get_input_details()[0], interpreter.get_output_details()
    pictures = _pictures(tuple(into["shape"]), into["dtype"])

    def run(picture: Any) -> None:
        interpreter.set_tensor(into["index"], picture)
        interpreter.invoke()

    for _ in range(_WARM_UP):
        run(pictures[0])
    walls, cpus = [], []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        run(pictures[0])
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    outputs = []
    for picture in pictures:
        run(picture)
        said = [interpreter.get_tensor(one["index"]).ravel() for one in out_of]
        outputs.append(np.concatenate(said).tolist())
    return {
        "runtime": package,
        "cpu_ms": 1e3 * median(cpus),
        "wall_ms": 1e3 * median(walls),
        "outputs": outputs,
    }


def _open(weights: str, threads: int, *, has_xnnpack: bool) -> tuple[str, Any]:
    """Return the runtime of this environment, and the network in it."""
    try:
        from ai_edge_litert import interpreter as runtime  # noqa: PLC0415 (whichever is here)
    except ModuleNotFoundError:
        from tflite_runtime import interpreter as runtime  # noqa: PLC0415 (whichever is here)
    resolvers = runtime.OpResolverType
    resolver = resolvers.AUTO if has_xnnpack else resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    opened = runtime.Interpreter(
        model_path=weights, num_threads=threads, experimental_op_resolver_type=resolver
    )
    opened.allocate_tensors()
    return runtime.__name__.partition(".")[0], opened


def _pictures(shape: tuple[int, ...], dtype: Any) -> list[Any]:
    """Return smooth noise: a picture has edges and planes, and white noise is neither."""
    random, (_, height, width, planes) = np.random.default_rng(_SEED), shape
    limits = np.iinfo(dtype)
    pictures = []
    for cell in (8, 20, 40):
        coarse = random.integers(
            limits.min, limits.max + 1, (height // cell, width // cell, planes)
        )
        fine = coarse.repeat(cell, axis=0).repeat(cell, axis=1)
        whole = np.zeros((height, width, planes), dtype)
        whole[: fine.shape[0], : fine.shape[1]] = fine
        pictures.append(whole[None])
    return pictures


if __name__ == "__main__":
    _, _weights, _threads, _has_xnnpack, _runs = sys.argv
    print(json.dumps(main(_weights, int(_threads), int(_runs), has_xnnpack=_has_xnnpack == "1")))
