"""The same version everywhere, and dependencies that are the ones we tested."""

from __future__ import annotations

import re
import tomllib

from edge_agent import __version__
from tests.house.source import ROOT


def _runtime_dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.split(r"[<>=!~;\[ ]", line, maxsplit=1)[0] for line in project["dependencies"]]


def test_the_newest_change_is_this_version() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    newest = re.search(r"^## (\d+\.\d+\.\d+)", changes, re.MULTILINE)

    assert newest is not None
    assert newest[1] == __version__


def test_every_runtime_dependency_is_pinned_with_a_hash() -> None:
    lock = (ROOT / "requirements" / "runtime.lock").read_text(encoding="utf-8")
    pinned = {
        name.lower() for name in re.findall(r"^([\w.-]+)==\S+.*\\\n +--hash=", lock, re.MULTILINE)
    }
    # 32-bit ARM has no lock: its packages come from Debian (docs/architecture.md, last section).
    elsewhere = {"tflite-runtime"}

    assert {name.lower() for name in _runtime_dependencies()} - pinned == elsewhere


def test_the_lock_is_made_from_the_same_names_as_the_package() -> None:
    wanted = (ROOT / "requirements" / "runtime.in").read_text(encoding="utf-8")
    names = {
        re.split(r"[<>=!~;\[ ]", line, maxsplit=1)[0]
        for line in wanted.splitlines()
        if line and not line.startswith(("#", "-"))
    }

    assert names == set(_runtime_dependencies()) - {"tflite-runtime"}
