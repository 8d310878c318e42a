import errno
import os
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.secret import Secret
from edge_agent.video.clip import read_clip
from edge_agent.video.opening import _refusal, _why_broken
from edge_agent.video.options import StreamOptions
from edge_agent.video.still import take_still
from tests.peers.rtsp import RtspServer
from tests.peers.silent import SilentServer

Start = Callable[..., RtspServer]


def refusal(options: StreamOptions) -> EdgeAgentError:
    with pytest.raises(EdgeAgentError) as caught:
        take_still(options)
    assert caught.value.hint
    return caught.value


@pytest.mark.journey
def test_a_picture_is_taken_from_a_camera(rtsp_server: Start, street_h264: Path) -> None:
    server = rtsp_server(street_h264)

    still = take_still(StreamOptions(url=server.url()))

    assert (still.codec, still.width_px, still.height_px) == ("H.264", 640, 480)
    assert still.frame.luma.std() > 10


@pytest.mark.journey
def test_a_password_with_every_awkward_letter_works(rtsp_server: Start, street_h265: Path) -> None:
    password = "p%ss@w/rd:#?& 1"
    server = rtsp_server(street_h265, user="admin", password=password)

    still = take_still(StreamOptions(url=server.url(), username="admin", password=Secret(password)))

    assert still.codec == "H.265"


@pytest.mark.journey
def test_a_wrong_password_is_called_so(rtsp_server: Start, street_h264: Path) -> None:
    server = rtsp_server(street_h264, user="admin", password="right")

    error = refusal(
        StreamOptions(url=server.url(), username="admin", password=Secret("wrong-secret"))
    )

    assert "refused our user name or password" in error.what
    assert "wrong-secret" not in error.report()
    assert "edge-agent camera set-password NAME" in error.hint


@pytest.mark.journey
def test_a_wrong_path_is_called_so(rtsp_server: Start, street_h264: Path) -> None:
    server = rtsp_server(street_h264)

    assert "has no stream at /nowhere" in refusal(StreamOptions(url=server.url("/nowhere"))).what


def test_a_refused_port_is_called_so() -> None:
    assert "refused the connection" in refusal(StreamOptions(url="rtsp://127.0.0.1:1/x")).what


@pytest.mark.parametrize(
    "number", [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNABORTED, errno.ECONNRESET]
)
def test_a_way_that_is_not_there_is_no_matter_of_the_stream(number: int) -> None:
    options = StreamOptions(url="rtsp://192.168.1.64/main")

    said = _refusal(options, av.error.FFmpegError(number, os.strerror(number)), 0.1)

    assert said.what == f"cannot talk to 192.168.1.64: {os.strerror(number).lower()}"
    assert said.hint.startswith("check power, cable and address")


@pytest.mark.journey
def test_a_silent_camera_does_not_hang_us() -> None:
    with SilentServer() as server:
        error = refusal(StreamOptions(url=f"rtsp://127.0.0.1:{server.port}/x", open_s=1.0))

    assert "did not answer within 1 s" in error.what


def test_a_host_that_nobody_knows_is_called_so() -> None:
    error = refusal(StreamOptions(url="rtsp://nohost.invalid/main"))

    assert error.what == "no host is called 'nohost.invalid'"


@pytest.mark.journey
def test_a_camera_that_wants_a_login_did_not_refuse_one(
    rtsp_server: Start, street_h264: Path
) -> None:
    server = rtsp_server(street_h264, user="admin", password="right")

    error = refusal(StreamOptions(url=server.url()))

    assert error.what == f"{server.url()} wants a user name and a password"
    assert "--user NAME --password-file FILE" in error.hint


def test_a_login_longer_than_rtsp_allows_is_not_cut_silently() -> None:
    options = StreamOptions(url="rtsp://127.0.0.1:1/x", username="a", password=Secret("x" * 200))

    assert "too long" in refusal(options).what


def test_a_text_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text("not a video")

    with pytest.raises(EdgeAgentError, match="is no video"):
        list(read_clip(path))


def test_a_missing_clip_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match="there is no file"):
        list(read_clip(tmp_path / "none.mp4"))


@pytest.mark.parametrize("clip", ["street_h264", "street_h265"])
def test_a_clip_gives_every_frame_in_order(clip: str, request: pytest.FixtureRequest) -> None:
    frames = list(read_clip(request.getfixturevalue(clip)))

    times = [frame.taken_at for frame in frames]
    assert len(frames) == 120
    assert times == sorted(times)
    assert times[0] == 0.0
    assert times[-1] == pytest.approx(11.9, abs=0.01)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ECONNRESET, "the connection was cut"),
        (errno.EIO, "the connection was cut"),
        (errno.EHOSTUNREACH, "there is no way to it any more"),
    ],
)
def test_a_stream_that_dies_is_told_in_our_words(number: int, words: str) -> None:
    assert _why_broken(av.error.FFmpegError(number, os.strerror(number))) == words


def test_a_stream_that_turns_into_noise_is_told_in_our_words() -> None:
    error = av.error.InvalidDataError(-1094995529, "Invalid data found when processing input")

    assert _why_broken(error) == "it sends what is no video"
