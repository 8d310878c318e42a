"""How many cameras a box can bear, from what was measured on it."""

from __future__ import annotations

from dataclasses import replace

from edge_agent.daemon.box_load import (
    Box,
    LookCost,
    StreamCost,
    camera_costs,
    measure_look,
    measure_stream,
    this_box,
)
from edge_agent.inference.model_file import find_card, load_card

BOX = Box(cores=4, memory_mib=4096)
LOOK = LookCost(model="street 1.0.0", threads=1, wall_ms=10.0, slow_ms=12.0, cpu_ms=10.0)
STREAM = StreamCost(frame_ms=2.0, key_frame_ms=10.0, motion_ms=1.0)


def cameras(look: LookCost, stream: StreamCost, box: Box) -> dict[str, int]:
    return {cost.street: cost.cameras for cost in camera_costs(look, stream, box)}


def test_a_camera_costs_its_stream_twice_its_motion_and_its_looks() -> None:
    empty, usual, busy = camera_costs(LOOK, STREAM, BOX)

    # A key frame every two seconds, and nothing else.
    assert (empty.stream_ms, empty.motion_ms, empty.looks_ms) == (10.0, 0.5, 8.0)
    assert (usual.stream_ms, usual.motion_ms, usual.looks_ms) == (40.0, 5.0, 50.0)
    assert (busy.stream_ms, busy.motion_ms, busy.looks_ms) == (40.0, 5.0, 150.0)
    assert [cost.street for cost in (empty, usual, busy)] == ["empty", "usual", "busy"]


def test_three_quarters_of_the_cores_are_shared_out() -> None:
    assert cameras(LOOK, STREAM, BOX)["usual"] == 31


def test_looks_get_no_more_than_half_of_the_cores() -> None:
    """150 ms of looks each: 13 cameras, where the whole sum of 151 would let 19 in."""
    cheap = StreamCost(frame_ms=0.02, key_frame_ms=0.1, motion_ms=0.1)

    assert cameras(LOOK, cheap, BOX)["busy"] == 13


def test_a_box_with_little_memory_bears_no_more_than_it_can_hold() -> None:
    small = replace(BOX, memory_mib=512)

    assert cameras(LOOK, STREAM, small) == {"empty": 8, "usual": 8, "busy": 8}


def test_a_box_that_can_hold_none_says_so() -> None:
    tiny = replace(BOX, memory_mib=128)

    assert set(cameras(LOOK, STREAM, tiny).values()) == {0}


def test_a_quicker_box_bears_more() -> None:
    quick = replace(LOOK, cpu_ms=2.0)

    slow_box, quick_box = cameras(LOOK, STREAM, BOX), cameras(quick, STREAM, BOX)
    assert all(quick_box[street] >= slow_box[street] for street in slow_box)
    assert quick_box["busy"] > slow_box["busy"]


def test_this_box_is_measured() -> None:
    card = load_card(find_card("street"))
    look = measure_look(card, threads=1, looks=3)
    stream = measure_stream()

    assert look.model == f"street {card.version}"
    assert 0 < look.wall_ms <= look.slow_ms
    assert min(stream.frame_ms, stream.key_frame_ms, stream.motion_ms) > 0
    assert this_box().cores >= 1
    assert this_box().memory_mib > 100
