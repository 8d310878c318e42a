from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from edge_agent.cli.folder import CENTER_FOLDER, DEFAULT_FOLDER, default_folder
from tests.house.source import ROOT

_NOBODY = 65_534
_ASK = (
    "import os, sys, pathlib; from edge_agent.cli.owner import become_owner;"
    " become_owner(pathlib.Path(sys.argv[1])); print(os.getresuid(), os.getgroups())"
)


def _become(folder: Path) -> str:
    done = subprocess.run(  # noqa: S603 (ourselves)
        [sys.executable, "-c", _ASK, folder],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_root_becomes_whom_the_folder_belongs_to_and_cannot_return() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, _NOBODY, _NOBODY)

        said = _become(Path(folder))

    assert said == f"({_NOBODY}, {_NOBODY}, {_NOBODY}) [{_NOBODY}]"


def test_where_the_folder_is_ours_or_not_there_all_stays(tmp_path: Path) -> None:
    me = f"({os.getuid()}, {os.getuid()}, {os.getuid()})"

    assert _become(tmp_path).startswith(me)
    assert _become(tmp_path / "none").startswith(me)


def test_the_center_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDGE_AGENT_CONFIG", raising=False)

    assert default_folder("center") == Path(CENTER_FOLDER)
    assert default_folder("check") == default_folder() == Path(DEFAULT_FOLDER)
