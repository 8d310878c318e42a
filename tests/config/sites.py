"""Folders of a site, written as a technician would, and what we have to say about them."""

from pathlib import Path

import pytest

from edge_agent.config.load import load_camera, load_settings
from edge_agent.toml.problems import BadConfiguration

SHORTEST = """
site = "palembang"
box = "plaju-01"
[broker]
url = "mqtts://alerts.example"
"""
SHORTEST_CAMERA = '[stream]\nurl = "rtsp://10.0.0.7/"\n'
ZONES = """
[[zones]]
name = "walkway"
outline = [[0.1, 0.5], [0.9, 0.5], [0.9, 0.95]]
"""


def write_site(folder: Path, text: str = SHORTEST, **cameras: str) -> Path:
    (folder / "agent.toml").write_text(text)
    (folder / "cameras.d").mkdir(exist_ok=True)
    for camera_id, camera_text in cameras.items():
        (folder / f"cameras.d/{camera_id}.toml").write_text(camera_text)
    return folder


def write_private(file: Path, text: str, mode: int = 0o600) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return file


def complaints_about(folder: Path) -> list[str]:
    with pytest.raises(BadConfiguration) as caught:
        load_settings(folder)
    return caught.value.report().replace(f"{folder}/", "").splitlines()


def complaints_about_camera(folder: Path, text: str) -> list[str]:
    write_site(folder, gate=text)
    with pytest.raises(BadConfiguration) as caught:
        load_camera(folder, "gate")
    return caught.value.report().replace(f"{folder}/", "").splitlines()[:-1]
