"""Tracker and rule together: what the center is told of a visit that the model half sees."""

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.domain.geometry import Box, Point, Polygon
from edge_agent.domain.sighting import Label, Scene, Sighting, State
from edge_agent.domain.zone import Zone
from edge_agent.rules.intrusion import Intrusion
from edge_agent.rules.options import IntrusionOptions
from edge_agent.tracking.belief import BeliefOptions
from edge_agent.tracking.tracker import Tracker, TrackerOptions

WHOLE = [Box(0, 0, 1, 1)]
YARD = Zone("yard", Polygon((Point(0, 0), Point(1, 0), Point(1, 1), Point(0, 1))))
LOOKS_PER_S = 5
# Each example is a minute of looks.
FEW = settings(max_examples=20, deadline=None)
SCORE = 0.5
# One look after another: what was seen in each.
Looks = Sequence[Sequence[Sighting]]


def told(looks: Looks, labels: frozenset[Label] = frozenset({Label.PERSON})) -> int:
    """Return how many visits the center hears of."""
    tracker = Tracker(TrackerOptions(belief=BeliefOptions(score=SCORE)))
    rule = Intrusion(IntrusionOptions(name="yard", zone=YARD, labels=labels))
    new = 0
    for number, sightings in enumerate(looks):
        taken_at = number / LOOKS_PER_S
        scene = Scene(taken_at, tracker.follow(taken_at, sightings, WHOLE))
        new += sum(finding.state is State.NEW for finding in rule.judge(scene))
    return new


def person(score: float, x: float = 0.4) -> Sighting:
    return Sighting(Label.PERSON, score, Box(x, 0.3, x + 0.05, 0.6))


def seconds(length_s: float) -> range:
    return range(int(length_s * LOOKS_PER_S))


@FEW
@given(st.integers(0, 49), st.floats(0.5, 1.0))
def test_one_false_frame_tells_nobody(when: int, score: float) -> None:
    looks = [[person(score)] if number == when else [] for number in seconds(10)]

    assert told(looks) == 0


@FEW
@given(st.floats(0.0, 1.0), st.integers(0, 2**16))
def test_false_frames_far_apart_tell_nobody(score: float, seed: int) -> None:
    source = random.Random(seed)
    looks: list[list[Sighting]] = []
    while len(looks) < 150:
        looks.append([person(score)])
        looks += [[] for _ in range(source.randint(2, 9))]

    assert told(looks) == 0


@FEW
@given(st.integers(0, 2**16))
def test_who_flickers_around_the_score_is_told_once(seed: int) -> None:
    source = random.Random(seed)
    sure = [[person(0.6)] for _ in seconds(2)]
    flicker = [[person(source.uniform(0.36, 0.64))] for _ in seconds(30)]

    assert told([*sure, *flicker]) == 1


def test_who_is_missed_in_every_other_look_is_told_once() -> None:
    sure = [[person(0.6)] for _ in seconds(2)]
    flicker = [[person(0.6)] if number % 2 else [] for number in seconds(30)]

    assert told([*sure, *flicker]) == 1


@FEW
@given(st.integers(1, 10), st.integers(0, 3))
def test_a_person_hidden_for_up_to_two_seconds_is_the_same_visit(hidden: int, times: int) -> None:
    looks: list[list[Sighting]] = []
    for _ in range(times + 1):
        looks += [[person(0.7)] for _ in seconds(4)]
        looks += [[] for _ in range(hidden)]

    assert told(looks) == 1


def test_a_person_who_walks_behind_a_van_for_two_seconds_is_the_same_visit() -> None:
    walk = [[person(0.7, x=0.1 + 0.004 * number)] for number in seconds(12)]
    walk[20:30] = [[] for _ in range(10)]

    assert told(walk) == 1


def test_a_faint_second_box_begins_no_second_visit() -> None:
    looks = [[person(0.7), person(0.4, x=0.41)] for _ in seconds(10)]

    assert told(looks) == 1


def test_a_shadow_that_somebody_leaves_behind_does_not_join_two_visits() -> None:
    first = [[person(0.7)] for _ in seconds(4)]
    shadow = [[person(0.4)] for _ in seconds(6)]

    assert told([*first, *shadow, *first]) == 2


def test_who_is_faint_for_a_second_is_told_once() -> None:
    looks: list[list[Sighting]] = []
    for _ in range(5):
        looks += [[person(0.7)] for _ in seconds(2)] + [[person(0.4)] for _ in seconds(1)]

    assert told(looks) == 1


def test_a_rider_called_person_now_and_then_is_one_two_wheeler() -> None:
    ride = Sighting(Label.TWO_WHEELER, 0.7, Box(0.4, 0.3, 0.5, 0.6))
    rider = Sighting(Label.PERSON, 0.7, Box(0.42, 0.3, 0.49, 0.55))
    looks = [[rider] if number % 3 == 1 else [ride] for number in seconds(10)]

    assert told(looks) == 0
    assert told(looks, frozenset({Label.TWO_WHEELER})) == 1


def test_who_passes_a_parked_motorcycle_is_told_as_a_person() -> None:
    parked = Sighting(Label.TWO_WHEELER, 0.7, Box(0.40, 0.45, 0.52, 0.62))
    looks: list[list[Sighting]] = [[parked] for _ in seconds(4)]
    for number in seconds(6):
        x = 0.30 + 0.01 * number
        passer = Sighting(Label.PERSON, 0.8, Box(x, 0.28, x + 0.06, 0.63))
        # The machine is overlooked while somebody stands before it.
        looks.append([passer] if 0.38 < x < 0.5 else [passer, parked])

    assert told(looks) == 1
