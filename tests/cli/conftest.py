"""What tests of adding cameras ask for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.sites import RIGHT, Site
from tests.fakes.onvif_camera import Stream
from tests.peers.rtsp import RtspServer


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def streams(rtsp_server: Callable[..., RtspServer], street_h264: Path) -> tuple[Stream, ...]:
    server = rtsp_server(street_h264, sub=street_h264, user="admin", password=RIGHT)
    return (
        Stream(token="main", uri=server.url("/main"), width_px=1920, height_px=1080),
        Stream(token="sub", uri=server.url("/sub"), width_px=640, height_px=480),
    )


@pytest.fixture
def open_stream(rtsp_server: Callable[..., RtspServer], street_h264: Path) -> str:
    return rtsp_server(street_h264).url("/main")


@pytest.fixture
def two_channels(rtsp_server: Callable[..., RtspServer], street_h264: Path) -> RtspServer:
    return rtsp_server(street_h264, sub=street_h264)
