"""discover, then add, against ipycam: a camera program that none of us wrote."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from demo.camera import Camera
from edge_agent.config.load import load_camera
from tests.peers import process
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.journey
PASSWORD = "p & q <r>"


@pytest.fixture
def camera(vtest_clip: Path, tmp_path: Path) -> Iterator[Camera]:
    if not (debian.CACHE / "demo-camera" / "bin" / "python").exists():
        process.absent("the demo's camera is not installed")
    with Camera(vtest_clip, tmp_path / "camera", user="admin", password=PASSWORD) as camera:
        yield camera


def edge_agent(folder: Path, *words: str, password: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-m", "edge_agent", "--config", str(folder), *words],
        input=password,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def discover(folder: Path, *words: str) -> list[dict[str, Any]]:
    done = edge_agent(folder, "discover", "--json", *words)
    rows: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return rows


def test_from_an_unknown_camera_to_a_saved_one(camera: Camera, tmp_path: Path) -> None:
    site = tmp_path / "etc"
    site.mkdir()
    login = ("--user", "admin", "--password-file", "-")

    found = [row for row in discover(site) if row["port"] == camera.onvif_port]
    wrong = edge_agent(site, "add", camera.address, "--name", "gate", *login, password="guess\n")
    nothing_saved = not (site / "cameras.d").exists()
    added = edge_agent(
        site, "add", camera.address, "--name", "gate", *login, password=f"{PASSWORD}\n"
    )
    again = discover(site, "--address", camera.address)

    assert [(row["name"], row["status"]) for row in found] == [("Campus gate", "needs password")]
    assert (wrong.returncode, nothing_saved) == (1, True)
    assert "refuses user 'admin'" in wrong.stdout
    assert added.returncode == 0, added.stdout + added.stderr
    assert [row["configured"] for row in again] == ["gate"]
    gate = load_camera(site, "gate")
    assert gate.stream.url == f"rtsp://127.0.0.1:{camera.rtsp_port}/video_sub"
    assert gate.main_stream is not None
    assert gate.stream.password.reveal() == PASSWORD
