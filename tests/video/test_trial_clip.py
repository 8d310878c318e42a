"""The clip that `model bench` decodes is what a camera would send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av

from edge_agent.video.clip import read_clip
from edge_agent.video.trial_clip import write_trial_clip

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_a_sub_stream_with_a_key_frame_every_two_seconds(tmp_path: Path) -> None:
    write_trial_clip(tmp_path / "clip.mp4")

    frames = list(read_clip(tmp_path / "clip.mp4"))
    with av.open(str(tmp_path / "clip.mp4")) as container:
        stream = container.streams.video[0]
        keys = [
            packet.pts * packet.time_base
            for packet in container.demux(stream)
            if packet.is_keyframe
        ]
        has_b_frames = stream.codec_context.has_b_frames

    assert {(frame.width_px, frame.height_px) for frame in frames} == {(640, 360)}
    assert [round(frame.taken_at * 10) for frame in frames] == list(range(80))
    assert [float(key) for key in keys] == [0.0, 2.0, 4.0, 6.0]
    assert not has_b_frames


def test_it_has_the_bit_rate_of_a_sub_stream(tmp_path: Path) -> None:
    write_trial_clip(tmp_path / "clip.mp4")

    bits_per_s = (tmp_path / "clip.mp4").stat().st_size * 8 / 8.0
    assert 400_000 < bits_per_s < 600_000
