"""Runs the fuzz in a process of its own, whose end, time and memory say whether all went well."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def fuzzed(folder: Path, count: int, seed: int, *, within_s: float) -> list[dict[str, Any]]:
    """Return what each reader came to; fail with the input that one did not survive."""
    killer = folder / "killer"
    options = ["--count", str(count), "--seed", str(seed), "--failure", str(killer)]
    return watched("tests.soak.fuzz", options, within_s=within_s)


def watched(module: str, options: list[str], *, within_s: float) -> list[dict[str, Any]]:
    done = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-m", module, *options],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=within_s,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
