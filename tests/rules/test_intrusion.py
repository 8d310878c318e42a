from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.geometry import Box, Point, Polygon
from edge_agent.domain.sighting import Finding, Label, Scene, State, Track
from edge_agent.domain.zone import Zone
from edge_agent.rules.intrusion import Intrusion
from edge_agent.rules.options import IntrusionOptions

LOWER_HALF = Zone("carriageway", Polygon((Point(0, 0.5), Point(1, 0.5), Point(1, 1), Point(0, 1))))
OPTIONS = IntrusionOptions(name="no-entry", zone=LOWER_HALF, patience_s=2.0)


def someone(
    taken_at: float,
    *,
    foot: float = 0.8,
    number: int = 1,
    first_seen: float = 0.0,
    label: Label = Label.PERSON,
    is_confirmed: bool = True,
) -> Track:
    return Track(
        id=number,
        label=label,
        score=0.8,
        box=Box(0.4, foot - 0.2, 0.5, foot),
        first_seen=first_seen,
        last_seen=taken_at,
        is_confirmed=is_confirmed,
    )


def judged(rule: Intrusion, scenes: Iterable[Scene]) -> list[Finding]:
    return [finding for scene in scenes for finding in rule.judge(scene)]


def standing(times: Iterable[float], **about: float | Label | bool) -> list[Scene]:
    return [Scene(time, (someone(time, **about),)) for time in times]  # type: ignore[arg-type]


def fifths(begin: float, end: float) -> list[float]:
    return [i / 5 for i in range(round(begin * 5), round(end * 5) + 1)]


def test_who_stays_too_long_is_reported_once() -> None:
    found = judged(Intrusion(OPTIONS), standing(fifths(0, 10)))

    assert [finding.state for finding in found] == [State.NEW]
    assert found[0].lasted_s == pytest.approx(2.0)
    assert (found[0].rule, found[0].zone, found[0].kind) == ("no-entry", "carriageway", "intrusion")


def test_who_was_lost_meanwhile_was_not_inside() -> None:
    patient = Intrusion(replace(OPTIONS, patience_s=60.0, absence_s=600.0))
    scenes = standing(fifths(0, 5)) + [Scene(time, ()) for time in fifths(6, 80)]

    again = {"number": 2, "first_seen": 81.0}
    assert judged(patient, [*scenes, *standing(fifths(81, 130), **again)]) == []

    (told,) = judged(patient, standing(fifths(131, 140), **again))
    assert told.state is State.NEW


def test_who_is_followed_all_along_was_inside_however_rarely_they_were_seen() -> None:
    patient = Intrusion(replace(OPTIONS, patience_s=60.0, absence_s=600.0))

    (told,) = judged(patient, standing(range(0, 70, 7)))

    assert told.lasted_s == 63.0


def test_a_short_step_into_the_zone_is_no_matter() -> None:
    scenes = standing(fifths(0, 1.8)) + [Scene(time, ()) for time in fifths(2, 20)]

    assert judged(Intrusion(OPTIONS), scenes) == []


def test_who_stands_outside_is_not_reported() -> None:
    assert judged(Intrusion(OPTIONS), standing(fifths(0, 10), foot=0.45)) == []


def test_a_dog_may_stay() -> None:
    assert judged(Intrusion(OPTIONS), standing(fifths(0, 10), label=Label.CAR)) == []


def test_what_is_not_confirmed_is_not_reported() -> None:
    assert judged(Intrusion(OPTIONS), standing(fifths(0, 10), is_confirmed=False)) == []


def test_the_end_is_told_after_the_absence() -> None:
    scenes = standing(fifths(0, 4)) + [Scene(time, ()) for time in fifths(4.2, 10)]

    found = judged(Intrusion(OPTIONS), scenes)

    assert [finding.state for finding in found] == [State.NEW, State.END]
    assert found[0].visit == found[1].visit
    assert found[1].lasted_s == pytest.approx(4.0)


def test_a_long_visit_is_told_again_each_half_minute() -> None:
    found = judged(Intrusion(OPTIONS), standing(fifths(0, 70)))

    assert [finding.state for finding in found] == [State.NEW, State.UPDATE, State.UPDATE]


def test_a_person_hidden_for_a_moment_is_still_the_same_visitor() -> None:
    scenes = [
        *standing(fifths(0, 3)),
        *(Scene(time, ()) for time in fifths(3.2, 5.6)),
        *standing(fifths(5.8, 9), number=7, first_seen=5.8),
    ]

    found = judged(Intrusion(OPTIONS), scenes)

    assert [finding.state for finding in found] == [State.NEW]


def test_two_people_are_two_visits() -> None:
    def far_away(time: float) -> Track:
        there = Box(0.8, 0.6, 0.9, 0.9)
        track = someone(time, number=2)
        return Track(
            id=2,
            label=track.label,
            score=track.score,
            box=there,
            first_seen=0.0,
            last_seen=time,
            is_confirmed=True,
        )

    found = judged(Intrusion(OPTIONS), [Scene(t, (someone(t), far_away(t))) for t in fifths(0, 5)])

    assert sorted(finding.visit for finding in found) == [1, 2]


def test_a_camera_that_stalls_has_not_shown_anybody_standing_there() -> None:
    scenes = [*standing([0.0, 0.2, 0.4]), *standing([60.0, 60.2, 60.4])]

    assert judged(Intrusion(OPTIONS), scenes) == []


@given(st.lists(st.floats(0.05, OPTIONS.absence_s - 0.1), min_size=1, max_size=60))
def test_however_frames_are_spaced_a_visit_is_reported_at_most_once(gaps: list[float]) -> None:
    times = [sum(gaps[: i + 1]) for i in range(len(gaps))]

    found = judged(Intrusion(OPTIONS), standing(times))

    assert [finding.state for finding in found].count(State.NEW) == (
        1 if times[-1] - times[0] >= OPTIONS.patience_s else 0
    )


def test_when_we_stop_every_told_visit_ends_once() -> None:
    rule = Intrusion(OPTIONS)
    judged(rule, standing(fifths(0, 5)))

    assert [finding.state for finding in rule.finish()] == [State.END]
    assert rule.finish() == []


def test_when_we_stop_an_untold_visit_stays_untold() -> None:
    rule = Intrusion(OPTIONS)
    judged(rule, standing(fifths(0, 1)))

    assert rule.finish() == []
