"""Cameras that DHCP has moved, when the files are read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_agent.config.move import moved
from edge_agent.daemon.refind_loop import DARK_S, Watched
from edge_agent.video.camera_reader import ReaderState
from tests.daemon.test_refind_loop import GATE, THERE, Box

if TYPE_CHECKING:
    from pathlib import Path


def test_who_was_found_elsewhere_stays_there_when_the_files_are_read_again(tmp_path: Path) -> None:
    box = Box(tmp_path, GATE)
    box.search.where = {"urn:uuid:1": THERE}
    box.passes(DARK_S)
    box.readers["gate"].state = ReaderState(is_streaming=True)

    is_needed = box.loop.look_after([Watched(GATE, box.readers["gate"], box.events)])
    box.passes(60)

    assert is_needed
    assert box.loop.settings_of("gate") == moved(GATE, THERE.address)
    assert len(box.readers["gate"].moves) == 1
    assert "gate" in box.loop.moves


def test_a_camera_that_is_gone_is_not_looked_for_any_more(tmp_path: Path) -> None:
    box = Box(tmp_path, GATE)

    assert not box.loop.look_after([])
    box.passes(60)

    assert box.search.asked == []
    assert box.loop.settings_of("gate") is None
