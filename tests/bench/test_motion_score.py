"""What counts as false motion, as a found walker, and as a claimed cell."""

import numpy as np

from bench.motion.cells import COLUMNS, ROWS, CellCount, claimed, cover_of, no_cover, truth
from bench.motion.painter import Box, Moment
from bench.motion.score import Tally, is_false, is_found

WALKER = (100, 100, 110, 124)
EMPTY = np.zeros((360, 640), np.uint8)


def moment(at_s: float, person: Box | None = WALKER, *, is_calm: bool = False) -> Moment:
    true = (person,) if person else ()
    return Moment(at_s, EMPTY, true, person, None, cover_of(true), is_calm)


def test_motion_beside_the_walker_is_theirs() -> None:
    assert not is_false([(115, 100, 125, 124)], [WALKER])


def test_motion_far_from_the_walker_is_false() -> None:
    assert is_false([WALKER, (400, 100, 410, 124)], [WALKER])


def test_a_box_of_the_whole_street_finds_nobody() -> None:
    assert is_found([(98, 98, 112, 126)], WALKER)
    assert not is_found([(0, 0, 640, 360)], WALKER)


def test_a_box_beside_the_walker_finds_nobody() -> None:
    assert not is_found([(111, 100, 121, 124)], WALKER)


def test_where_the_walker_was_a_second_ago_is_no_false_alarm_but_later_it_is() -> None:
    gone = [moment(0.0), *(moment(0.2 * step, None) for step in range(1, 8))]
    soon, late = Tally(), Tally()

    soon.judge([WALKER], gone, 5)
    late.judge([WALKER], gone, 6)

    assert (soon.false_frames, late.false_frames) == (0, 1)


def test_false_motion_in_the_calm_is_counted_apart() -> None:
    tally = Tally()

    tally.judge([(400, 100, 410, 124)], [moment(0.0, is_calm=True)], 0)

    assert (tally.false_calm, tally.calm_frames, tally.false_frames) == (1, 1, 0)


def test_a_box_claims_the_cells_it_covers_by_a_quarter() -> None:
    cells = claimed([(32, 0, 53, 16)])

    assert [int(column) for column in np.flatnonzero(cells[0])] == [2, 3]
    assert not cells[1:].any()


def test_the_rim_of_a_walker_and_their_wake_are_not_judged() -> None:
    before, now = cover_of([(160, 160, 176, 176)]), cover_of([(192, 160, 208, 176)])

    true, judged = truth([before, now])

    assert true.sum() == np.count_nonzero(now >= 0.08)
    assert not judged[ROWS // 2 - 1, 10]
    assert judged[0, 0]


def test_a_still_street_is_judged_whole() -> None:
    true, judged = truth([no_cover()])

    assert not true.any()
    assert judged.sum() == ROWS * COLUMNS


def test_cells_right_wrong_and_missed_make_the_measure() -> None:
    true, told = np.zeros((2, 4), bool), np.zeros((2, 4), bool)
    true[0, :2], told[0, 1:3] = True, True
    count = CellCount()

    count.add(told, true, np.ones_like(true))

    assert (count.right, count.wrong, count.missed) == (1, 1, 1)
    assert count.measure == count.precision == count.recall == 0.5


def test_who_claims_nothing_where_nothing_moves_is_never_wrong() -> None:
    count = CellCount()

    count.add(np.zeros((2, 4), bool), np.zeros((2, 4), bool), np.ones((2, 4), bool))

    assert (count.right, count.wrong, count.missed) == (0, 0, 0)
