"""What a camera says of itself, and what we make of it; time stands where a test puts it."""

from __future__ import annotations

from edge_agent.domain.sighting import State
from edge_agent.domain.trouble import Trouble, TroubleKind
from edge_agent.onvif.camera_word import LONGEST_MOTION_S, STEADY_S, CameraWord
from edge_agent.onvif.events import CameraEvent, EventKind, Operation


def event(
    kind: EventKind = EventKind.TAMPER,
    *,
    on: bool | None = True,
    operation: Operation = Operation.CHANGED,
    key: str = "a",
) -> CameraEvent:
    return CameraEvent(
        kind=kind, source="", key=key, is_active=on, operation=operation, camera_wall=5.0
    )


class Story:
    """Plays events and keeps what was told, as (seconds, kind, state)."""

    def __init__(self) -> None:
        self.word = CameraWord()
        self.told: list[tuple[float, Trouble]] = []
        self.now = 0.0

    def at(self, now: float, *events: CameraEvent) -> Story:
        """Judge twice a second up to then, then take the events in and judge."""
        while self.now < now:
            self.now = min(now, self.now + 0.5)
            self._judge()
        for each in events:
            self.word.take(each, now)
        self._judge()
        return self

    def _judge(self) -> None:
        self.told += [(self.now, each) for each in self.word.judge(self.now)]

    @property
    def states(self) -> list[tuple[float, State]]:
        return [(at, trouble.state) for at, trouble in self.told]


def test_a_covered_lens_is_told_at_once_and_its_end_when_it_holds() -> None:
    story = Story().at(10.0, event()).at(70.0, event(on=False)).at(200.0)

    assert story.states == [(10.0, State.NEW), (70.0 + STEADY_S, State.END)]
    end = story.told[1][1]
    assert (end.kind, end.number, end.lasted_s, end.ago_s) == (
        TroubleKind.TAMPER,
        1,
        60.0,
        STEADY_S,
    )
    assert end.camera_wall == 5.0


def test_how_things_stand_at_the_beginning_is_no_news() -> None:
    story = Story().at(1.0, event(operation=Operation.INITIALIZED)).at(60.0)

    assert story.states == []
    assert story.word.standing(60.0) == "tamper"


def standing(*, on: bool, key: str = "a") -> CameraEvent:
    return event(on=on, operation=Operation.INITIALIZED, key=key)


def test_a_lens_that_was_covered_while_nobody_listened_is_told() -> None:
    story = Story().at(1.0, event(on=False)).at(300.0, standing(on=True)).at(400.0)

    assert story.states == [(300.0, State.NEW)]


def test_a_lens_that_was_free_when_we_came_and_covered_in_a_gap_is_told() -> None:
    story = Story().at(1.0, standing(on=False)).at(300.0, standing(on=True))

    assert story.states == [(300.0, State.NEW)]


def test_covered_in_a_gap_is_told_once_however_often_it_is_listened_anew() -> None:
    story = Story().at(1.0, standing(on=False))
    for second in (300.0, 600.0, 700.0):
        story.at(second, standing(on=True))

    assert story.states == [(300.0, State.NEW)]


def test_that_one_lens_was_free_says_nothing_of_another() -> None:
    story = Story().at(1.0, standing(on=False)).at(300.0, standing(on=True, key="b"))

    assert story.states == []


def test_a_lens_that_was_free_is_remembered_beside_any_number_of_motion_rules() -> None:
    story = Story().at(1.0, standing(on=False))
    story.at(2.0, *(event(EventKind.MOTION, on=False, key=str(n)) for n in range(200)))

    story.at(300.0, standing(on=True))

    assert story.states == [(300.0, State.NEW)]


def test_a_rule_that_was_deleted_and_is_set_up_anew_begins_anew() -> None:
    deleted = event(on=False, operation=Operation.DELETED)

    story = Story().at(1.0, event(on=False)).at(2.0, deleted).at(300.0, standing(on=True))

    assert story.states == []


def test_covered_and_free_again_between_two_looks_is_told() -> None:
    story = Story().at(1.0, event(), event(on=False)).at(60.0)

    assert story.states == [(1.0, State.NEW), (1.0 + STEADY_S, State.END)]


def test_a_lens_that_was_covered_before_is_told_when_the_camera_says_so_anew() -> None:
    story = Story().at(1.0, event(operation=Operation.INITIALIZED)).at(60.0, event())

    assert story.states == [(60.0, State.NEW)]


def test_two_words_within_a_second_are_one() -> None:
    story = Story().at(1.0, event(), event(on=False), event()).at(1.5, event())

    assert story.states == [(1.0, State.NEW)]


