"""Wherever the power goes while a model comes, is watched and goes back, the next start goes on with it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.house.source import ROOT
from tests.packs.models import SHIPPED

if TYPE_CHECKING:
    from pathlib import Path


def nights(folder: Path, *words: str) -> list[dict[str, Any]]:
    done = subprocess.run(  # noqa: S603 (ourselves)
        [sys.executable, "-m", "tests.daemon.model_nights", folder, *words],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_good_model_is_kept_whenever_the_power_fails(tmp_path: Path) -> None:
    ends = nights(tmp_path)

    good = {
        "version": "2.0",
        "wanted": "street-2.0",
        "good": "street-2.0",
        "phase": "kept",
        "told": ["kept street-2.0"],
        "refused": [],
        "left": [],
    }
    assert len(ends) > 10
    assert [end for end in ends if end != good] == []


def test_a_bad_one_is_gone_whenever_the_power_fails(tmp_path: Path) -> None:
    ends = nights(tmp_path, "hangs")

    gone = {
        "version": SHIPPED.version,
        "wanted": "",
        "good": "",
        "phase": "rolled back",
        "told": ["rolled back street-2.0"],
        "refused": ["street-2.0"],
        "left": [],
    }
    assert len(ends) > 10
    assert [end for end in ends if end != gone] == []
