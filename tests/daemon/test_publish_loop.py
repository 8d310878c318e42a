"""From the spool to a real broker: nothing is lost, whatever becomes of the broker."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import Spool, open_spool
from tests.fakes.alerts import an_alert
from tests.peers.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto


class Publisher:
    """The publisher thread of a box that watches nothing."""

    def __init__(self, spool: Spool, options: BrokerOptions) -> None:
        self.spool = spool
        self._stop = Stop()
        self._link = Link(options, site="kota", box="box-7", will_delay_s=0)
        self.loop = PublishLoop(spool, self._link, SystemClock(), self._stop)
        self.worker = Worker("publish", self.loop.run, on_failure=lambda: None)

    def append(self, name: str, **what: object) -> None:
        self.spool.append(an_alert(name, **what))
        self.loop.nudge()

    def wait_until(self, holds: Callable[[], bool], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, (self.loop.state(), self.spool.state())
            threading.Event().wait(0.02)

    def wait_until_empty(self) -> None:
        self.wait_until(lambda: self.spool.state().waiting == 0)

    def stop(self) -> None:
        self._stop.tell()
        self.loop.nudge()
        assert self.worker.join(5), "the publisher did not end"
        assert self.worker.failure is None


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = open_spool(tmp_path / "spool.db", SpoolOptions(size_mb=16))
    yield spool
    spool.close()


@pytest.fixture
def publish(spool: Spool) -> Iterator[Callable[..., Publisher]]:
    """Start a publisher towards a broker, with options of one's own."""
    with ExitStack() as running:

        def start(
            broker: Mosquitto, cameras: Mapping[str, str] | None = None, **options: object
        ) -> Publisher:
            publisher = Publisher(spool, BrokerOptions(url=broker.url, insecure=True, **options))
            publisher.loop.announce(cameras or {})
            publisher.worker.start()
            running.callback(publisher.stop)
            return publisher

        yield start


def test_an_alert_and_its_picture_arrive_and_leave_the_disk(
    broker: Mosquitto, publish: Callable[..., Publisher]
) -> None:
    alert = an_alert("visit-1", camera="gate")
    with Listener(broker.port) as center:
        publisher = publish(broker)
        publisher.spool.append(alert)
        publisher.loop.nudge()
        center.wait_for(lambda c: len(c.of("thumb")) == 1)
        publisher.wait_until_empty()

    [told], [picture] = center.of("alert"), center.of("thumb")
    assert (told.topic, told.payload) == ("city/v1/kota/box-7/up/alert/gate", alert.body)
    assert picture.topic == "city/v1/kota/box-7/up/thumb/gate/visit-1"
    assert picture.payload == alert.thumbnail
    assert (told.content_type, picture.content_type) == ("application/x-ndjson", "image/jpeg")
    assert publisher.loop.state().sent == 1


def test_a_nudge_brings_a_new_alert_to_the_center_at_once(
    broker: Mosquitto, publish: Callable[..., Publisher]
) -> None:
    delays_s = []
    with Listener(broker.port) as center:
        publisher = publish(broker)
        publisher.wait_until(lambda: publisher.loop.state().is_connected)
        for n in range(10):
            appended = time.monotonic()
            publisher.append(f"visit-{n}")
            center.wait_for(lambda c, n=n: len(c.of("alert")) == n + 1)
            delays_s.append(center.of("alert")[-1].at_mono - appended)

    assert sorted(delays_s)[5] < 0.1
    assert max(delays_s) < 0.4


