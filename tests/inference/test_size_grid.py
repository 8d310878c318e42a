from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.geometry import Box, Point
from edge_agent.domain.sighting import Label, Track
from edge_agent.inference.size_file import KEEP_S, SizeFile
from edge_agent.inference.size_grid import COLUMNS, MEMORY_S, MOST_PER_CELL, ROWS, Height, SizeGrid
from tests.fakes.clock import FakeClock

WALL = 1_795_000_000.0


def track(
    number: int,
    foot: Point,
    height: float,
    *,
    label: Label = Label.PERSON,
    is_confirmed: bool = True,
    seen: float = 0.0,
) -> Track:
    box = Box(foot.x - 0.01, foot.y - height, foot.x + 0.01, foot.y)
    return Track(
        id=number,
        label=label,
        score=0.8,
        box=box,
        first_seen=0.0,
        last_seen=seen,
        is_confirmed=is_confirmed,
    )


def learned(foot: Point, heights: list[float], label: Label = Label.PERSON) -> SizeGrid:
    grid = SizeGrid()
    for number, height in enumerate(heights):
        grid.learn([track(number, foot, height, label=label)], 0.0, WALL)
    return grid


FAR, NEAR = Point(0.5, 0.3), Point(0.5, 0.95)


def test_people_are_as_tall_as_those_seen_there_before() -> None:
    grid = learned(FAR, [0.04, 0.05, 0.06, 0.05])

    assert grid.at(FAR) == pytest.approx(0.05)


def test_nobody_knows_how_tall_people_are_where_nobody_was_followed() -> None:
    assert SizeGrid().at(FAR) is None
    assert learned(FAR, [0.05] * 8).at(NEAR) is None


def test_one_ghost_in_the_sky_changes_nothing() -> None:
    assert learned(FAR, [0.05] * 5 + [0.9]).at(FAR) == pytest.approx(0.05)


def test_beside_and_along_the_row_people_are_as_tall() -> None:
    grid = learned(FAR, [0.05] * 4)

    assert grid.at(Point(FAR.x + 1.2 / COLUMNS, FAR.y)) == pytest.approx(0.05)
    assert grid.at(Point(0.99, FAR.y)) == pytest.approx(0.05)


def test_who_stands_still_counts_once() -> None:
    grid = learned(FAR, [0.05] * 4)

    for _ in range(100):
        grid.learn([track(99, FAR, 0.3)], 0.0, WALL)

    assert grid.at(FAR) == pytest.approx(0.05)


@pytest.mark.parametrize(
    "odd",
    [
        track(1, FAR, 0.3, is_confirmed=False),
        track(1, FAR, 0.3, seen=-1.0),
        track(1, Point(0.5, 1.0), 0.3),
        track(1, FAR, 0.3, label=Label.GARBAGE),
    ],
    ids=["not believed", "not seen now", "cut by the edge", "a heap"],
)
def test_what_is_not_surely_seen_whole_teaches_nothing(odd: Track) -> None:
    grid = SizeGrid()
    for _ in range(8):
        grid.learn([odd], 0.0, WALL)

    assert grid.cells == []


def test_a_bus_counts_as_twice_a_person() -> None:
    assert learned(NEAR, [0.4] * 4, Label.BUS).at(NEAR) == pytest.approx(0.2)


def test_a_camera_that_was_turned_is_learned_anew() -> None:
    grid = learned(FAR, [0.05] * MOST_PER_CELL)

    for number in range(100, 100 + MOST_PER_CELL // 2 + 1):
        grid.learn([track(number, FAR, 0.2)], 0.0, WALL)

    assert grid.at(FAR) == pytest.approx(0.2)


@given(st.lists(st.tuples(st.floats(0.1, 0.9), st.floats(0.5, 0.98)), max_size=200))
def test_the_memory_is_bounded(feet: list[tuple[float, float]]) -> None:
    grid = SizeGrid()

    for number, foot in enumerate(feet):
        grid.learn([track(number, Point(*foot), 0.1)], 0.0, WALL)

    assert len(grid.cells) <= COLUMNS * ROWS
    assert all(len(heights) <= MOST_PER_CELL for _, heights in grid.cells)


def test_the_smallest_people_decide_how_a_sweep_looks() -> None:
    grid = learned(NEAR, [0.4] * 4)
    for number in range(50, 54):
        grid.learn([track(number, FAR, 0.03)], 0.0, WALL)

    assert grid.least() == pytest.approx(0.03)


def test_what_was_seen_a_season_ago_or_in_the_future_is_forgotten() -> None:
    old, new, odd = (Height(0.1, WALL + s) for s in (-MEMORY_S - 1, -1.0, 2 * 86_400.0))
    grid = SizeGrid([(3, [old, new]), (4, [old]), (5, [odd])])

    grid.forget(WALL)

    assert grid.cells == [(3, (new,))]


def test_sizes_survive_a_restart(tmp_path: Path) -> None:
    path, clock = tmp_path / "sizes" / "gate.json", FakeClock()
    before = SizeFile(path, clock.wall)
    for number in range(6):
        before.grid.learn([track(number, FAR, 0.05)], 0.0, clock.wall())
    before.keep()

    assert SizeFile(path, clock.wall).grid.at(FAR) == pytest.approx(0.05)


def test_sizes_are_kept_every_hour_and_no_oftener(tmp_path: Path) -> None:
    path, clock = tmp_path / "gate.json", FakeClock()
    sizes = SizeFile(path, clock.wall)
    sizes.grid.learn([track(1, FAR, 0.05)], 0.0, clock.wall())

    sizes.keep_now_and_then()
    assert not path.exists()
    clock.advance(KEEP_S)
    sizes.keep_now_and_then()
    assert path.exists()


def test_nothing_new_is_not_written_again(tmp_path: Path) -> None:
    path, clock = tmp_path / "gate.json", FakeClock()
    sizes = SizeFile(path, clock.wall)

    sizes.keep()

    assert not path.exists()


@pytest.mark.parametrize(
    "damaged",
    ["", "{}", "[[1]]", "[[1e999, []]]", '[["a", [[0.1, 1]]]]', "[" * 50_000, "[[1, [[null, 2]]]]"],
)
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, damaged: str) -> None:
    path = tmp_path / "gate.json"
    path.write_text(damaged)

    assert SizeFile(path, FakeClock().wall).grid.cells == []


def test_a_disk_that_refuses_is_told_and_does_no_harm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "sizes").write_text("a file where the folder should be")
    sizes = SizeFile(tmp_path / "sizes" / "gate.json", FakeClock().wall)
    sizes.grid.learn([track(1, FAR, 0.05)], 0.0, WALL)

    sizes.keep()

    assert "what was learned about sizes is not kept" in caplog.text
