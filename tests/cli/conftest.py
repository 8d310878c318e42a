"""What tests of adding cameras ask for. Their streams are served once for all: nothing changes them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.sites import RIGHT, Site
from tests.fakes.onvif_camera import Stream
from tests.peers import clips
from tests.peers.rtsp import RtspServer


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    # Where the pictures go that a technician looks at.
    monkeypatch.chdir(tmp_path)
    return Site(tmp_path)


@pytest.fixture(scope="session")
def quick_clip() -> Path:
    """Return a street with three key frames a second: to be measured within one."""
    return clips.encode(
        clips.vtest(), clips.Encoding(width_px=640, height_px=480, gop=3, kbps=600, seconds=12)
    )


@pytest.fixture(scope="session")
def locked_server(
    tmp_path_factory: pytest.TempPathFactory, quick_clip: Path
) -> Iterator[RtspServer]:
    folder = tmp_path_factory.mktemp("locked")
    with RtspServer(folder, quick_clip, sub=quick_clip, user="admin", password=RIGHT) as server:
        yield server


@pytest.fixture(scope="session")
def two_channels(
    tmp_path_factory: pytest.TempPathFactory, quick_clip: Path
) -> Iterator[RtspServer]:
    with RtspServer(tmp_path_factory.mktemp("open"), quick_clip, sub=quick_clip) as server:
        yield server


@pytest.fixture(scope="session")
def open_server(tmp_path_factory: pytest.TempPathFactory, quick_clip: Path) -> Iterator[RtspServer]:
    with RtspServer(tmp_path_factory.mktemp("open"), quick_clip) as server:
        yield server


@pytest.fixture
def streams(locked_server: RtspServer) -> tuple[Stream, ...]:
    return (
        Stream(token="main", uri=locked_server.url("/main"), width_px=1920, height_px=1080),
        Stream(token="sub", uri=locked_server.url("/sub"), width_px=640, height_px=480),
    )


@pytest.fixture
def open_stream(open_server: RtspServer) -> str:
    return open_server.url("/main")
