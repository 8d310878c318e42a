"""How the suite counts a ghost, a recovery and a start."""

from bench.motion import recovery
from bench.motion.nuisances import CONDITIONS
from bench.motion.painter import Box, Moment, Painter, Script, paint, undisturbed
from bench.motion.recovery import BAG, CALM_S, CAR, Ghosts, ghosts, parking, recovery_of, start_of
from tests.bench.test_motion_scenes import STREET


def what_moves() -> list[list[Box]]:
    painter, still = Painter(STREET, 0), round(CALM_S * 5)
    parked = [
        list(parking(painter, painter.street, step / 5)[1])
        for step in range(round(recovery.PARKING_S * 5))
    ]
    return [[] for _ in range(still)] + parked


def test_who_reports_only_what_moves_sees_no_ghost() -> None:
    assert ghosts(what_moves()) == Ghosts(0.0, 0.0, 0.0, 0.0)


def test_who_never_forgets_a_place_sees_ghosts_for_all_the_time() -> None:
    told: list[list[Box]] = [[CAR, BAG] for _ in what_moves()]

    seen = ghosts(told)

    assert round(seen.parked_s, 1) == round(seen.left_s, 1) == 55.0
    assert seen.driven_off_s > 55
    assert round(seen.taken_s, 1) == 45.0


def changed() -> list[Moment]:
    script = Script(calm_s=CALM_S, nuisance_s=15.0, visits_s=((CALM_S + 3, CALM_S + 15),))
    return list(paint(STREET, undisturbed, 0, script))


def test_recovery_lasts_until_the_last_false_motion() -> None:
    moments = changed()
    told: list[list[Box]] = [
        [(0, 0, 30, 30)] if CALM_S <= one.at_s < CALM_S + 2 else [one.person] if one.person else []
        for one in moments
    ]

    found = recovery_of(told, moments)

    assert round(found.false_until_s, 1) == 2.0
    assert (found.late_share, found.found_share) == (0.0, 1.0)


def test_one_late_false_frame_is_not_a_state_that_lasts() -> None:
    moments = changed()
    told: list[list[Box]] = [
        [(0, 0, 30, 30)] if one.at_s in (CALM_S + 2.8, CALM_S + 3.0) else [] for one in moments
    ]

    found = recovery_of(told, moments)

    # The frame at 2.8 s lasts until 3.0: of sixty later ones, one is false.
    assert (round(found.false_until_s, 1), found.late_share) == (3.2, 1 / 60)


def test_who_goes_blind_recovers_at_once_and_finds_nobody() -> None:
    moments = changed()

    found = recovery_of([[] for _ in moments], moments)

    assert (found.false_until_s, found.late_share, found.found_share) == (0.0, 0.0, 0.0)


def test_a_start_counts_the_first_two_seconds() -> None:
    script = Script(calm_s=0.0, nuisance_s=4.0, visits_s=((0.0, 4.0),))
    moments = list(paint(STREET, CONDITIONS["quiet"], 0, script))
    told: list[list[Box]] = [
        [(0, 0, 30, 30)] if one.at_s < 1 else [one.person] if one.person else [] for one in moments
    ]

    first = start_of(told, moments)

    assert (first.false_share, first.found_at_once, first.found_share) == (0.5, 0.5, 0.75)
