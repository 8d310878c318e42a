"""Counting what a camera saw: each once, in the period in which it was believed."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Scene, Track
from edge_agent.domain.tally import Count, Tally
from edge_agent.tracking.tally import TallyKeeper


def _track(
    number: int, taken_at: float, *, label: Label = Label.PERSON, doubt: bool = False
) -> Track:
    return Track(
        id=number,
        label=label,
        score=0.8,
        box=Box(0.4, 0.4, 0.5, 0.8),
        first_seen=0.0,
        last_seen=taken_at,
        is_confirmed=not doubt,
    )


def _watched(keeper: TallyKeeper, taken_at: float, *numbers: int) -> Tally | None:
    tracks = tuple(_track(number, taken_at) for number in numbers)
    return keeper.take(Scene(taken_at, tracks), is_moving=bool(numbers))


def test_who_walks_through_is_new_once_and_counted_together_with_who_is_there() -> None:
    keeper = TallyKeeper(60)

    for second in range(60):
        _watched(keeper, second, *((1, 2) if 10 <= second < 20 else (3,) if second == 30 else ()))
    tally = _watched(keeper, 60.0)

    assert tally is not None
    assert tally.counts == {Label.PERSON: Count(new=3, most=2)}
    assert (tally.began_at, tally.lasted_s, tally.frames, tally.moving) == (0.0, 60.0, 61, 11)


def test_who_stays_over_the_end_of_a_period_is_there_but_not_new() -> None:
    keeper = TallyKeeper(60)
    _watched(keeper, 0.0, 1)
    _watched(keeper, 60.0, 1)

    _watched(keeper, 60.2, 1)
    tally = _watched(keeper, 120.2, 1)

    assert tally is not None
    assert tally.counts == {Label.PERSON: Count(new=0, most=1)}


def test_who_is_not_believed_is_not_counted() -> None:
    keeper = TallyKeeper(60)

    keeper.take(Scene(0.0, (_track(1, 0.0, doubt=True),)), is_moving=True)

    tally = keeper.finish()
    assert tally is not None
    assert tally.counts == {}


def test_who_is_out_of_sight_is_not_there() -> None:
    keeper = TallyKeeper(60)
    _watched(keeper, 0.0, 1)

    keeper.take(Scene(1.0, (_track(1, 0.0), _track(2, 1.0))), is_moving=True)

    tally = keeper.finish()
    assert tally is not None
    assert tally.counts == {Label.PERSON: Count(new=2, most=1)}


def test_each_kind_is_counted_for_itself() -> None:
    keeper = TallyKeeper(60)

    keeper.take(Scene(0.0, (_track(1, 0.0), _track(2, 0.0, label=Label.CAR))), is_moving=True)

    tally = keeper.finish()
    assert tally is not None
    assert tally.counts == {Label.PERSON: Count(1, 1), Label.CAR: Count(1, 1)}


def test_a_camera_that_showed_nothing_has_nothing_to_tell() -> None:
    keeper = TallyKeeper(60)
    _watched(keeper, 0.0)

    assert keeper.finish() is not None
    assert keeper.finish() is None


@given(st.lists(st.floats(min_value=0.05, max_value=30), min_size=1, max_size=300))
def test_however_frames_are_spaced_each_is_in_one_period_and_each_visitor_new_once(
    gaps: list[float],
) -> None:
    keeper, taken_at, told = TallyKeeper(60), 0.0, []

    for number, gap in enumerate(gaps):
        told.append(_watched(keeper, taken_at, number // 3))
        taken_at += gap
    tallies = [tally for tally in (*told, keeper.finish()) if tally is not None]

    assert sum(tally.frames for tally in tallies) == len(gaps)
    visitors = (len(gaps) + 2) // 3
    assert sum(tally.counts[Label.PERSON].new for tally in tallies) == visitors
    assert all(tally.lasted_s >= 60 for tally in tallies[:-1])
