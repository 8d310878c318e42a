"""The reader against a real RTSP server, and what it does when the server fails."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.video.attention import Attention
from edge_agent.video.camera_reader import CameraReader
from edge_agent.video.options import Idle, StreamOptions
from tests.peers.rtsp import RtspServer

Start = Callable[..., RtspServer]
pytestmark = pytest.mark.journey


@contextmanager
def reading(url: str) -> Iterator[CameraReader]:
    clock, stop = SystemClock(), Stop()
    options = StreamOptions(url=url, open_s=2.0, read_s=1.0, idle=Idle.FULL)
    reader = CameraReader(options, Mailbox(), Attention(clock), clock, stop)
    worker = Worker("gate read", reader.run, on_failure=stop.tell)
    worker.start()
    try:
        yield reader
    finally:
        stop.tell()
        assert worker.join(5.0)
        assert worker.failure is None


def until(is_so: Callable[[], bool], within_s: float = 15.0) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        Stop().wait(0.05)


def test_a_camera_is_read_until_we_stop(rtsp_server: Start, street_h264: Path) -> None:
    server = rtsp_server(street_h264)

    with reading(server.url()) as reader:
        until(lambda: reader.state.is_streaming)
        assert (reader.state.codec, reader.state.width_px) == ("H.264", 640)


def test_a_camera_that_dies_and_returns_is_read_again(
    rtsp_server: Start, street_h264: Path
) -> None:
    server = rtsp_server(street_h264)

    with reading(server.url()) as reader:
        until(lambda: reader.state.is_streaming)
        server.kill()
        until(lambda: not reader.state.is_streaming)
        assert reader.state.problem
        server.start()
        until(lambda: reader.state.is_streaming)
        assert reader.state.connections == 2


def test_a_camera_that_was_found_elsewhere_is_read_there(
    rtsp_server: Start, street_h264: Path
) -> None:
    server = rtsp_server(street_h264)

    with reading("rtsp://127.0.0.1:1/main") as reader:
        until(lambda: bool(reader.state.problem))
        reader.move(StreamOptions(url=server.url(), read_s=1.0))
        until(lambda: reader.state.is_streaming, within_s=10.0)

        assert reader.state.connections == 1


def test_a_stream_that_another_camera_sends_is_left_when_ours_is_found(
    rtsp_server: Start, street_h264: Path
) -> None:
    strange, own = rtsp_server(street_h264), rtsp_server(street_h264)

    with reading(strange.url()) as reader:
        until(lambda: reader.state.is_streaming)
        reader.move(StreamOptions(url=own.url(), read_s=1.0))
        until(lambda: reader.state.connections == 2 and reader.state.is_streaming)


def test_a_frozen_camera_is_noticed(rtsp_server: Start, street_h264: Path) -> None:
    server = rtsp_server(street_h264)

    with reading(server.url()) as reader:
        until(lambda: reader.state.is_streaming)
        server.freeze()
        until(lambda: not reader.state.is_streaming)
        assert "has sent nothing for" in reader.state.problem
        server.thaw()
        until(lambda: reader.state.is_streaming)


def test_a_clip_that_ends_is_a_failure_not_an_end(rtsp_server: Start, street_h264: Path) -> None:
    server = rtsp_server(street_h264, loop=False)

    with reading(server.url()) as reader:
        until(lambda: "closed the stream" in reader.state.problem, within_s=25.0)
