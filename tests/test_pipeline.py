"""One camera's journey with the deciding stages real and the seeing ones told what to see."""

import json

from edge_agent.domain.alert import Alert
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label
from edge_agent.pipeline import Pipeline
from tests.fakes.cameras import make_pipeline
from tests.fakes.clock import FakeClock
from tests.fakes.frames import grey_frame
from tests.fakes.stages import PERSON, FakeMotion, FakeObjects


def states(alerts: list[Alert]) -> list[str]:
    return [json.loads(alert.body)["state"] for alert in alerts]


def watched(pipeline: Pipeline, seconds: float, per_second: int = 5) -> list[Alert]:
    alerts: list[Alert] = []
    for i in range(round(seconds * per_second)):
        alerts += pipeline.watch(grey_frame(i / per_second, patch=PERSON)).alerts
    return alerts


def test_a_visit_becomes_a_new_alert_with_a_picture_and_an_end() -> None:
    objects = FakeObjects(lambda taken_at: PERSON if taken_at < 4.0 else None)

    alerts = watched(make_pipeline(FakeClock(), FakeMotion(), objects), 12.0)

    assert states(alerts) == ["new", "end"]
    assert alerts[0].thumbnail.startswith(b"\xff\xd8")
    assert alerts[0].id == alerts[1].id


def test_a_plastic_bag_in_the_wind_is_no_alert() -> None:
    nothing = FakeObjects(lambda _: None)

    assert watched(make_pipeline(FakeClock(), FakeMotion(), nothing), 60.0) == []
    assert nothing.looks


def test_an_empty_street_costs_no_inference() -> None:
    nothing = FakeObjects(lambda _: None)

    watched(make_pipeline(FakeClock(), FakeMotion(areas=()), nothing), 29.0)

    assert [taken_at for taken_at, _ in nothing.looks] == [0.0]


def test_the_person_who_loiters_is_the_one_who_does_not_move() -> None:
    still = FakeObjects()

    alerts = watched(make_pipeline(FakeClock(), FakeMotion(areas=()), still, patience_s=20.0), 25.0)

    assert states(alerts) == ["new"]


def test_who_stood_there_before_we_came_is_found_by_the_sweep() -> None:
    came_unseen = FakeObjects(lambda taken_at: PERSON if taken_at > 10.0 else None)

    alerts = watched(make_pipeline(FakeClock(), FakeMotion(areas=()), came_unseen), 35.0)

    assert states(alerts) == ["new"]


def test_where_it_moves_is_where_the_model_looks() -> None:
    corner = Box(0.9, 0.9, 1.0, 1.0)
    nothing = FakeObjects(lambda _: None)

    watched(make_pipeline(FakeClock(), FakeMotion(areas=(corner,)), nothing), 1.0)

    assert all(
        any(crop.shared(corner) > corner.area * 0.9 for crop in crops) for _, crops in nothing.looks
    )


def parked(seconds: float, motion: FakeMotion) -> tuple[int, list[Alert]]:
    """Show one car that stands in a zone for cars; return how often it was looked at."""
    objects, alerts = FakeObjects(label=Label.CAR), []
    pipeline = make_pipeline(FakeClock(), motion, objects, label=Label.CAR)
    for i in range(round(seconds * 5)):
        alerts += pipeline.watch(grey_frame(i / 5, patch=PERSON)).alerts
    return len(objects.looks), alerts


def test_a_parked_car_costs_few_looks_and_its_visit_goes_on() -> None:
    looks, alerts = parked(100.0, FakeMotion(areas=()))

    assert states(alerts) == ["new", "update", "update", "update"]
    assert looks <= 35


def test_a_car_that_something_moves_around_is_looked_at_all_the_time() -> None:
    looks, _ = parked(100.0, FakeMotion())

    assert looks >= 495
