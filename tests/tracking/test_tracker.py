from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Sighting, Track
from edge_agent.tracking.tracker import Tracker, TrackerOptions

WHOLE = [Box(0, 0, 1, 1)]


def person(
    x: float, y: float = 0.5, *, score: float = 0.8, label: Label = Label.PERSON
) -> Sighting:
    return Sighting(label, score, Box(x, y, x + 0.05, y + 0.2))


def walk(
    tracker: Tracker, times: Sequence[float], speed: float = 0.05, label: Label = Label.PERSON
) -> tuple[Track, ...]:
    tracks: tuple[Track, ...] = ()
    for time in times:
        tracks = tracker.follow(time, [person(0.1 + speed * time, label=label)], WHOLE)
    return tracks


def due(tracker: Tracker, taken_at: float) -> list[Box]:
    return [one.track.box for one in tracker.expected(taken_at) if one.is_due]


def test_a_walker_keeps_one_track() -> None:
    tracks = walk(Tracker(TrackerOptions()), [i / 5 for i in range(50)])

    assert [track.id for track in tracks] == [1]
    assert tracks[0].is_confirmed


@given(st.lists(st.floats(0.05, 0.9), min_size=8, max_size=40))
def test_however_frames_are_spaced_a_walker_is_one_track(gaps: list[float]) -> None:
    times = [sum(gaps[:i]) for i in range(len(gaps))]

    tracks = walk(Tracker(TrackerOptions()), times, speed=0.01)

    assert [track.id for track in tracks] == [1]


def test_one_lucky_frame_is_no_person() -> None:
    tracker = Tracker(TrackerOptions())

    tracks = tracker.follow(0.0, [person(0.5)], WHOLE)
    for i in range(1, 20):
        tracks = tracker.follow(i / 5, [], WHOLE)
        assert not any(track.is_confirmed for track in tracks)

    assert tracks == ()


def test_seen_in_every_third_look_is_not_confirmed() -> None:
    tracker = Tracker(TrackerOptions())

    for i in range(30):
        seen = [person(0.5)] if i % 3 == 0 else []
        tracks = tracker.follow(i / 5, seen, WHOLE)
        assert not any(track.is_confirmed for track in tracks)


def test_somebody_hidden_for_two_seconds_is_the_same_person() -> None:
    tracker = Tracker(TrackerOptions())
    walk(tracker, [i / 5 for i in range(10)], speed=0.0)

    for i in range(10, 20):
        tracker.follow(i / 5, [], WHOLE)
    tracks = tracker.follow(4.0, [person(0.1)], WHOLE)

    assert [track.id for track in tracks] == [1]


def test_who_is_gone_for_long_comes_back_as_another() -> None:
    tracker = Tracker(TrackerOptions())
    walk(tracker, [i / 5 for i in range(10)], speed=0.0)

    for i in range(10, 30):
        tracker.follow(i / 5, [], WHOLE)
    tracks = tracker.follow(6.2, [person(0.1)], WHOLE)

    assert [track.id for track in tracks] == [2]


def left_by_the_right() -> Tracker:
    tracker = Tracker(TrackerOptions())
    for i in range(20):
        left = 0.5 + 0.015 * i
        box = Box(left, 0.1, min(left + 0.25, 1.0), 0.9)
        tracker.follow(i / 5, [Sighting(Label.PERSON, 0.8, box)], WHOLE)
    tracker.follow(4.0, [], WHOLE)
    return tracker


def test_who_comes_in_on_the_left_is_not_the_one_who_left_by_the_right() -> None:
    tracker = left_by_the_right()

    tracks = tracker.follow(5.4, [Sighting(Label.PERSON, 0.8, Box(0.35, 0.1, 0.55, 0.9))], WHOLE)

    assert {track.id for track in tracks if track.last_seen == 5.4} == {2}


def test_who_left_by_the_right_and_comes_back_there_is_the_same() -> None:
    tracker = left_by_the_right()

    tracks = tracker.follow(5.4, [Sighting(Label.PERSON, 0.8, Box(0.7, 0.1, 0.95, 0.9))], WHOLE)

    assert {track.id for track in tracks if track.last_seen == 5.4} == {1}


