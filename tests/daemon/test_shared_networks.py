"""A box opens as few networks as its cores can use, however many cameras it watches."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.alerts.identity import Identities
from edge_agent.config.load import load_settings
from edge_agent.daemon.assemble import CameraAssembly
from edge_agent.inference.pool import SPARE
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.pipeline import Pipeline

CAMERA = """name = "Gate"
[stream]
url = "rtsp://127.0.0.1/gate"
"""


class Box:
    """A box with its cameras, put together and not running."""

    def __init__(self, folder: Path, threads: int) -> None:
        (folder / "cameras.d").mkdir()
        (folder / "cameras.d" / "gate.toml").write_text(CAMERA)
        (folder / "agent.toml").write_text(
            'site = "s"\nbox = "b"\nstate_dir = "state"\n'
            '[broker]\nurl = "mqtt://127.0.0.1:1"\ninsecure = true\n'
            f"[objects]\nthreads = {threads}\n"
        )
        self._settings = load_settings(folder)
        self._clock = FakeClock()
        self._count = 0
        self.assembly = CameraAssembly(self._settings, self._clock)

    def add_camera(self) -> Pipeline:
        identities = Identities(self._clock.wall, random.Random(1))
        self._count += 1
        camera = replace(self._settings.cameras[0], id=f"gate-{self._count}")
        return self.assembly.pipeline(camera, identities, self._clock)

    def networks(self) -> tuple[int, int]:
        pools = (self.assembly._networks, self.assembly._motion_networks)
        objects, motion = (len(pool._idle) for pool in pools)
        return objects, motion


@pytest.fixture
def cores() -> int:
    return os.cpu_count() or 1


def test_no_network_is_opened_before_there_is_a_camera(tmp_path: Path) -> None:
    assert Box(tmp_path, threads=1).networks() == (0, 0)


def test_one_camera_has_one_network_of_each_kind(tmp_path: Path) -> None:
    box = Box(tmp_path, threads=1)

    box.add_camera()

    assert box.networks() == (1, 1)


def test_more_cameras_than_cores_share(tmp_path: Path, cores: int) -> None:
    box = Box(tmp_path, threads=1)

    for _ in range(cores + 4):
        box.add_camera()

    assert box.networks() == (cores + SPARE, cores + SPARE)


def test_where_a_look_takes_all_cores_two_networks_do(tmp_path: Path, cores: int) -> None:
    """Motion is one thread's work all the same."""
    box = Box(tmp_path, threads=cores)

    for _ in range(cores + 4):
        box.add_camera()

    assert box.networks() == (1 + SPARE, cores + SPARE)
