"""A site with one camera whose whole picture is a zone for persons, written and read as any other."""

from __future__ import annotations

import tempfile
from pathlib import Path

from edge_agent.config.load import load_settings
from edge_agent.config.settings import CameraSettings, Settings

_AGENT = """site = "bench"
box = "runtime"
state_dir = "state"
[broker]
url = "mqtt://127.0.0.1:1"
insecure = true
"""
_CAMERA = """name = "Gate"
[stream]
url = "rtsp://127.0.0.1/gate"
[[zones]]
name = "street"
outline = [[0, 0], [1, 0], [1, 1], [0, 1]]
[[rules]]
kind = "intrusion"
zone = "street"
labels = ["person"]
"""


def watched_street() -> tuple[Settings, CameraSettings]:
    """Return the settings of the site and of its camera, all else at its default."""
    with tempfile.TemporaryDirectory(prefix="bench-site-") as name:
        folder = Path(name)
        (folder / "cameras.d").mkdir()
        (folder / "agent.toml").write_text(_AGENT)
        (folder / "cameras.d" / "gate.toml").write_text(_CAMERA)
        settings = load_settings(folder)
    return settings, settings.cameras[0]