def test_two_who_pass_each_other_keep_their_tracks() -> None:
    tracker = Tracker(TrackerOptions())
    last: tuple[Track, ...] = ()

    for i in range(40):
        time = i / 5
        seen = [person(0.1 + 0.08 * time, 0.30), person(0.74 - 0.08 * time, 0.36)]
        last = tracker.follow(time, seen, WHOLE)

    assert sorted(track.id for track in last) == [1, 2]
    assert {track.id: track.box.top for track in last} == {1: 0.30, 2: 0.36}


def test_somebodys_second_box_does_not_become_somebody_else() -> None:
    tracker = Tracker(TrackerOptions())
    whole, upper, between = (
        Sighting(Label.PERSON, 0.8, Box(0.4, 0.3, 0.5, bottom)) for bottom in (0.7, 0.48, 0.55)
    )
    for step in range(10):
        tracker.follow(step / 5, [whole], WHOLE)
    tracker.follow(2.0, [whole, upper], WHOLE)

    for step in range(1, 10):
        tracks = tracker.follow(2.0 + step / 5, [between], WHOLE)

    assert [(track.id, track.last_seen) for track in tracks] == [(1, 3.8)]


def test_who_leaves_takes_no_neighbour_along() -> None:
    tracker = Tracker(TrackerOptions())
    leaver, neighbour = (
        Sighting(Label.PERSON, 0.8, Box(left, 0.3, left + 0.1, 0.7)) for left in (0.3, 0.42)
    )
    for step in range(10):
        tracker.follow(step / 5, [leaver], WHOLE)
    for step in range(10, 12):
        tracker.follow(step / 5, [leaver, neighbour], WHOLE)

    for step in range(12, 20):
        tracks = tracker.follow(step / 5, [neighbour], WHOLE)

    seen = {track.id: track.last_seen for track in tracks}
    assert seen == {1: 2.2, 2: 3.8}


def test_a_person_does_not_turn_into_a_car() -> None:
    tracker = Tracker(TrackerOptions())
    walk(tracker, [0.0, 0.2, 0.4], speed=0.0)

    tracks = tracker.follow(0.6, [person(0.1, label=Label.CAR)], WHOLE)

    assert sorted(track.label for track in tracks) == [Label.CAR, Label.PERSON]


def test_a_van_called_car_or_truck_is_one_vehicle_by_majority() -> None:
    tracker = Tracker(TrackerOptions())
    labels = [Label.CAR, Label.TRUCK, Label.CAR, Label.CAR, Label.TRUCK]

    for i, label in enumerate(labels):
        tracks = tracker.follow(i / 5, [person(0.3, label=label)], WHOLE)

    assert [(track.id, track.label) for track in tracks] == [(1, Label.CAR)]


def test_where_nobody_looked_nobody_was_missed() -> None:
    tracker = Tracker(TrackerOptions())
    before = walk(tracker, [0.0, 0.2, 0.4], speed=0.0)

    after = tracker.follow(0.6, [], [Box(0.6, 0.0, 1.0, 0.4)])

    assert after[0].score == pytest.approx(before[0].score)


def test_who_stands_still_is_looked_at_again_after_a_second() -> None:
    tracker = Tracker(TrackerOptions())
    walk(tracker, [i / 5 for i in range(10)], speed=0.0)

    assert due(tracker, 2.0) == []
    assert [box.left for box in due(tracker, 2.9)] == [pytest.approx(0.1)]


def test_who_was_missed_is_looked_for_at_once() -> None:
    tracker = Tracker(TrackerOptions())
    walk(tracker, [i / 5 for i in range(10)], speed=0.0)
    tracker.follow(2.0, [], WHOLE)

    assert len(due(tracker, 2.2)) == 1


def test_the_same_sightings_give_the_same_tracks() -> None:
    times = [i / 5 for i in range(30)]

    assert walk(Tracker(TrackerOptions()), times) == walk(Tracker(TrackerOptions()), times)


def test_who_stands_there_after_a_gap_in_the_stream_is_another() -> None:
    tracker = Tracker(TrackerOptions())
    walk(tracker, [i / 5 for i in range(10)], speed=0.0)

    tracks = tracker.follow(47.0, [person(0.1)], WHOLE)

    assert [track.id for track in tracks] == [2]
