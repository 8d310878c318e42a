"""How the teachers' opinions become visits."""

from pathlib import Path

import numpy as np

from bench.visits.clips import Clip
from bench.visits.opinions import Opinion
from bench.visits.truth import Truth, truth_from
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label
from training.objects.detections import Detections

LABELS = tuple(Label)
Seen = tuple[Label, float, Box]


def opinion(taken_at: float, *seen: Seen) -> Opinion:
    boxes = [(one.left, one.top, one.right, one.bottom) for _, _, one in seen]
    found = Detections(
        np.asarray(boxes, np.float32).reshape(-1, 4),
        np.asarray([score for _, score, _ in seen], np.float32),
        np.asarray([LABELS.index(label) for label, _, _ in seen], np.int64),
    )
    return Opinion(taken_at, found)


def told(said: list[Opinion], file: str = "street.mp4") -> Truth:
    """Return the truth of a clip in which the teachers saw this."""
    return truth_from(Clip("street", Path(file), chooses=True), said)


def at(x: float, label: Label = Label.PERSON, score: float = 0.8) -> Seen:
    return label, score, Box(x, 0.3, x + 0.06, 0.6)


def looks(count: int) -> list[float]:
    return [number / 5 for number in range(count)]


def test_who_walks_by_is_one_visit() -> None:
    found = told([opinion(time, at(0.1 + 0.02 * time)) for time in looks(25)])

    assert [(one.label, one.is_owed) for one in found.visits] == [(Label.PERSON, True)]
    assert found.visits[0].began_at == 0.0


def test_where_nobody_was_sure_for_a_moment_the_visit_goes_on() -> None:
    said = [opinion(time, *([] if 2.0 <= time < 2.6 else [at(0.1)])) for time in looks(25)]

    found = told(said)

    assert len(found.visits) == 1
    assert 2.2 in found.visits[0].boxes


def test_what_is_never_sure_is_a_doubt() -> None:
    found = told([opinion(time, at(0.1, score=0.3)) for time in looks(25)])

    assert found.visits == ()
    assert len(found.doubts[0.0]) == 1


def test_a_tripod_that_was_checked_by_eye_is_neither_visit_nor_doubt() -> None:
    tripod = (Label.PERSON, 0.7, Box(0.60, 0.58, 0.69, 0.84))

    found = told([opinion(time, tripod) for time in looks(25)], "vtest.avi")

    assert found.visits == ()
    assert found.doubts[0.0] == []


def test_a_van_of_two_names_is_one_visit() -> None:
    said = [
        opinion(time, at(0.1, Label.TRUCK, 0.8), at(0.101, Label.CAR, 0.7)) for time in looks(25)
    ]

    assert [one.label for one in told(said).visits] == [Label.TRUCK]
