"""What a box signs arrives as it was signed, over a real broker, in either protocol."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from edge_agent.contract import Chain, Range, Report
from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.errors import EdgeAgentError
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import Spool, open_spool
from tests.fakes.alerts import an_alert
from tests.fakes.box import BOX, SITE, a_seal, public_key
from tests.peers.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = open_spool(tmp_path / "spool.db", SpoolOptions(size_mb=16), a_seal(tmp_path))
    yield spool
    spool.close()


@pytest.fixture
def deliver(spool: Spool) -> Callable[[Mosquitto], None]:
    """Publish until nothing waits, and leave in order."""

    def publish(broker: Mosquitto) -> None:
        stop, clock = Stop(), SystemClock()
        link = Link(
            BrokerOptions(url=broker.url, insecure=True), site=SITE, box=BOX, head=spool.head
        )
        worker = Worker("publish", PublishLoop(spool, link, clock, stop).run, on_failure=stop.tell)
        worker.start()
        while spool.state().waiting and not stop.wait(0.02):
            pass
        stop.tell()
        assert worker.join(5)
        assert worker.failure is None

    return publish


def chain_of(center: Listener, folder: Path) -> Report:
    chain = Chain(SITE, BOX, [public_key(a_seal(folder))])
    for one in center.heard:
        kind = one.topic.split("/")[5]
        if kind in {"alert", "record"}:
            chain.take(one.payload)
        elif kind == "status" and "head" in (status := json.loads(one.payload)):
            chain.take(status["head"].encode())
    return chain.report()


@pytest.mark.parametrize("is_old", [False, True])
def test_alerts_arrive_signed_for_whoever_listens(
    broker: Mosquitto,
    spool: Spool,
    deliver: Callable[[Mosquitto], None],
    tmp_path: Path,
    *,
    is_old: bool,
) -> None:
    with Listener(broker.port, is_old=is_old) as center:
        for n in range(5):
            spool.append(an_alert(f"visit-{n}", picture_bytes=100))
        deliver(broker)
        center.wait_for(lambda c: c.states() == ["online", "stopped"])

    report = chain_of(center, tmp_path)
    assert report.is_whole
    assert (report.messages, report.head and report.head[0]) == (5, 5)


def test_birth_and_goodbye_carry_the_head_and_what_still_waits(
    broker: Mosquitto, spool: Spool, deliver: Callable[[Mosquitto], None]
) -> None:
    spool.append(an_alert())
    with Listener(broker.port) as center:
        deliver(broker)
        center.wait_for(lambda c: c.states() == ["online", "stopped"])

    statuses = [json.loads(one.payload) for one in center.of("status")]
    birth, goodbye = (json.loads(one["head"].split("\n")[0]) for one in statuses)

    assert (birth["seq"], birth["waits_from"]) == (1, 1)
    assert (goodbye["seq"], goodbye["waits_from"]) == (1, None)


def test_what_the_broker_refused_arrives_as_a_record_of_its_own_topic(
    broker: Mosquitto, spool: Spool, deliver: Callable[[Mosquitto], None], tmp_path: Path
) -> None:
    for name in "abc":
        spool.append(an_alert(name, picture_bytes=0))
    spool.park(spool.oldest(3)[1].number, "too large")
    with Listener(broker.port) as center:
        deliver(broker)
        center.wait_for(lambda c: c.states() == ["online", "stopped"])

    [record] = center.of("record")
    assert record.topic == "city/v1/kota/box-7/up/record"
    report = chain_of(center, tmp_path)
    assert (report.is_whole, report.dropped) == (True, (Range(2, 2),))


def test_the_status_goes_without_a_head_that_the_disk_does_not_give(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> str:
        raise EdgeAgentError("the disk is gone", hint="find it")

    link = Link(BrokerOptions(url=broker.url, insecure=True), site=SITE, box=BOX, head=refuse)
    with Listener(broker.port) as center, caplog.at_level(logging.WARNING):
        link.connect(1, Stop())
        center.wait_for(lambda c: link.turn(0.1) == [] and c.states() == ["online"])
        link.say_goodbye(1)

    assert "head" not in json.loads(center.of("status")[0].payload)
    assert "without the head of the chain: the disk is gone" in caplog.text
