"""The import layers hold, and the check really fails when somebody breaks them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT

LINT = Path(sys.executable).with_name("lint-imports")
VIOLATIONS = {
    "one stage knows another": ("spool/spool.py", "import edge_agent.mqtt.link\n"),
    "deciding writes a log": ("tracking/tracker.py", "import logging\n"),
    "a module with no place": ("utils.py", '"""Things."""\n'),
    "video outside its owner": ("rules/intrusion.py", "import av\n"),
    "the words know the ground": ("domain/zone.py", "import edge_agent.config.settings\n"),
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the package with the same rules, to be broken."""
    shutil.copytree(
        ROOT / "edge_agent", tmp_path / "edge_agent", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _lint(house: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (a program we name)
        [LINT, "--no-cache"],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_house_as_it_stands_passes(house: Path) -> None:
    done = _lint(house)

    assert done.returncode == 0, done.stdout + done.stderr
    assert " kept" in done.stdout


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_is_caught(house: Path, name: str) -> None:
    file, line = VIOLATIONS[name]
    broken = house / "edge_agent" / file
    before = broken.read_text(encoding="utf-8") if broken.exists() else ""
    broken.write_text(f"{before}\n{line}", encoding="utf-8")

    done = _lint(house)

    assert done.returncode != 0
    # Broken by this line, not by a mistake in the rules themselves.
    assert "BROKEN" in done.stdout, done.stdout + done.stderr
