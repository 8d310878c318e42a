"""Alerts in other people's formats, held against what those people wrote down."""

import json
import re

import pytest

from edge_agent.alerts.home_assistant import discovery_topic, sensor_name, write_discovery
from edge_agent.alerts.onvif_event import onvif_event, onvif_topic
from edge_agent.alerts.standing import Standing, Standings
from edge_agent.domain.alert import Alert
from edge_agent.domain.sighting import Severity

GATE = Standing(
    camera="gate",
    rule="intrusion-walkway",
    kind="intrusion",
    is_on=True,
    time="2026-11-18T11:15:17.200Z",
    track=41,
)


def _alert(visit: str, state: str, rule: str = "intrusion-walkway") -> Alert:
    told = {
        "type": "intrusion",
        "rule": rule,
        "state": state,
        "time": GATE.time,
        "objects": [{"track": 41}],
    }
    return Alert(
        id=visit,
        revision=0,
        camera="gate",
        severity=Severity.LOW,
        body=json.dumps(told).encode(),
        thumbnail=b"",
    )


def test_an_intrusion_is_the_event_that_an_onvif_camera_would_publish() -> None:
    # Core specification, "Event Broker": TopicPrefix/onvif-ej/LocalTopic/&SVALUE/SVALUE/SVALUE.
    assert onvif_topic(GATE) == (
        "RuleEngine/FieldDetector/ObjectsInside/&gate/edge-agent/intrusion-walkway"
    )
    assert json.loads(onvif_event(GATE)) == {
        "UtcTime": "2026-11-18T11:15:17.200Z",
        "Source": {
            "VideoSource": "gate",
            "AnalyticsConfiguration": "edge-agent",
            "Rule": "intrusion-walkway",
        },
        "Data": {"ObjectId": "41", "IsInside": True},
    }


def test_the_values_of_the_source_stand_in_the_topic_in_their_order() -> None:
    values = onvif_topic(GATE).partition("&")[2].split("/")

    assert values == list(json.loads(onvif_event(GATE))["Source"].values())


@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        ("tamper", "VideoSource/GlobalSceneChange/AnalyticsService/&gate"),
        ("video_loss", "VideoSource/SignalLoss/&gate"),
    ],
)
def test_what_a_camera_reports_of_itself_is_an_event_of_its_source(kind: str, topic: str) -> None:
    standing = Standing(camera="gate", rule=kind, kind=kind, is_on=True, time=GATE.time)

    assert onvif_topic(standing) == topic
    assert json.loads(onvif_event(standing))["Data"] == {"State": True}


def test_a_rule_cannot_break_out_of_its_topic() -> None:
    wild = Standing(camera="gate", rule="a/b+c#d", kind="intrusion")

    assert onvif_topic(wild).endswith("/&gate/edge-agent/abcd")
    assert re.fullmatch(r"gate\.a-b-c-d-[0-9a-f]{6}", sensor_name(wild))


def test_rules_that_differ_in_signs_only_are_two_sensors() -> None:
    rules = [("gate", rule) for rule in ("no entry", "no-entry", "no_entry", "No entry")]
    rules += [("gate", "a-b"), ("gate-a", "b"), ("gate", "tamper"), ("gate", "says-tamper")]
    standings = [Standing(camera=one, rule=rule, kind="intrusion") for one, rule in rules]
    standings.append(Standing(camera="gate", rule="tamper", kind="tamper"))

    assert len(set(map(sensor_name, standings))) == len(standings)
    assert len(Standings(tuple(standings)).all()) == len(standings)


def test_home_assistant_is_told_what_it_needs_to_make_a_device() -> None:
    told = json.loads(
        write_discovery(
            [GATE, Standing(camera="gate", rule="tamper", kind="tamper")],
            site="palembang",
            box="plaju-01",
            name="Simpang Plaju",
            status_topic="city/v1/palembang/plaju-01/up/status",
            state_topic=lambda sensor: f"here/{sensor}",
        )
    )

    assert discovery_topic("palembang", "plaju-01") == (
        "homeassistant/device/edge-agent-palembang-plaju-01/config"
    )
    assert told["device"]["identifiers"] == ["edge-agent-palembang-plaju-01"]
    assert told["origin"]["name"] == "edge-agent"
    assert told["components"]["gate.intrusion-walkway"] == {
        "platform": "binary_sensor",
        "name": "gate: intrusion-walkway",
        "unique_id": "edge-agent-palembang-plaju-01-gate.intrusion-walkway",
        "device_class": "occupancy",
        "state_topic": "here/gate.intrusion-walkway",
    }
    assert told["components"]["gate.says.tamper"]["device_class"] == "tamper"


def test_a_rule_stands_broken_until_the_last_visit_has_ended() -> None:
    standings = Standings((GATE,))

    steps = [("a", "new"), ("b", "new"), ("a", "end"), ("a", "end"), ("b", "update"), ("b", "end")]
    told = [standings.take(_alert(*step)) for step in steps]

    assert [one.is_on for one in told if one] == [True, True, True, True, True, False]
    assert standings.take(_alert("c", "new", rule="of another file")) is None
