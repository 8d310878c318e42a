from __future__ import annotations

import numpy as np
import pytest

from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.objects import Detector
from edge_agent.inference.slots import Slot
from tests.fakes.network import FakeNetwork
from tests.inference.heads import INPUT, Thing, card, outputs, slots
from tests.inference.pictures import frame_of, grey_frame

WHOLE = Box(0.0, 0.0, 1.0, 1.0)
# At stride 8: 2 cells to each side of the middle of cell (10, 20).
PERSON = Thing(8, 10, 20, (2, 2, 2, 2))


def network(*answers: list[Thing]) -> FakeNetwork:
    return FakeNetwork([INPUT], slots(), *(outputs(things) for things in answers))


def street(width: int = 640, height: int = 640) -> np.ndarray:
    return np.full((height, width, 3), 90, np.uint8)


def fractions(pixels: tuple[float, ...], width: float, height: float) -> list[float]:
    return [pixels[0] / width, pixels[1] / height, pixels[2] / width, pixels[3] / height]


def corners(box: Box) -> list[float]:
    return [box.left, box.top, box.right, box.bottom]


def test_without_a_crop_nothing_is_looked_at() -> None:
    net = network([PERSON])

    assert Detector(card(), net).look(frame_of(street()), []) == []
    assert not net.pictures


def test_a_box_in_a_crop_is_told_in_fractions_of_the_frame() -> None:
    crop = Box(0.5, 0.25, 1.0, 0.75)

    sightings = Detector(card(), network([PERSON])).look(frame_of(street()), [crop])

    left, top, right, bottom = PERSON.pixels
    expected = fractions((320 + left, 160 + top, 320 + right, 160 + bottom), 640, 640)
    assert [sighting.label for sighting in sightings] == [Label.PERSON]
    assert corners(sightings[0].box) == pytest.approx(expected, abs=1e-5)
    assert sightings[0].score == pytest.approx(1 / (1 + np.exp(-3)), abs=1e-3)


def test_a_whole_wide_frame_keeps_its_pixels_square() -> None:
    net = network([PERSON])

    sightings = Detector(card(), net).look(frame_of(street(640, 360)), [WHOLE])

    expected = fractions(PERSON.pixels, 320, 180)
    clipped = [min(1.0, corner) for corner in expected]
    assert corners(sightings[0].box) == pytest.approx(clipped, abs=1e-5)
    # Below the picture there is grey 114: raw 114 - 128.
    assert (net.pictures[0][0, 180:] == 114 - 128).all()
    assert (abs(net.pictures[0][0, :180] - (90 - 128)) <= 1).all()


@pytest.mark.parametrize(("channels", "red_at"), [("rgb", 0), ("bgr", 2)])
def test_red_goes_where_the_card_wants_it(channels: str, red_at: int) -> None:
    picture = street(320, 320)
    picture[:] = (0, 0, 230)
    net = network([])

    Detector(card(channels=channels), net).look(frame_of(picture), [WHOLE])

    pixel = net.pictures[0][0, 100, 100].astype(int) + 128
    assert pixel[red_at] > 180
    assert pixel[2 - red_at] < 60


def test_an_object_in_two_crops_is_reported_once() -> None:
    # The same place in the frame: 160 pixels further left in the second crop.
    here, there = Thing(8, 30, 20, (2, 3, 2, 3)), Thing(8, 10, 20, (2, 3, 2, 3), logit=4.0)
    crops = [Box(0, 0, 0.5, 0.5), Box(0.25, 0, 0.75, 0.5)]

    sightings = Detector(card(), network([here], [there])).look(frame_of(street()), crops)

    assert [sighting.score for sighting in sightings] == [pytest.approx(1 / (1 + np.exp(-4)), 1e-3)]


def test_a_person_cut_by_a_crop_gives_way_to_the_whole_one() -> None:
    # Ends at the right edge of the first crop; the second crop shows all of it, less surely.
    cut = Thing(8, 37, 20, (2, 4, 2.5, 4), logit=5.0)
    whole = Thing(8, 18, 20, (3, 4, 6, 4), logit=2.0)
    crops = [Box(0, 0, 0.5, 0.5), Box(0.25, 0, 0.75, 0.5)]

    sightings = Detector(card(), network([cut], [whole])).look(frame_of(street()), crops)

    assert len(sightings) == 1
    assert sightings[0].box.width == pytest.approx(72 / 640, abs=1e-3)


def test_a_person_at_the_edge_of_the_frame_is_not_cut_by_a_crop() -> None:
    at_edge = Thing(8, 0, 20, (0.5, 4, 3, 4))
    crops = [Box(0, 0, 0.5, 0.5), Box(0, 0.25, 0.5, 0.75)]
    larger = Thing(8, 2, 0, (2.5, 0.5, 5, 10), logit=2.0)

    sightings = Detector(card(), network([at_edge], [larger])).look(frame_of(street()), crops)

    assert any(sighting.box.left == 0 and sighting.score > 0.9 for sighting in sightings)


def test_a_rider_is_part_of_the_motorcycle() -> None:
    motorcycle = Thing(16, 10, 10, (3, 3, 3, 3), Label.TWO_WHEELER)
    rider = Thing(8, 20, 19, (2, 4, 2, 4))

    sightings = Detector(card(), network([motorcycle, rider])).look(frame_of(street()), [WHOLE])

    assert [sighting.label for sighting in sightings] == [Label.TWO_WHEELER]


def test_a_frame_of_odd_size_is_no_trouble() -> None:
    frame = grey_frame(np.full((241, 323), 90, np.uint8))

    sightings = Detector(card(), network([PERSON])).look(frame, [WHOLE])

    assert len(sightings) == 1


def test_an_alert_can_name_the_model() -> None:
    facts = Detector(card(), network([])).model

    assert (facts.name, facts.version, facts.sha256) == ("made-up", "1.2.3", "ab" * 32)


def test_weights_of_another_input_size_are_refused() -> None:
    small = Slot((1, 224, 224, 3), np.dtype(np.int8), 1 / 255, -128)

    with pytest.raises(EdgeAgentError, match="takes 1x224x224x3, the card says 1x320x320x3"):
        Detector(card(), FakeNetwork([small], slots()))


def test_weights_of_two_inputs_are_refused() -> None:
    with pytest.raises(EdgeAgentError, match="takes 1x320x320x3, 1x320x320x3"):
        Detector(card(), FakeNetwork([INPUT, INPUT], slots()))
