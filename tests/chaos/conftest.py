"""A box, a line, a broker and a center, all real, all in one test."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.chaos.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.peers.mosquitto import Mosquitto


@pytest.fixture
def set_scene(
    start_broker: Callable[..., Mosquitto], tmp_path: Path
) -> Iterator[Callable[..., Scene]]:
    """Start all four: `set_scene(settings=("max_packet_size 2000",), acknowledge_s=1.0)`."""
    with ExitStack() as running:

        def start(folder: Path | None = None, **options: object) -> Scene:
            scene = Scene(folder or tmp_path, start_broker, options)
            return running.enter_context(scene)

        yield start


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder that costs no disk, for tests that are not about losing one."""
    place = Path("/dev/shm")  # noqa: S108 (where there is one)
    with tempfile.TemporaryDirectory(dir=place if place.is_dir() else None) as folder:
        yield Path(folder)