def test_alerts_wait_for_a_broker_that_is_down_at_the_start(
    start_broker: Callable[..., Mosquitto],
    publish: Callable[..., Publisher],
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = start_broker()
    broker.stop()
    publisher = publish(broker)
    publisher.append("visit-1")
    publisher.wait_until(lambda: "refused the connection" in publisher.loop.state().last_error)

    broker.start()
    with Listener(broker.port) as center:
        center.wait_for(lambda c: c.ids() == ["visit-1"])
        publisher.wait_until_empty()

    assert publisher.loop.state().last_error == ""
    assert "check the port, and that the broker runs" in caplog.text


def test_a_broker_killed_in_mid_stream_costs_no_alert(
    broker: Mosquitto, publish: Callable[..., Publisher]
) -> None:
    """What it has acknowledged is the broker's to keep, so it is killed with twenty under way."""
    names = [f"visit-{n:02}" for n in range(90)]
    with Listener(broker.port) as center:
        publisher = publish(broker)
        for life in range(3):
            for name in names[30 * life : 30 * life + 10]:
                publisher.append(name, picture_bytes=6000)
            publisher.wait_until_empty()
            center.wait_for(lambda c, life=life: len(set(c.ids())) == 30 * life + 10)
            broker.freeze()
            for name in names[30 * life + 10 : 30 * life + 30]:
                publisher.append(name, picture_bytes=6000)
            os.kill(broker.pid, signal.SIGKILL)
            broker.kill()
            broker.start()
            center.wait_for(lambda c, life=life: len(set(c.ids())) == 30 * life + 30, 20)
        publisher.wait_until_empty()

    assert sorted(set(center.ids())) == names


def test_alerts_arrive_in_order_over_restarts_of_a_broker_that_remembers_its_center(
    start_broker: Callable[..., Mosquitto], publish: Callable[..., Publisher]
) -> None:
    broker = start_broker(persistence=True)
    names = [f"visit-{n:03}" for n in range(120)]
    with Listener(broker.port) as center:
        publisher = publish(broker)
        for n, name in enumerate(names):
            publisher.append(name, picture_bytes=6000)
            if n in {30, 70}:
                center.wait_for(lambda c, n=n: len(set(c.ids())) > n - 20)
                broker.restart()
        center.wait_for(lambda c: len(set(c.ids())) == len(names), 20)
        publisher.wait_until_empty()

    assert list(dict.fromkeys(center.ids())) == names


def test_a_wrong_password_is_said_clearly_and_not_tried_in_a_hot_loop(
    start_broker: Callable[..., Mosquitto],
    publish: Callable[..., Publisher],
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = start_broker(users={"box-7": "right"})
    publisher = publish(broker, username="box-7", password=Secret("wrong"))
    publisher.append("visit-1")
    publisher.wait_until(lambda: bool(publisher.loop.state().last_error))
    threading.Event().wait(1.5)

    assert "not authorised" in publisher.loop.state().last_error
    assert "check username" in caplog.text
    assert "wrong" not in caplog.text
    assert 1 <= caplog.text.count("no broker") <= 8
    assert publisher.spool.state().waiting == 1


def test_what_the_access_rules_forbid_is_parked_and_the_rest_goes_on(
    start_broker: Callable[..., Mosquitto],
    publish: Callable[..., Publisher],
    caplog: pytest.LogCaptureFixture,
) -> None:
    allowed = ("alert/gate", "thumb/#", "status")
    rules = [f"topic write city/v1/kota/box-7/up/{branch}" for branch in allowed]
    acl = "\n".join(["user box-7", *rules, "user center", "topic read city/#"])
    broker = start_broker(users={"box-7": "word", "center": "ear"}, acl=acl)
    with Listener(broker.port, "center", "ear") as center:
        publisher = publish(broker, username="box-7", password=Secret("word"))
        publisher.append("forbidden", camera="yard", revision=3)
        publisher.append("allowed", camera="gate")
        center.wait_for(lambda c: c.ids() == ["allowed"])
        publisher.wait_until_empty()

    assert publisher.spool.state().parked == 1
    [(reason,)] = publisher.spool._connection().execute("SELECT reason FROM parked")
    assert reason == "Not authorized"
    assert "refused alert forbidden revision 3: Not authorized\n  next: check" in caplog.text


def test_the_center_reads_how_the_cameras_are_also_when_it_comes_later(
    broker: Mosquitto, publish: Callable[..., Publisher]
) -> None:
    publisher = publish(broker, {"gate": "no picture", "yard": "refused"})
    publisher.wait_until(lambda: publisher.loop.state().is_connected)

    with Listener(broker.port) as center:
        center.wait_for(lambda c: c.states() == ["online"])

    [status] = center.of("status")
    assert status.is_retained
    assert json.loads(status.payload)["cameras"] == {"gate": "no picture", "yard": "refused"}


def test_nobody_listening_keeps_the_alert_until_somebody_does(
    broker: Mosquitto, publish: Callable[..., Publisher]
) -> None:
    publisher = publish(broker)
    for name in ("first", "second", "third"):
        publisher.append(name)
    publisher.wait_until(lambda: "nobody gets our alerts" in publisher.loop.state().last_error)
    waiting = publisher.spool.state().waiting

    with Listener(broker.port) as center:
        center.wait_for(lambda c: len(c.of("thumb")) == 3)
        publisher.wait_until_empty()

    assert waiting == 3
    assert center.ids() == ["first", "second", "third"]
    assert publisher.loop.state().last_error == ""


@pytest.mark.parametrize("limit", ["max_packet_size 5000", "message_size_limit 5000"])
def test_a_picture_too_large_for_the_broker_does_not_hold_up_what_follows(
    limit: str, start_broker: Callable[..., Mosquitto], publish: Callable[..., Publisher]
) -> None:
    broker = start_broker(settings=(limit,))
    with Listener(broker.port) as center:
        publisher = publish(broker)
        publisher.append("large", picture_bytes=12_000)
        publisher.append("small", picture_bytes=1_000)
        center.wait_for(lambda c: {"large", "small"} <= set(c.ids()), 15)
        center.wait_for(lambda c: any(one.topic.endswith("small") for one in c.of("thumb")), 15)
        publisher.wait_until_empty()

    assert not any(one.topic.endswith("large") for one in center.of("thumb"))


@pytest.mark.parametrize("limit", ["max_packet_size 600", "message_size_limit 600"])
def test_an_alert_too_large_for_the_broker_is_parked(
    limit: str, start_broker: Callable[..., Mosquitto], publish: Callable[..., Publisher]
) -> None:
    broker = start_broker(settings=(limit,))
    with Listener(broker.port):
        publisher = publish(broker)
        publisher.append("large")
        publisher.wait_until(lambda: publisher.spool.state().parked == 1)

    assert publisher.spool.state().waiting == 0


def test_a_broker_that_only_looks_alive_is_left_and_found_again(
    broker: Mosquitto, publish: Callable[..., Publisher]
) -> None:
    with Listener(broker.port) as center:
        publisher = publish(broker, acknowledge_s=0.5)
        publisher.wait_until(lambda: publisher.loop.state().is_connected)
        broker.freeze()
        publisher.append("visit-1")
        publisher.wait_until(lambda: not publisher.loop.state().is_connected)
        error = publisher.loop.state().last_error
        broker.thaw()
        center.wait_for(lambda c: "visit-1" in c.ids())
        publisher.wait_until_empty()

    assert "acknowledged nothing for 0.5 s" in error


def test_stopping_says_stopped_and_starting_again_is_a_later_session(
    broker: Mosquitto, publish: Callable[..., Publisher]
) -> None:
    with Listener(broker.port) as center:
        first = publish(broker)
        center.wait_for(lambda c: c.states() == ["online"])
        begun = time.monotonic()
        first.stop()
        took_s = time.monotonic() - begun
        center.wait_for(lambda c: c.states() == ["online", "stopped"])
        publish(broker)
        center.wait_for(lambda c: c.states() == ["online", "stopped", "online"])

    told = [json.loads(one.payload) for one in center.of("status")]
    assert took_s < 2
    sessions = [status["session"] for status in told]
    assert sessions[0] == sessions[1] < sessions[2]
    assert {"state", "session", "version", "time", "site", "box", "cameras"} == set(told[0])


def test_a_late_subscriber_still_learns_that_the_box_is_there(
    broker: Mosquitto, publish: Callable[..., Publisher]
) -> None:
    publisher = publish(broker)
    publisher.wait_until(lambda: publisher.loop.state().is_connected)

    with Listener(broker.port) as center:
        center.wait_for(lambda c: c.states() == ["online"])

    assert center.of("status")[0].is_retained


def test_stopping_ends_in_two_seconds_even_when_the_broker_is_frozen(
    broker: Mosquitto, publish: Callable[..., Publisher]
) -> None:
    publisher = publish(broker)
    publisher.wait_until(lambda: publisher.loop.state().is_connected)
    broker.freeze()

    begun = time.monotonic()
    publisher.stop()

    assert time.monotonic() - begun < 3


def test_an_idle_publisher_costs_next_to_nothing(
    broker: Mosquitto, publish: Callable[..., Publisher]
) -> None:
    publisher = publish(broker)
    publisher.wait_until(lambda: publisher.loop.state().is_connected)
    threading.Event().wait(0.5)

    before = time.process_time()
    threading.Event().wait(2)
    used = time.process_time() - before

    assert used / 2 < 0.01


def test_connecting_and_losing_the_broker_are_one_line_each(
    broker: Mosquitto, publish: Callable[..., Publisher], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        publisher = publish(broker)
        publisher.wait_until(lambda: publisher.loop.state().is_connected)
        broker.stop()
        publisher.wait_until(lambda: not publisher.loop.state().is_connected)

    lines = [record.getMessage() for record in caplog.records if "broker" in record.getMessage()]
    assert [line.split(":")[0].split(";")[0] for line in lines[:2]] == [
        "connected to the broker",
        "lost the broker",
    ]
