"""The command line starts in a blink: what is heavy is imported by the verb that needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from edge_agent.cli.main import VERBS
from tests.house.source import ROOT

HEAVY = ("av", "cv2", "numpy", "ai_edge_litert", "tflite_runtime", "zeep", "paho")


def _imported_by(statement: str) -> set[str]:
    listing = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(  # noqa: S603 (a program we name)
        [sys.executable, "-c", listing],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stdout.split())


def test_help_waits_for_no_library() -> None:
    assert not _imported_by("import edge_agent.cli.main") & set(HEAVY)


@pytest.mark.parametrize(
    "module", ["domain.alert", "domain.frame", "tracking.tracker", "rules.intrusion"]
)
def test_deciding_loads_neither_video_nor_network(module: str) -> None:
    loaded = _imported_by(f"import edge_agent.{module}")

    assert not loaded & {"av", "cv2", "ai_edge_litert", "tflite_runtime", "zeep", "paho", "sqlite3"}


def test_every_verb_of_the_help_has_its_module_and_no_other_is_hidden() -> None:
    folder = ROOT / "edge_agent" / "cli"
    verbs = {
        path.stem.replace("_", "-")
        for path in folder.glob("*.py")
        if "\ndef set_up(" in path.read_text(encoding="utf-8")
    }

    assert verbs == VERBS.keys()
