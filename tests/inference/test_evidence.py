"""Faint words add up along a path, and a place that never rests has to say more."""

from __future__ import annotations

import numpy as np

from edge_agent.inference.evidence import USUALLY, Evidence

SHAPE = (23, 40)
FRAME_S = 0.2


def cells(*places: tuple[int, int], logit: float, elsewhere: float = -4.0) -> np.ndarray:
    logits = np.full(SHAPE, elsewhere, np.float32)
    for place in places:
        logits[place] = logit
    return logits


def test_a_clear_word_is_believed_at_once() -> None:
    moving = Evidence(0.5).weigh(cells((5, 5), logit=1.0), FRAME_S)

    assert list(zip(*np.nonzero(moving), strict=True)) == [(5, 5)]


def test_a_faint_walker_is_believed_after_a_moment_a_faint_speck_is_not() -> None:
    walker, speck = Evidence(0.5), Evidence(0.5)

    walked = [walker.weigh(cells((5, 5 + step // 3), logit=-1.0), FRAME_S) for step in range(6)]
    jumped = [speck.weigh(cells((5, 6 * step), logit=-1.0), FRAME_S) for step in range(6)]

    assert not walked[0].any()
    assert walked[-1][5, 6]
    assert not any(moving.any() for moving in jumped)


def test_each_step_to_a_neighbour_has_its_price() -> None:
    """Noise is in another cell each time, too; only who is clearer may move as fast as that."""
    faint, clear = Evidence(0.5), Evidence(0.5)

    darted = [faint.weigh(cells((5, 5 + step), logit=-1.0), FRAME_S) for step in range(6)]
    ran = [clear.weigh(cells((5, 5 + step), logit=-0.2), FRAME_S) for step in range(6)]

    assert not any(moving.any() for moving in darted)
    assert all(moving[5, 5 + step] for step, moving in enumerate(ran) if step > 0)


def test_somebody_slow_is_not_judged_by_their_own_steps() -> None:
    evidence = Evidence(0.5)
    for _ in range(50):
        evidence.weigh(cells(logit=-4.0), FRAME_S)

    # Three cells in five seconds, one after the other.
    told = [evidence.weigh(cells((5, 5 + step // 8), logit=1.0), FRAME_S) for step in range(24)]

    assert all(moving.any() for moving in told)


def test_what_is_carried_makes_nobody_wider() -> None:
    evidence = Evidence(0.5)
    walker = cells(*((row, column) for row in (4, 5, 6) for column in (4, 5, 6)), logit=-2.0)
    walker[5, 5] = 0.3

    for _ in range(6):
        moving = evidence.weigh(walker, FRAME_S)

    assert list(zip(*np.nonzero(moving), strict=True)) == [(5, 5)]


def test_a_thing_that_is_clear_everywhere_keeps_its_faint_middle() -> None:
    evidence = Evidence(0.5)
    bus = cells(*((row, column) for row in (4, 5, 6) for column in range(4, 12)), logit=2.6)
    bus[5, 11] = 5.0

    assert evidence.weigh(bus, FRAME_S).sum() == 3 * 8


def test_what_many_cells_say_faintly_at_once_is_light_and_a_walker_in_it_is_believed() -> None:
    lamp, walker = Evidence(0.5), Evidence(0.5)
    lit = cells(*((row, column) for row in range(5) for column in range(10)), logit=-1.2)
    walked = lit.copy()
    walked[3, 4] = 0.8

    for _ in range(10):
        by_lamp, by_walker = lamp.weigh(lit, FRAME_S), walker.weigh(walked, FRAME_S)

    assert not by_lamp.any()
    assert list(zip(*np.nonzero(by_walker), strict=True)) == [(3, 4)]


def test_a_close_bus_silences_nobody_who_is_fairly_clear() -> None:
    evidence = Evidence(0.5)
    street = cells(*((row, column) for row in range(8) for column in range(12)), logit=5.0)

    for step in range(10):
        walked = street.copy()
        walked[15, 20 + step // 5] = 0.0
        moving = evidence.weigh(walked, FRAME_S)

    assert moving[:8, :12].all()
    assert moving[15, 21]


def test_what_the_network_finds_unlikely_does_not_move_whatever_was_before() -> None:
    evidence = Evidence(0.5)
    evidence.weigh(cells((5, 5), logit=5.0), FRAME_S)

    moving = evidence.weigh(cells((5, 5), logit=USUALLY.least_logit - 0.1), FRAME_S)

    assert not moving.any()


def test_in_the_grain_of_a_night_fainter_words_add_up() -> None:
    by_day, by_night = Evidence(0.5), Evidence(0.5)

    told_by_day, told_by_night = (
        [evidence.weigh(cells((5, 5), logit=-2.0), FRAME_S, is_grainy=is_grainy) for _ in range(5)]
        for evidence, is_grainy in ((by_day, False), (by_night, True))
    )

    assert not any(moving.any() for moving in told_by_day)
    assert not told_by_night[0].any()
    assert told_by_night[-1][5, 5]


def test_grain_does_not_wake_who_sees_key_frames_alone() -> None:
    awake, asleep = Evidence(0.0), Evidence(0.0)

    assert awake.weigh(cells((5, 5), logit=-0.7), FRAME_S, is_grainy=True).any()
    assert not asleep.weigh(cells((5, 5), logit=-0.7), 2.0, is_grainy=True).any()


def test_after_a_pause_less_is_carried_along() -> None:
    soon, late = Evidence(0.5), Evidence(0.5)
    for evidence in (soon, late):
        evidence.weigh(cells((5, 5), logit=2.0), FRAME_S)

    assert soon.weigh(cells((5, 5), logit=-1.2), FRAME_S).any()
    assert not late.weigh(cells((5, 5), logit=-1.2), 2.0).any()


def test_a_doubt_wakes_who_sees_key_frames_alone() -> None:
    awake, asleep = Evidence(0.5), Evidence(0.5)
    for evidence, pause_s in ((awake, FRAME_S), (asleep, 2.0)):
        evidence.weigh(cells(logit=-4.0), pause_s)

    assert not awake.weigh(cells((5, 5), logit=0.0), FRAME_S).any()
    assert asleep.weigh(cells((5, 5), logit=0.0), 2.0).any()


def test_a_flag_falls_silent_and_somebody_who_is_clearer_does_not() -> None:
    evidence = Evidence(0.5)
    flag = cells((5, 5), logit=1.0)

    first = evidence.weigh(flag, FRAME_S)
    for _ in range(100):
        last = evidence.weigh(flag, FRAME_S)
    somebody = evidence.weigh(cells((5, 5), logit=5.0), FRAME_S)

    assert first.any()
    assert not last.any()
    assert somebody.any()


def test_a_flag_that_rested_is_heard_again() -> None:
    evidence = Evidence(0.5)
    for _ in range(100):
        evidence.weigh(cells((5, 5), logit=1.0), FRAME_S)
    for _ in range(100):
        evidence.weigh(cells(logit=0.0), FRAME_S)

    assert evidence.weigh(cells((5, 5), logit=2.0), FRAME_S).any()


def test_cars_that_pass_now_and_then_make_no_road_restless() -> None:
    evidence = Evidence(0.5)
    told = []
    for number in range(600):
        is_passing = number % 30 < 10
        told.append(evidence.weigh(cells((5, 5), logit=2.0 if is_passing else -4.0), FRAME_S).any())

    assert sum(told) >= 0.9 * 200


def test_it_is_alive_while_something_moved_a_moment_ago() -> None:
    evidence = Evidence(0.5)

    assert not evidence.is_alive
    evidence.weigh(cells((5, 5), logit=2.0), FRAME_S)
    assert evidence.is_alive
    evidence.forget()
    assert not evidence.is_alive


def test_a_beam_does_not_silence_who_walks_beside_it() -> None:
    beam = np.zeros(SHAPE, np.bool_)
    beam[12:20, 20:32] = True
    together, apart = Evidence(0.5), Evidence(0.5)
    logits = cells((5, 5), logit=-0.6)
    logits[beam] = -1.0

    told_together = [together.weigh(logits, FRAME_S) for _ in range(4)]
    told_apart = [apart.weigh(logits, FRAME_S, lit=beam) for _ in range(4)]

    assert not any(moving.any() for moving in told_together)
    assert list(zip(*np.nonzero(told_apart[-1]), strict=True)) == [(5, 5)]


def test_what_a_beam_does_to_a_cell_is_not_its_habit() -> None:
    """Somebody who crosses where a car's lights passed a moment ago is heard."""
    beam = np.zeros(SHAPE, np.bool_)
    beam[4:9, 3:20] = True
    learned, kept = Evidence(0.5), Evidence(0.5)
    for evidence, lit in ((learned, None), (kept, beam)):
        for step in range(40):
            is_passing = 15 <= step < 25
            logits = cells(logit=-4.0)
            logits[beam] = 0.5 if is_passing else -4.0
            evidence.weigh(logits, FRAME_S, lit=lit if is_passing else None)

    told = [evidence.weigh(cells((5, 5), logit=0.8), FRAME_S) for evidence in (learned, kept)]

    assert not told[0].any()
    assert told[1][5, 5]


def test_an_insect_s_light_is_asked_as_much_as_it_says() -> None:
    evidence = Evidence(0.5)
    patch = np.zeros(SHAPE, np.bool_)
    patch[4:10, 4:9] = True
    logits = cells(logit=-4.0)
    logits[5:9, 5:8] = -0.9

    told = [evidence.weigh(logits, FRAME_S, lit=patch) for _ in range(6)]

    assert not any(moving.any() for moving in told)


def test_where_light_moves_all_the_time_it_is_the_cells_habit() -> None:
    """A sign that blinks, a banner: whatever is lit more often than a beam ever lights a cell."""
    evidence = Evidence(0.5)
    sign = np.zeros(SHAPE, np.bool_)
    sign[4:9, 4:9] = True

    told = [
        bool(evidence.weigh(cells((6, 6), logit=1.5), FRAME_S, lit=sign).any()) for _ in range(75)
    ]

    assert told[0]
    assert not any(told[50:])


def test_a_beam_that_comes_again_and_again_is_no_habit() -> None:
    evidence = Evidence(0.5)
    beam = np.zeros(SHAPE, np.bool_)
    beam[4:9, 4:9] = True
    for step in range(400):
        is_passing = step % 40 < 6
        logits = cells((6, 6), (6, 7), logit=1.5 if is_passing else -4.0)
        evidence.weigh(logits, FRAME_S, lit=beam if is_passing else None)

    assert evidence.weigh(cells((6, 6), logit=1.0), FRAME_S).any()


def test_in_a_beam_a_little_less_is_enough() -> None:
    by_day, in_a_beam = Evidence(0.5), Evidence(0.5)
    beam = np.zeros(SHAPE, np.bool_)
    beam[12:20, 20:32] = True

    assert not by_day.weigh(cells((5, 5), logit=0.3), FRAME_S).any()
    assert in_a_beam.weigh(cells((5, 5), logit=0.3), FRAME_S, lit=beam).any()


def test_a_lamp_that_was_lit_and_stays_is_learned_as_if_it_had_not_moved() -> None:
    """It moves light for a moment as a beam does; what it does to a cell afterwards is its habit."""
    lit, plain = Evidence(0.5), Evidence(0.5)
    patch = np.zeros(SHAPE, np.bool_)
    patch[4:9, 4:9] = True
    told: dict[str, int] = {}
    for name, evidence in (("lit", lit), ("plain", plain)):
        moved = [
            evidence.weigh(
                cells((6, 6), logit=0.9),
                FRAME_S,
                lit=patch if name == "lit" and step < 15 else None,
            )
            for step in range(60)
        ]
        told[name] = sum(bool(one.any()) for one in moved)

    assert told["lit"] <= told["plain"] + 1
