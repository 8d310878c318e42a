"""What every test may ask for: real servers, real footage, real models."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.peers import clips
from tests.peers.mosquitto import Mosquitto
from tests.peers.rtsp import RtspServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# A busy machine is no failure: four tests at once, and whatever else the machine does.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the journeys where tests run side by side: else all wait for the last of them."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("journey") is None)


@pytest.fixture
def start_broker(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Start brokers with options of one's own: `start_broker(users={"box": "secret"})`."""
    with ExitStack() as running:
        count = 0

        def start(**options: object) -> Mosquitto:
            nonlocal count
            count += 1
            return running.enter_context(Mosquitto(tmp_path / f"broker{count}", **options))

        yield start


@pytest.fixture
def broker(start_broker: Callable[..., Mosquitto]) -> Mosquitto:
    """A running mosquitto that lets everybody in."""
    return start_broker()


@pytest.fixture
def rtsp_server(tmp_path: Path) -> Iterator[Callable[..., RtspServer]]:
    """Start RTSP servers: `rtsp_server(clip, sub=..., user=..., password=...)`."""
    with ExitStack() as running:
        count = 0

        def start(main: Path, **options: object) -> RtspServer:
            nonlocal count
            count += 1
            return running.enter_context(RtspServer(tmp_path / f"rtsp{count}", main, **options))

        yield start


@pytest.fixture(scope="session")
def vtest_clip() -> Path:
    """Return the street clip as Debian ships it (MPEG-4 in AVI); `clips.encode` makes H.264."""
    return clips.vtest()


@pytest.fixture(scope="session")
def street_h264() -> Path:
    """Return twelve seconds of the street as a sub stream: 640x480, 10 fps, GOP 2 s, H.264."""
    return clips.encode(
        clips.vtest(), clips.Encoding(width_px=640, height_px=480, kbps=600, seconds=12)
    )


@pytest.fixture(scope="session")
def street_h265() -> Path:
    """Return the same twelve seconds in H.265."""
    return clips.encode(
        clips.vtest(),
        clips.Encoding(codec="h265", width_px=640, height_px=480, kbps=500, seconds=12),
    )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return ../shared/data, or skip."""
    return clips.shared_data()


@pytest.fixture(scope="session")
def models_folder(shared_data: Path) -> Path:
    """Return the folder of the third-party detectors, or skip."""
    folder = shared_data / "models"
    if not folder.is_dir():
        pytest.skip("../shared/data/models is not beside this checkout")
    return folder
