"""What a stream really sends: counted from packets, over real RTSP."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import EdgeAgentError
from edge_agent.video.measure import Tally, measure_stream
from edge_agent.video.options import StreamOptions
from tests.peers import clips
from tests.peers.rtsp import RtspServer
from tests.peers.silent import SilentServer

Start = Callable[..., RtspServer]


def test_a_stream_is_counted_from_its_first_key_frame_on() -> None:
    tally = Tally()

    tally.add(0.9, 77_777, is_key=False)
    for number in range(11):
        tally.add(1 + number / 10, 1000, is_key=number % 5 == 0)

    assert tally.key_frames == 3
    assert tally.frames_per_second == pytest.approx(10)
    assert tally.group_s == pytest.approx(0.5)
    # Ten packets of 1000 bytes in a second: the last key frame begins another group.
    assert tally.bitrate_kbps == pytest.approx(80)


def test_a_first_packet_without_a_time_is_placed_before_the_second() -> None:
    tally = Tally()

    tally.add(None, 5000, is_key=True)
    for number in range(1, 11):
        tally.add(10 + number / 10, 500, is_key=number == 10)

    assert tally.key_frames == 2
    assert tally.group_s == pytest.approx(1)
    assert tally.bitrate_kbps == pytest.approx((5000 + 9 * 500) * 8 / 1000)


def test_too_little_is_not_made_into_a_rate() -> None:
    tally = Tally()

    for number in range(4):
        tally.add(number / 10, 1000, is_key=number == 0)

    assert (tally.frames_per_second, tally.group_s, tally.bitrate_kbps) == (0, 0, 0)


def test_a_stream_whose_times_stand_still_has_no_rate() -> None:
    tally = Tally()

    for number in range(50):
        tally.add(7.0, 1000, is_key=number % 10 == 0)

    assert (tally.frames_per_second, tally.group_s, tally.bitrate_kbps) == (0, 0, 0)


_packets = st.lists(
    st.tuples(st.none() | st.floats(-1e9, 1e9), st.integers(0, 10**7), st.booleans()), max_size=30
)


@given(_packets)
def test_whatever_times_a_camera_sends_the_numbers_are_numbers(
    packets: list[tuple[float | None, int, bool]],
) -> None:
    tally = Tally()
    for presented_s, size_bytes, is_key in packets:
        tally.add(presented_s, size_bytes, is_key=is_key)

    told = (tally.frames_per_second, tally.group_s, tally.bitrate_kbps)

    assert all(math.isfinite(number) and number >= 0 for number in told)


@pytest.mark.journey
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_camera_s_stream_is_seen_and_measured(
    rtsp_server: Start, vtest_clip: Path, codec: str
) -> None:
    how = clips.Encoding(codec=codec, width_px=640, height_px=480, gop=5, kbps=600, seconds=12)
    server = rtsp_server(clips.encode(vtest_clip, how))

    measured = measure_stream(StreamOptions(url=server.url()))

    assert measured.codec == {"h264": "H.264", "h265": "H.265"}[codec]
    assert (measured.width_px, measured.height_px) == (640, 480)
    assert measured.frame.luma.std() > 10
    assert measured.frames_per_second == pytest.approx(10, rel=0.1)
    assert measured.group_s == pytest.approx(0.5, rel=0.1)
    assert 300 < measured.bitrate_kbps < 2000


@pytest.mark.journey
def test_rare_key_frames_are_not_waited_for(rtsp_server: Start, vtest_clip: Path) -> None:
    how = clips.Encoding(width_px=640, height_px=480, gop=200, kbps=600, seconds=12)
    server = rtsp_server(clips.encode(vtest_clip, how))

    measured = measure_stream(StreamOptions(url=server.url()), listen_s=1.0)

    assert measured.group_s == 0
    assert measured.frames_per_second == pytest.approx(10, rel=0.1)


@pytest.mark.journey
def test_a_stream_that_ends_early_is_still_a_picture(rtsp_server: Start, vtest_clip: Path) -> None:
    how = clips.Encoding(width_px=640, height_px=480, gop=200, kbps=600, seconds=1)
    server = rtsp_server(clips.encode(vtest_clip, how), loop=False)

    measured = measure_stream(StreamOptions(url=server.url(), read_s=1))

    assert measured.frame.luma.std() > 10


def test_a_camera_that_says_nothing_is_given_up() -> None:
    with SilentServer() as server:
        options = StreamOptions(url=f"rtsp://127.0.0.1:{server.port}/x", open_s=0.5, read_s=0.5)

        with pytest.raises(EdgeAgentError, match="did not answer within"):
            measure_stream(options)
