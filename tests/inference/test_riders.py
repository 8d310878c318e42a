from __future__ import annotations

from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Sighting
from edge_agent.inference.riders import without_riders

MOTORCYCLE = Sighting(Label.TWO_WHEELER, 0.8, Box(0.3, 0.4, 0.6, 0.8))


def test_who_sits_on_a_motorcycle_is_part_of_it() -> None:
    rider = Sighting(Label.PERSON, 0.9, Box(0.4, 0.3, 0.5, 0.7))

    assert without_riders([rider, MOTORCYCLE]) == [MOTORCYCLE]


def test_who_walks_past_a_parked_motorcycle_stays_a_person() -> None:
    # Taller than the motorcycle: half of the walker is above it.
    walker = Sighting(Label.PERSON, 0.9, Box(0.4, 0.0, 0.5, 0.8))

    assert without_riders([walker, MOTORCYCLE]) == [walker, MOTORCYCLE]


def test_a_ghost_of_a_bicycle_swallows_nobody() -> None:
    ghost = Sighting(Label.TWO_WHEELER, 0.3, MOTORCYCLE.box)
    person = Sighting(Label.PERSON, 0.9, Box(0.4, 0.45, 0.5, 0.75))

    assert without_riders([person, ghost]) == [person, ghost]


def test_a_person_in_a_car_is_not_a_rider() -> None:
    car = Sighting(Label.CAR, 0.9, MOTORCYCLE.box)
    driver = Sighting(Label.PERSON, 0.9, Box(0.4, 0.45, 0.5, 0.75))

    assert without_riders([driver, car]) == [driver, car]
