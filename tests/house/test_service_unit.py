"""The unit is one that systemd takes, is closed as far as promised, and says why in each place."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from edge_agent import __version__
from tests.house.source import ROOT
from tools import debian, packages

if TYPE_CHECKING:
    from pathlib import Path

UNITS = [ROOT / "systemd" / name for name in ("edge-agent.service", "edge-agent-center.service")]
AGENT = UNITS[0]
_MOST_EXPOSURE = 1.0
_of_each = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)


@pytest.fixture(scope="module")
def analyze() -> str:
    found = debian.program("systemd-analyze")
    if not found:
        try:
            packages.unpack(["systemd"])
        except packages.Unavailable as command:
            pytest.skip(f"systemd-analyze is not here: {command}")
        found = debian.program("systemd-analyze")
    assert found
    return str(found)


def _ask(*words: str | Path) -> str:
    done = subprocess.run(  # noqa: S603 (a program we name)
        words,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=debian.environment(),
    )
    return done.stdout + done.stderr


@_of_each
def test_systemd_understands_every_line(analyze: str, tmp_path: Path, unit: Path) -> None:
    """Of a copy whose programs are there: those of the package are not, on this machine."""
    text = unit.read_text(encoding="utf-8")
    text = re.sub(r"^(Exec\w+=)\S+.*$", r"\1/bin/true", text, flags=re.MULTILINE)
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"^Documentation=.*$", "", text, flags=re.MULTILINE))

    said = _ask(analyze, "verify", "--man=no", copy)

    if "Failed to initialize manager" in said:
        pytest.skip(f"systemd-analyze cannot work here: {said.strip()}")
    assert [line for line in said.splitlines() if unit.name in line] == []


@_of_each
def test_the_service_is_exposed_as_little_as_promised(analyze: str, unit: Path) -> None:
    said = _ask(analyze, "security", "--offline=true", "--no-pager", unit)

    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found, said
    assert float(found[1]) <= _MOST_EXPOSURE


@_of_each
def test_each_group_of_lines_says_why(unit: Path) -> None:
    """A line below [Service] stands under a comment, or under a line that does."""
    section = unit.read_text(encoding="utf-8").partition("[Service]\n")[2].partition("[Install]")[0]
    bare = [group for group in section.strip().split("\n\n") if "#" not in group]

    assert bare == []


def test_the_processor_may_be_asked_what_it_can() -> None:
    """Without /proc/cpuinfo a look takes 29 times as long (measured)."""
    lines = AGENT.read_text(encoding="utf-8").splitlines()

    assert not any(line.startswith("ProcSubset=") for line in lines)


@_of_each
def test_it_is_started_again_for_ever(unit: Path) -> None:
    lines = unit.read_text(encoding="utf-8").splitlines()

    assert "Restart=always" in lines
    assert "StartLimitIntervalSec=0" in lines


def test_the_packages_changelog_is_of_this_version() -> None:
    newest = (ROOT / "packaging/debian/changelog").read_text(encoding="utf-8").splitlines()[0]

    assert newest.startswith(f"edge-agent ({__version__})")
