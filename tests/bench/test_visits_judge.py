"""What the bench of visits calls found, missed, false and told again."""

from pathlib import Path

from bench.visits.choice import choose
from bench.visits.clips import Clip
from bench.visits.judge import GROUPS, Tally, judge
from bench.visits.truth import Truth, Visit
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Scene, Track

CLIP = Clip("street", Path("street.mp4"), chooses=True)
TIMES = tuple(number / 5 for number in range(51))
GATE, BENCH = Box(0.1, 0.2, 0.2, 0.6), Box(0.7, 0.2, 0.8, 0.6)


def truth(*visits: Visit, doubts: Box | None = None) -> Truth:
    said = [(Label.PERSON, doubts)] if doubts else []
    return Truth(CLIP, TIMES, visits, dict.fromkeys(TIMES, said))


def visit(box: Box, label: Label = Label.PERSON) -> Visit:
    return Visit(label, dict.fromkeys(TIMES, box))


def scenes(*tracks: tuple[int, Label, Box, float, float]) -> list[Scene]:
    """Scenes of confirmed tracks: number, label, place, from when, till when."""
    return [
        Scene(
            taken_at,
            tuple(
                Track(
                    id=number,
                    label=label,
                    score=0.8,
                    box=box,
                    first_seen=begins,
                    last_seen=taken_at,
                    is_confirmed=True,
                )
                for number, label, box, begins, ends in tracks
                if begins <= taken_at <= ends
            ),
        )
        for taken_at in TIMES
    ]


def test_who_is_followed_under_a_right_name_is_found() -> None:
    tally = judge(truth(visit(GATE)), scenes((1, Label.PERSON, GATE, 0.4, 10.0)))["person"]

    assert (tally.owed, tally.found, tally.mistakes) == (1, 1, 0)
    assert tally.late_s == [0.4]


def test_a_glimpse_shorter_than_a_rule_waits_is_no_find() -> None:
    tally = judge(truth(visit(GATE)), scenes((1, Label.PERSON, GATE, 2.0, 2.6)))["person"]

    assert (tally.owed, tally.found) == (1, 0)


def test_a_track_of_nobody_is_false() -> None:
    tally = judge(truth(visit(GATE)), scenes((1, Label.PERSON, BENCH, 0.0, 10.0)))["person"]

    assert (tally.tracks, tally.false, tally.mistakes) == (1, 1, 2)


def test_where_the_teachers_doubt_nobody_is_judged() -> None:
    doubtful = truth(doubts=BENCH)

    tally = judge(doubtful, scenes((1, Label.PERSON, BENCH, 0.0, 10.0)))["person"]

    assert (tally.tracks, tally.false) == (0, 0)


def test_a_second_track_on_one_visit_is_told_again() -> None:
    split = scenes((1, Label.PERSON, GATE, 0.0, 4.0), (2, Label.PERSON, GATE, 4.2, 10.0))

    tally = judge(truth(visit(GATE)), split)["person"]

    assert (tally.found, tally.again, tally.mistakes) == (1, 1, 1)


def test_a_person_called_a_car_is_missed_and_misnamed() -> None:
    tallies = judge(truth(visit(GATE)), scenes((1, Label.CAR, GATE, 0.0, 10.0)))

    assert tallies["person"].found == 0
    assert tallies["vehicle"].misnamed == 1


def test_a_van_called_a_truck_is_found() -> None:
    van = truth(visit(GATE, Label.CAR))

    tally = judge(van, scenes((1, Label.TRUCK, GATE, 0.0, 10.0)))["vehicle"]

    assert (tally.found, tally.mistakes) == (1, 0)


def tallies(missed: int, owed: int = 20) -> dict[str, Tally]:
    everybody = {group: Tally() for group in GROUPS}
    everybody["person"] = Tally(owed=owed, found=owed - missed)
    return everybody


PHOTOS = dict.fromkeys(Label, 0.6)


def test_the_score_with_the_fewest_mistakes_is_chosen() -> None:
    choice = choose({0.3: tallies(4), 0.4: tallies(1), 0.5: tallies(3)}, PHOTOS)

    assert choice.scores[Label.PERSON] == 0.4


def test_of_two_equally_good_scores_the_higher_is_chosen() -> None:
    choice = choose({0.3: tallies(4), 0.4: tallies(1), 0.5: tallies(1)}, PHOTOS)

    assert choice.scores[Label.PERSON] == 0.5


def test_photos_forbid_a_score_above_their_own() -> None:
    choice = choose({0.3: tallies(4), 0.8: tallies(1)}, PHOTOS)

    assert choice.scores[Label.PERSON] == 0.6


def test_labels_that_the_clips_hardly_show_are_left_to_the_photos() -> None:
    choice = choose({0.3: tallies(0, owed=2), 0.8: tallies(1, owed=2)}, PHOTOS)

    assert choice.by_clips == {}
    assert choice.scores[Label.PERSON] == 0.6


def test_a_card_names_only_the_labels_that_differ() -> None:
    photos = {**PHOTOS, Label.BUS: 0.5}

    choice = choose({0.4: tallies(0), 0.5: tallies(3)}, photos)

    assert choice.card_lines().splitlines() == [
        "score = 0.4",
        "",
        "[thresholds.labels]",
        "two_wheeler = 0.6",
        "car = 0.6",
        "bus = 0.5",
        "truck = 0.6",
        "garbage = 0.6",
    ]
