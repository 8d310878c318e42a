"""Mirrors at a real broker: they show what stands, and no alert waits or is lost for them."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.alerts.options import MirrorOptions
from edge_agent.config.load import load_settings
from edge_agent.daemon.mirrors import Mirrors
from edge_agent.daemon.observer import Observer
from edge_agent.domain.alert import Alert
from edge_agent.domain.place import Place
from edge_agent.domain.sighting import Scene, Severity
from edge_agent.inference.motion import Motion
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.mqtt.topics import Topics
from edge_agent.pipeline import Seen
from edge_agent.runtime.clock import SystemClock
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.config.sites import SHORTEST, SHORTEST_CAMERA, ZONES, write_site
from tests.daemon.test_publish_loop import Publisher
from tests.fakes.frames import grey_frame
from tests.peers.listener import Heard, Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto

DISCOVERY = "homeassistant/device/edge-agent-kota-box-7/config"
INSIDE = "city/v1/kota/box-7/up/onvif-ej/RuleEngine/FieldDetector/ObjectsInside/&gate/edge-agent"
RULE = '[[rules]]\nkind = "intrusion"\nzone = "walkway"\nname = "rule-{}"\n'


class Box:
    """A publisher, and mirrors before its spool; the camera `gate` has some rules."""

    def __init__(self, folder: Path, url: str, rules: int, options: MirrorOptions) -> None:
        text = SHORTEST.replace("palembang", "kota").replace("plaju-01", "box-7")
        text = text.replace("mqtts://alerts.example", url).replace(
            "[broker]", "[broker]\ninsecure = true"
        )
        camera = SHORTEST_CAMERA + ZONES + "".join(RULE.format(n) for n in range(rules))
        settings = load_settings(write_site(folder, text, gate=camera))
        settings = replace(settings, mirrors=options, place=Place(name="Simpang Plaju"))
        self.settings = settings
        self.spool = open_spool(folder / "spool.db", SpoolOptions(size_mb=16))
        self.publisher = Publisher(self.spool, BrokerOptions(url=url, insecure=True))
        self.mirrors = Mirrors(settings, self.spool, self.publisher.loop.say, SystemClock())
        self.publisher.worker.start()

    def tell(self, visit: str, state: str, rule: str = "rule-0") -> None:
        told = {
            "id": visit,
            "type": "intrusion",
            "rule": rule,
            "state": state,
            "time": "2026-11-18T11:15:17.200Z",
        }
        body = json.dumps(told).encode()
        self.mirrors.append(
            Alert(
                id=visit,
                revision=0,
                camera="gate",
                severity=Severity.LOW,
                body=body,
                thumbnail=b"",
            )
        )
        self.publisher.loop.nudge()

    def connect(self) -> None:
        self.publisher.wait_until(lambda: self.publisher.loop.state().is_connected)
        self.supervise(1)

    def supervise(self, rounds: int) -> None:
        for _ in range(rounds):
            self.mirrors.turn(self.publisher.loop.state())
            self.publisher.wait_until(lambda: not self.publisher.loop._sayings._values)

    def close(self) -> None:
        self.publisher.stop()
        self.spool.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Box]]:
    with ExitStack() as running:

        def make(broker: Mosquitto, rules: int = 1, **options: bool) -> Box:
            box = Box(tmp_path, broker.url, rules, MirrorOptions(**options))
            running.callback(box.close)
            return box

        yield make


def _latest(listener: Listener, topic: str) -> Heard | None:
    return next((one for one in reversed(listener.heard) if one.topic == topic), None)


def _homes(listener: Listener) -> list[Heard]:
    return [one for one in listener.heard if "/up/home/" in one.topic]


def _inside(listener: Listener, rule: str = "rule-0") -> object:
    heard = _latest(listener, f"{INSIDE}/{rule}")
    return json.loads(heard.payload)["Data"]["IsInside"] if heard else None


def test_who_subscribes_late_hears_how_the_rules_stand(
    broker: Mosquitto, start: Callable[..., Box]
) -> None:
    box = start(broker, rules=2, onvif=True, home_assistant=True)
    with Listener(broker.port, name="center") as center:
        box.connect()
        box.tell("visit", "new")
        center.wait_for(lambda c: len(c.of("alert")) == 1 and len(c.of("home")) >= 3)

    with Listener(broker.port, wants="#", name="late") as late:
        late.wait_for(
            lambda c: (
                _latest(c, DISCOVERY) is not None
                and len(_homes(c)) == 2
                and _inside(c, "rule-1") is not None
            )
        )

        told = json.loads(_latest(late, DISCOVERY).payload)
        states = {
            name: _latest(late, sensor["state_topic"]).payload
            for name, sensor in told["components"].items()
        }
        assert states == {"gate.rule-0": b"ON", "gate.rule-1": b"OFF"}
        assert told["device"]["name"] == "Simpang Plaju"
        assert told["availability"][0]["topic"] == "city/v1/kota/box-7/up/status"
        assert (_inside(late), _inside(late, "rule-1")) == (True, False)
        assert all(one.is_retained for one in late.heard)


def test_the_end_of_a_visit_switches_off(broker: Mosquitto, start: Callable[..., Box]) -> None:
    box = start(broker, onvif=True)
    with Listener(broker.port) as center:
        box.connect()

        box.tell("visit", "new")
        center.wait_for(_inside)
        box.tell("visit", "end")
        center.wait_for(lambda c: _inside(c) is False)

        assert _latest(center, f"{INSIDE}/rule-0").qos == 0
        assert center.of("home") == []


def test_alerts_come_through_where_the_broker_refuses_the_mirrors(
    start_broker: Callable[..., Mosquitto], start: Callable[..., Box]
) -> None:
    broker = start_broker(acl="topic write city/v1/+/+/up/alert/#\ntopic read #")
    box = start(broker, rules=30, onvif=True, home_assistant=True)
    with Listener(broker.port) as center:
        box.connect()

        for number in range(20):
            box.tell(f"visit-{number}", "new", rule=f"rule-{number}")
        box.supervise(10)
        center.wait_for(lambda c: len(set(c.ids())) == 20)
        box.publisher.wait_until_empty()

        assert {one.topic.split("/")[5] for one in center.heard} <= {"alert", "status"}


def test_after_an_outage_the_mirror_shows_what_stands_and_every_alert_has_come(
    broker: Mosquitto, start: Callable[..., Box]
) -> None:
    box = start(broker, onvif=True)
    with Listener(broker.port) as center:
        box.connect()
        box.tell("first", "new")
        center.wait_for(_inside)

        broker.stop()
        box.publisher.wait_until(lambda: not box.publisher.loop.state().is_connected)
        box.tell("first", "end")
        broker.start()
        box.connect()

        center.wait_for(lambda c: len(c.of("alert")) >= 2)
        center.wait_for(lambda c: _inside(c) is False)


def test_a_box_with_many_rules_tells_all_of_them_in_parts(
    broker: Mosquitto, start: Callable[..., Box]
) -> None:
    box = start(broker, rules=60, onvif=True, home_assistant=True)
    with Listener(broker.port) as center:
        box.connect()
        box.supervise(12)
        center.wait_for(lambda c: len({one.topic for one in c.of("home")}) == 60)
        center.wait_for(lambda c: len({one.topic for one in c.of("onvif-ej")}) == 60)


def test_without_the_option_nothing_is_said(broker: Mosquitto, start: Callable[..., Box]) -> None:
    box = start(broker)
    with Listener(broker.port, wants="#") as everybody:
        box.connect()
        box.tell("visit", "new")
        everybody.wait_for(lambda c: any("/alert/" in one.topic for one in c.heard))
        box.supervise(2)

        assert {one.topic.split("/")[5] for one in everybody.heard} == {"alert", "status"}


def test_an_observation_reaches_the_broker_and_grows_old_there(
    broker: Mosquitto, start: Callable[..., Box]
) -> None:
    box = start(broker)
    with Listener(broker.port) as center:
        box.connect()
        observer = Observer(
            topics=Topics("kota", "box-7"), camera="gate", every_s=60, say=box.publisher.loop.say
        )
        frame = grey_frame(0.0)
        seen = Seen(
            frame=frame,
            motion=Motion((), is_global=False),
            crops=(),
            scene=Scene(0.0, ()),
            alerts=(),
        )
        observer.take(frame, seen)
        observer.finish()
        center.wait_for(lambda c: len(c.of("observation")) == 1)

        [told] = center.of("observation")
        assert (told.qos, told.is_retained, told.content_type) == (0, False, "application/json")
        assert told.expiry_s == 3600


def test_a_rule_that_is_gone_leaves_nothing_switched_on(
    broker: Mosquitto, start: Callable[..., Box]
) -> None:
    with Listener(broker.port, "city/#") as listener:
        box = start(broker, rules=2, home_assistant=True, onvif=False)
        box.connect()
        box.tell("a", "new", "rule-0")
        box.tell("b", "new", "rule-1")
        listener.wait_for(lambda _: {one.payload for one in _homes(listener)[-2:]} == {b"ON"}, 5)
        camera = box.settings.cameras[0]
        fewer = replace(camera, rules=camera.rules[1:])

        box.mirrors.settle(replace(box.settings, cameras=(fewer,)))
        heard = len(listener.heard)
        box.supervise(1)

        listener.wait_for(lambda _: len(_homes(listener)) >= 2 and len(listener.heard) > heard, 5)
        states = {one.topic.rpartition("/")[2]: one.payload for one in _homes(listener)}
        assert sorted(states.values()) == [b"OFF", b"ON"]