def test_a_tamper_that_flaps_is_one() -> None:
    story = Story()
    for second in range(0, 120, 10):
        story.at(second, event()).at(second + 5, event(on=False))
    story.at(300.0)

    assert [state for _, state in story.states] == [State.NEW, State.END]


def test_a_camera_that_never_says_off_is_believed_for_ten_minutes() -> None:
    story = Story().at(0.0, event()).at(2000.0)

    assert story.states == [(0.0, State.NEW), (600.0 + STEADY_S - 0.5, State.END)]


def test_each_word_begins_the_ten_minutes_anew() -> None:
    story = Story().at(0.0, event()).at(500.0, event()).at(1000.0)

    assert story.states == [(0.0, State.NEW)]


def test_after_its_end_the_next_word_is_a_new_trouble() -> None:
    story = Story().at(0.0, event()).at(1000.0, event())

    assert [trouble.number for _, trouble in story.told] == [1, 1, 2]


def test_a_camera_that_does_say_off_may_stay_covered_for_hours() -> None:
    story = Story().at(0.0, event()).at(5.0, event(on=False)).at(100.0, event()).at(5000.0)

    assert [state for _, state in story.states] == [State.NEW, State.END, State.NEW]


def test_a_reconnection_in_the_middle_changes_nothing() -> None:
    standing = event(operation=Operation.INITIALIZED)

    story = Story().at(0.0, event()).at(300.0, standing).at(800.0)

    assert story.states == [(0.0, State.NEW)]


def test_an_end_that_was_missed_is_learned_from_how_things_stand() -> None:
    over = event(on=False, operation=Operation.INITIALIZED)

    story = Story().at(0.0, event()).at(60.0, over).at(200.0)

    assert [state for _, state in story.states] == [State.NEW, State.END]


def test_a_rule_that_is_deleted_is_over() -> None:
    story = Story().at(0.0, event()).at(9.0, event(operation=Operation.DELETED)).at(60.0)

    assert [state for _, state in story.states] == [State.NEW, State.END]


def test_video_loss_and_tamper_are_two_troubles() -> None:
    story = Story().at(0.0, event(), event(EventKind.VIDEO_LOSS, key="b"))

    assert [trouble.kind for _, trouble in story.told] == [
        TroubleKind.TAMPER,
        TroubleKind.VIDEO_LOSS,
    ]


def test_a_stop_ends_what_is_open() -> None:
    word = CameraWord()
    word.take(event(), 0.0)
    word.judge(0.0)

    assert [trouble.state for trouble in word.finish(4.0)] == [State.END]
    assert word.finish(5.0) == []


def test_motion_wakes_until_it_is_over() -> None:
    word = CameraWord()
    word.take(event(EventKind.MOTION), 0.0)
    assert word.is_waking(29.0)

    word.take(event(EventKind.MOTION, on=False), 29.5)

    assert not word.is_waking(29.5)


def test_motion_without_an_end_wakes_for_half_a_minute() -> None:
    word = CameraWord()

    word.take(event(EventKind.MOTION), 0.0)

    assert word.is_waking(29.9)
    assert not word.is_waking(30.0)


def test_motion_that_never_ends_wakes_nobody_for_ever() -> None:
    word = CameraWord()
    for second in range(0, 2000, 10):
        word.take(event(EventKind.MOTION), float(second))
        word.judge(float(second))

    assert LONGEST_MOTION_S < 2000
    assert not word.is_waking(2000.0)


def test_motion_that_stood_there_before_wakes_nobody() -> None:
    word = CameraWord()

    word.take(event(EventKind.MOTION, operation=Operation.INITIALIZED), 0.0)

    assert not word.is_waking(1.0)


def test_a_line_that_was_crossed_wakes_for_a_moment() -> None:
    word = CameraWord()

    word.take(event(EventKind.MOTION, on=None), 0.0)

    assert word.is_waking(3.0)
    assert not word.is_waking(5.0)


def test_a_door_contact_wakes_and_is_no_trouble() -> None:
    word = CameraWord()

    word.take(event(EventKind.DIGITAL_INPUT), 0.0)

    assert word.is_waking(1.0)
    assert word.judge(1.0) == []


def test_a_trouble_that_was_taken_in_and_never_judged_is_told_at_the_stop() -> None:
    word = CameraWord()
    word.take(event(), 0.0)

    assert [trouble.state for trouble in word.finish(4.0)] == [State.NEW, State.END]


def test_a_camera_that_invents_names_fills_nothing() -> None:
    word = CameraWord()

    for number in range(1000):
        word.take(event(EventKind.OTHER, key=str(number)), 0.0)
        word.take(event(EventKind.MOTION, key=str(number)), 0.0)
        word.take(event(EventKind.TAMPER, on=False, key=f"{number} over"), 0.0)

    assert len(word._active) == len(word._off) == 64
