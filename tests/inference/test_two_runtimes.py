"""LiteRT and its forerunner tflite-runtime differ by an LSB or a few; what is seen is the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bench.runtime.looks import OTHER_PYTHON, REPOSITORY, ask
from edge_agent.inference.model_file import find_card, load_card
from edge_agent.inference.motion_file import WEIGHTS as MOTION_WEIGHTS
from edge_agent.video.clip import read_clip
from tests.inference import second_runtime
from tests.peers import process
from tools.setup import LAST_FOR_TFLITE

if TYPE_CHECKING:
    from edge_agent.domain.frame import Frame

# Measured on three pictures: 18 and 1 LSB at most, 1.0 and 0.2 on average. Of street the worst are of
# the numbers that distances are made of.
WORST_LSB = {"street": 20, "motion": 2}
MEAN_LSB = {"street": 1.2, "motion": 0.4}
# In frames like those below scores are 0.017 apart on average, 0.055 at most, boxes 0.006 of the picture.
SCORE_ROOM = 0.06


@pytest.fixture(scope="module")
def other_python() -> Path:
    """Return the Python that has the second runtime, or skip."""
    if not OTHER_PYTHON.exists() and sys.version_info[:2] > LAST_FOR_TFLITE:
        pytest.skip("tflite-runtime 2.14, the last, has no wheel for this Python")
    if not OTHER_PYTHON.exists():
        process.absent("the environment of tflite-runtime is not made")
    return OTHER_PYTHON


@pytest.fixture(scope="module")
def frames(vtest_clip: Path) -> list[Frame]:
    """Return three seconds of the street, five frames a second."""
    return [
        replace(frame, taken_at=number / 5)
        for number, frame in enumerate(islice(read_clip(vtest_clip), 0, 30, 2))
    ]


@pytest.fixture(scope="module")
def both(
    other_python: Path, frames: list[Frame], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the first runtime makes of the street, and what the second does."""
    file = tmp_path_factory.mktemp("frames") / "street.npz"
    np.savez(
        file,
        luma=np.stack([frame.luma for frame in frames]),
        blue=np.stack([frame.chroma_blue for frame in frames]),
        red=np.stack([frame.chroma_red for frame in frames]),
    )
    done = subprocess.run(  # noqa: S603 (our own module, no shell)
        [str(other_python), "-m", "tests.inference.second_runtime", str(file)],
        check=True,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    return second_runtime.see(frames), json.loads(done.stdout)


@pytest.mark.parametrize("name", ["street", "motion"])
def test_raw_answers_differ_by_a_few_lsb_at_most(name: str, other_python: Path) -> None:
    weights = MOTION_WEIGHTS if name == "motion" else load_card(find_card(name)).weights

    first = ask(Path(sys.executable), weights, runs=1)
    second = ask(other_python, weights, runs=1)

    assert (first.runtime, second.runtime) == ("ai_edge_litert", "tflite_runtime")
    apart = np.abs(np.array(first.outputs) - np.array(second.outputs))
    assert apart.max() <= WORST_LSB[name]
    assert apart.mean() <= MEAN_LSB[name]


def test_each_environment_uses_its_own_runtime(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert [one["runtime"] for one in both] == ["ai_edge_litert", "tflite_runtime"]


def test_both_runtimes_see_the_same_people(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Who is well above the threshold for one is seen by the other, in the same place."""
    threshold = load_card(find_card("street")).score
    seen = 0
    for mine, theirs in (both, both[::-1]):
        for objects, others in zip(mine["objects"], theirs["objects"], strict=True):
            for label, score, *sides in objects:
                if score < threshold + SCORE_ROOM:
                    continue
                seen += 1
                twins = [
                    one for one in others if _is_alike(one[0], label) and _is_near(one[2:], sides)
                ]
                assert twins, f"{label} {score:.2f} at {sides} has no twin in {others}"
                assert min(abs(one[1] - score) for one in twins) <= SCORE_ROOM
    assert seen > 20, "the street was empty: nothing was compared"


def test_both_runtimes_see_the_same_motion(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    first, second = (one["areas"] for one in both)
    moving = [bool(areas) for areas in first]

    assert moving == [bool(areas) for areas in second]
    assert sum(moving) > 5
    for mine, theirs in zip(first, second, strict=True):
        # A cell at a border may fall either way: 1/32 of the width.
        for area in mine:
            assert any(_is_near(area, other, room=0.07) for other in theirs)


def _is_alike(label: str, other: str) -> bool:
    """A van may be a truck of .74 for one and a car of .76 for the other: it is one vehicle to us."""
    return label == other or {label, other} <= {"car", "bus", "truck"}


def _is_near(one: list[float], other: list[float], room: float = 0.02) -> bool:
    return max(abs(mine - its) for mine, its in zip(one, other, strict=True)) <= room
