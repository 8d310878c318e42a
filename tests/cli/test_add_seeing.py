"""What a technician reads of a stream: measured where it could be, else declared and called so."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_agent.cli.seeing import in_words, listen_s
from edge_agent.domain.frame import Frame
from edge_agent.onvif.profile import Profile
from edge_agent.video.measure import Measurement
from tests.cli.sites import Site
from tests.peers import clips
from tests.peers.rtsp import RtspServer

_DECLARED = Profile(
    token="a",
    name="a",
    source="V1",
    codec="H264",
    width_px=640,
    height_px=360,
    frames_per_second=25,
    key_frame_every=50,
    bitrate_kbps=12_000,
)


def _measured(rate: float, group_s: float, bitrate_kbps: float) -> Measurement:
    plane = np.zeros((360, 640), np.uint8)
    half = np.zeros((180, 320), np.uint8)
    frame = Frame(
        taken_at=0.0,
        camera_wall=None,
        received_wall=0.0,
        luma=plane,
        chroma_blue=half,
        chroma_red=half,
    )
    return Measurement(
        frame=frame,
        codec="H.264",
        frames_per_second=rate,
        group_s=group_s,
        bitrate_kbps=bitrate_kbps,
    )


def test_what_was_measured_counts_and_not_what_is_declared() -> None:
    said = in_words(_measured(9.97, 0.504, 531.4), _DECLARED)

    assert said == "640x360 H.264, 10 fps, a key frame every 0.5 s, 531 kbit/s"


def test_what_could_not_be_measured_is_declared_and_called_so() -> None:
    said = in_words(_measured(25, 0, 0), _DECLARED)

    assert said == ("640x360 H.264, 25 fps, a key frame every 2 s (declared), 12 Mbit/s (declared)")


def test_what_nobody_knows_is_not_said() -> None:
    assert in_words(_measured(0, 0, 0), None) == "640x360 H.264"


def test_a_recorder_of_32_channels_is_measured_within_two_minutes() -> None:
    assert listen_s(2) == 4.0
    assert 64 * listen_s(64) < 120


def test_rare_key_frames_are_told_with_their_price(
    site: Site, rtsp_server: Callable[..., RtspServer], vtest_clip: Path
) -> None:
    rare = clips.Encoding(width_px=640, height_px=480, gop=25, kbps=600, seconds=12)

    assert site.add(rtsp_server(clips.encode(vtest_clip, rare)).url(), "--name", "yard") == 0

    assert "key frames are rare: watching costs three times as much" in site.out
    assert "a key frame every 2.5 s" in site.out


@pytest.mark.parametrize("words", [("--snapshot", "x.jpg"), ()])
def test_a_stream_without_a_picture_leaves_nothing(
    site: Site, tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert site.add("rtsp://127.0.0.1:1/x", "--name", "yard", *words) == 1

    assert not list(tmp_path.glob("*.jpg"))
    assert not (site.folder / "cameras.d").exists()
