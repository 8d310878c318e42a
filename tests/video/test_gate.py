"""The gate on real packets: what is decoded asleep, and that waking up loses nothing."""

from pathlib import Path

import numpy as np
import pytest

from edge_agent.domain.frame import Frame
from edge_agent.video.decode import Decoder
from edge_agent.video.gate import Gate
from edge_agent.video.opening import open_stream, read_packets
from edge_agent.video.options import StreamOptions
from edge_agent.video.stream_clock import StreamClock


def watched(clip: Path, awake: set[int], *, may_sleep: bool = True) -> dict[int, list[Frame]]:
    """Return the frames that came with each packet, awake at these packet numbers."""
    options = StreamOptions(url=str(clip))
    container, stream = open_stream(options)
    seen: dict[int, list[Frame]] = {}
    with container:
        gate = Gate(Decoder(stream, StreamClock()), may_sleep=may_sleep)
        for number, packet in enumerate(read_packets(container, stream, options)):
            mono = number / 10
            frames = gate.pass_on(packet, awake=number in awake, mono=mono, wall=mono)
            seen[number] = list(frames)
    return seen


@pytest.mark.parametrize("clip", ["street_h264", "street_h265"])
def test_asleep_only_key_frames_are_decoded(clip: str, request: pytest.FixtureRequest) -> None:
    seen = watched(request.getfixturevalue(clip), awake=set(range(21)))

    asleep = {number for number, frames in seen.items() if number > 40 and frames}
    assert asleep == {60, 80, 100}


@pytest.mark.parametrize("clip", ["street_h264", "street_h265"])
def test_waking_up_shows_what_staying_awake_would_have(
    clip: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(clip)
    always = watched(path, awake=set(range(120)))
    woken = watched(path, awake=set(range(21)) | set(range(71, 120)))

    for number in range(72, 120):
        assert len(woken[number]) == len(always[number]) == 1
        np.testing.assert_array_equal(woken[number][0].luma, always[number][0].luma)


def test_a_camera_that_may_not_sleep_shows_every_frame(street_h264: Path) -> None:
    seen = watched(street_h264, awake=set(), may_sleep=False)

    assert all(len(frames) == 1 for frames in seen.values())
