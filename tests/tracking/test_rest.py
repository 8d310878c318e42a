"""Who stands still is not looked at all day, and is not forgotten either."""

from __future__ import annotations

import pytest

from edge_agent.domain.geometry import Box, Point, Polygon
from edge_agent.domain.sighting import Label, Sighting, Track
from edge_agent.domain.zone import Watch
from edge_agent.tracking.rest import RestOptions
from edge_agent.tracking.tracker import Tracker, TrackerOptions

FRAME_S = 0.2
PLACE = Box(0.4, 0.4, 0.5, 0.6)
WALKWAY = Polygon((Point(0, 0), Point(1, 0), Point(1, 1), Point(0, 1)))
ALL = frozenset(Label)


class Street:
    """One thing on a street, looked at only when it is due or something moves there."""

    def __init__(self, label: Label, *, watched: frozenset[Label] = frozenset()) -> None:
        self.tracker = Tracker(TrackerOptions(), Watch(((WALKWAY, watched),)))
        self.label = label
        self.now = 0.0
        self.looks: list[float] = []
        self.tracks: tuple[Track, ...] = ()
        # Where the model sees it; None: it has gone.
        self.box: Box | None = PLACE
        # Frames in which rules did not see it.
        self.unseen: list[float] = []

    def watch(self, seconds: float, *, moves: tuple[Box, ...] = (), refused: bool = False) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.now += FRAME_S
            expected = self.tracker.expected(self.now)
            places = [*moves, *(one.track.box for one in expected if one.is_due)]
            looked = [_crop(box) for box in places] if self.now > FRAME_S else [_crop(PLACE)]
            looked = [] if refused else looked
            box = self.box
            seen = box is not None and any(box.shared(part) > box.area / 2 for part in looked)
            if any(PLACE.shared(part) > 0 for part in looked):
                self.looks.append(self.now)
            sightings = [Sighting(self.label, 0.8, box)] if seen and box else []
            self.tracks = self.tracker.follow(self.now, sightings, looked, moves)
            if not any(track.last_seen == self.now for track in self.tracks):
                self.unseen.append(self.now)


def _crop(box: Box) -> Box:
    return Box(box.left - 0.2, box.top - 0.2, box.right + 0.2, box.bottom + 0.2)


@pytest.mark.parametrize("watched", [frozenset(), ALL], ids=["no rule", "a rule for cars"])
def test_a_parked_car_is_looked_at_four_times_a_minute(watched: frozenset[Label]) -> None:
    street = Street(Label.CAR, watched=watched)
    street.watch(20.0)
    before = len(street.looks)

    street.watch(60.0)

    assert len(street.looks) - before <= 4
    assert [track.id for track in street.tracks] == [1]


def test_a_rule_goes_on_seeing_a_parked_car_that_nobody_looks_at() -> None:
    street = Street(Label.CAR, watched=ALL)
    street.watch(20.0)
    street.unseen.clear()

    street.watch(60.0)

    assert street.unseen == []


def test_a_parked_car_that_a_busy_box_cannot_look_at_is_not_believed_for_ever() -> None:
    street = Street(Label.CAR, watched=ALL)
    street.watch(20.0)
    street.unseen.clear()

    street.watch(15.0, refused=True)
    assert street.unseen == []

    street.watch(20.0, refused=True)
    assert street.tracks == ()


def test_a_person_in_a_watched_zone_is_looked_at_every_second_however_still() -> None:
    street = Street(Label.PERSON, watched=ALL)
    street.watch(20.0)
    street.looks.clear()

    street.watch(60.0)

    assert len(street.looks) >= 55


def test_a_person_where_no_rule_watches_may_rest() -> None:
    street = Street(Label.PERSON, watched=frozenset({Label.CAR}))
    street.watch(20.0)
    street.looks.clear()

    street.watch(60.0)

    assert len(street.looks) <= 4


def test_a_parked_car_is_looked_at_when_something_moves_there() -> None:
    street = Street(Label.CAR)
    street.watch(20.0)
    street.looks.clear()

    street.watch(1.0, moves=(PLACE,))

    assert len(street.looks) == 5


def test_a_car_that_drives_off_is_gone_in_seconds() -> None:
    street = Street(Label.CAR, watched=ALL)
    street.watch(20.0)

    street.box = None
    street.watch(1.0, moves=(PLACE,))
    street.watch(3.0)

    assert street.tracks == ()


def test_a_car_whose_leaving_stirred_nothing_is_gone_after_the_next_look() -> None:
    street = Street(Label.CAR, watched=ALL)
    street.watch(20.0)

    street.box = None
    street.watch(RestOptions().look_again_s + 4.0)

    assert street.tracks == ()


def test_what_moved_and_could_not_be_looked_at_is_not_said_to_be_there() -> None:
    street = Street(Label.CAR, watched=ALL)
    street.watch(20.0)
    street.unseen.clear()

    street.watch(0.2, moves=(PLACE,), refused=True)
    street.watch(1.0, refused=True)

    assert len(street.unseen) == 6


def test_after_it_was_disturbed_a_parked_car_rests_again() -> None:
    street = Street(Label.CAR)
    street.watch(20.0)
    street.watch(1.0, moves=(PLACE,))
    street.looks.clear()

    street.watch(10.0)

    assert street.looks == []


def test_a_car_in_a_slow_queue_does_not_rest() -> None:
    street = Street(Label.CAR)
    for n in range(30):
        street.box = PLACE.moved(0.015 * n, 0.0)
        street.watch(1.0)
    street.looks.clear()

    street.box = PLACE.moved(0.015 * 30, 0.0)
    expected = street.tracker.expected(street.now + 1.0)

    assert [one.is_due for one in expected] == [True]


def test_without_word_of_motion_nobody_is_believed_to_be_there() -> None:
    tracker = Tracker(TrackerOptions())
    for n in range(100):
        tracker.follow(n * FRAME_S, [Sighting(Label.CAR, 0.8, PLACE)], [PLACE])

    (track,) = tracker.follow(100 * FRAME_S, [], [])

    assert track.last_seen < 100 * FRAME_S


def test_over_a_gap_in_the_stream_no_parked_car_is_believed_in() -> None:
    street = Street(Label.CAR)
    street.watch(20.0)

    tracks = street.tracker.follow(street.now + 60.0, [], [], ())

    assert tracks == ()
