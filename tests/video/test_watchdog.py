"""Packets that never become a picture: a frozen encoder, RTP of another codec."""

from pathlib import Path

import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.video.camera_reader import check_alive
from edge_agent.video.decode import Decoder
from edge_agent.video.gate import Gate
from edge_agent.video.opening import open_stream, read_packets
from edge_agent.video.options import StreamOptions
from edge_agent.video.stream_clock import StreamClock


@pytest.fixture
def gate(street_h264: Path) -> Gate:
    """A gate that has seen key frames 2 s apart."""
    options = StreamOptions(url=str(street_h264))
    container, stream = open_stream(options)
    with container:
        gate = Gate(Decoder(stream, StreamClock()), may_sleep=True)
        for packet in read_packets(container, stream, options):
            list(gate.pass_on(packet, awake=True, mono=0.0, wall=0.0))
    return gate


def test_ten_seconds_without_a_picture_are_still_patience(gate: Gate) -> None:
    check_alive(9.9, gate)


def test_packets_without_a_picture_are_a_dead_stream(gate: Gate) -> None:
    with pytest.raises(EdgeAgentError, match="no whole picture came for 10 s") as caught:
        check_alive(10.1, gate)

    assert "restart the camera" in caught.value.hint


def test_a_camera_with_rare_key_frames_is_given_three_of_them(gate: Gate) -> None:
    gate.key_interval_s = 8.0

    check_alive(23.9, gate)
    with pytest.raises(EdgeAgentError):
        check_alive(24.1, gate)
