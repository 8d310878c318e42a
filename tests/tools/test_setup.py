"""Setting this checkout up on a machine that is not ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import setup


def test_an_odd_pip_configuration_costs_no_page_of_warnings_and_hides_no_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")

    with pytest.raises(subprocess.CalledProcessError):
        setup._pip(Path(sys.prefix), "install", "--no-index", "--dry-run", "nowhere-to-be-found")

    said = capfd.readouterr().err
    assert "No matching distribution found for nowhere-to-be-found" in said
    assert "WARNING" not in said
