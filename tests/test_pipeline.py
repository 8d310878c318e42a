"""One camera's journey with the deciding stages real and the seeing ones told what to see."""

import json
from dataclasses import replace

from edge_agent.alerts.compose import Origin
from edge_agent.domain.alert import Alert
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Label, Severity
from edge_agent.domain.zone import Watch
from edge_agent.duty import Duty
from edge_agent.inference.options import MotionOptions
from edge_agent.pipeline import Pipeline
from edge_agent.rules.intrusion import Intrusion
from edge_agent.rules.options import IntrusionOptions
from edge_agent.video.masks import Masks
from tests.fakes.cameras import EVERYWHERE, ORIGIN, make_pipeline
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


def duty_of(*options: IntrusionOptions, origin: Origin = ORIGIN) -> Duty:
    return Duty(
        masks=Masks(),
        motion=MotionOptions(),
        watch=Watch(tuple((one.zone.outline, one.labels) for one in options)),
        labels=frozenset[Label]().union(*(one.labels for one in options)),
        rules={one: Intrusion(one) for one in options},
        origin=origin,
    )


def test_a_visit_goes_on_while_its_rule_is_as_it_was() -> None:
    pipeline = make_pipeline(FakeClock(), FakeMotion(), FakeObjects())
    before = watched(pipeline, 3.0)
    rule = IntrusionOptions(name="no-entry", zone=EVERYWHERE)
    another = replace(rule, name="also", patience_s=0.4)

    assert pipeline.take_on(duty_of(rule, another, origin=replace(ORIGIN, boot="b11t"))) == ()

    later = [
        alert
        for i in range(15, 200)
        for alert in pipeline.watch(grey_frame(i / 5, patch=PERSON)).alerts
    ]
    told = [json.loads(alert.body) for alert in later]
    assert {one["id"] for one in told if one["rule"] == "no-entry"} == {before[0].id}
    assert {one["clock"]["boot"] for one in told} == {"b11t"}
    assert {one["state"] for one in told if one["rule"] == "also"} == {"new", "update"}


def test_a_visit_ends_where_its_rule_is_another_or_gone() -> None:
    pipeline = make_pipeline(FakeClock(), FakeMotion(), FakeObjects())
    before = watched(pipeline, 3.0)
    other = IntrusionOptions(name="no-entry", zone=EVERYWHERE, severity=Severity.HIGH)

    ends = pipeline.take_on(duty_of(other))

    assert states(list(ends)) == ["end"]
    assert ends[0].id == before[0].id
    again = [
        alert
        for i in range(15, 30)
        for alert in pipeline.watch(grey_frame(i / 5, patch=PERSON)).alerts
    ]
    assert states(again) == ["new"]
    assert again[0].id != before[0].id
    assert states(list(pipeline.take_on(duty_of()))) == ["end"]


def test_what_is_masked_from_now_on_is_black_in_the_next_frame() -> None:
    pipeline = make_pipeline(FakeClock(), FakeMotion(), FakeObjects())
    watched(pipeline, 1.0)

    pipeline.take_on(replace(duty_of(), masks=Masks((EVERYWHERE,))))

    assert int(pipeline.watch(grey_frame(9.0, patch=PERSON)).frame.luma.max()) == 16
