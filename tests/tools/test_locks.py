"""What is installed is what was locked, and the locks say nothing of the machine that made them."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from tools import debian

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = debian.REPOSITORY / "requirements"
_LOCKS = sorted(_FOLDER.glob("*.lock"))


def _names(lines: list[str]) -> set[str]:
    """Return the normalised names at the beginning of requirement lines (PEP 503)."""
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


def _names_in(file: Path) -> set[str]:
    return _names([line for line in file.read_text().splitlines() if line[:1] not in {"#", "-"}])


@pytest.mark.parametrize("lock", _LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_versions_and_hashes_and_nothing_else(lock: Path) -> None:
    logical = lock.read_text().replace("\\\n", "").splitlines()

    for line in logical:
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( ; [^#/]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", line)


def test_the_locked_names_are_those_of_the_project_file() -> None:
    project = tomllib.loads((debian.REPOSITORY / "pyproject.toml").read_text())["project"]
    # The old boards' runtime has no wheel for the machines that the locks are for.
    wanted = _names(project["dependencies"]) - {"tflite-runtime"}

    assert _names_in(_FOLDER / "runtime.in") == wanted
    extras = project["optional-dependencies"]
    # `dev` names the extra `center` by the project's own name.
    assert _names_in(_FOLDER / "dev.in") == _names(extras["dev"] + extras["center"]) - {
        "edge-agent"
    }


@pytest.mark.parametrize(
    "name",
    ["runtime", "dev", "bench", "build", "demo-camera", "node-camera", "tflite-runtime"],
)
def test_every_wanted_package_is_locked(name: str) -> None:
    assert _names_in(_FOLDER / f"{name}.in") <= _names_in(_FOLDER / f"{name}.lock")


def test_tests_run_with_what_a_site_runs_with() -> None:
    site, here = (
        set(re.findall(r"^\S+==\S+", (_FOLDER / f"{name}.lock").read_text(), re.MULTILINE))
        for name in ("runtime", "dev")
    )

    assert site <= here
