"""docs/deploy/rabbitmq as it is, three nodes on loopback: rights, and nodes that are killed.

Debian 12's RabbitMQ speaks MQTT 3.1.1 only: no reasons, no shared subscription, no expiry.
"""

from __future__ import annotations

import ssl
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import open_spool
from tests.fakes.alerts import an_alert
from tests.fakes.authority import Authority
from tests.peers.center import until
from tests.peers.deployed import DEPLOY
from tests.peers.rabbitmq import Cluster, Node
from tests.peers.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOXES = ("plaju-01", "plaju-02", "plaju-03")
_CENTERS_QUEUE = "mqtt-subscription-centerqos1\tquorum"
ALERT = "city/v1/kota/{}/up/alert/gate"


class Center:
    """Listens with a session that outlives nodes, at whichever node lives."""

    def __init__(self, cluster: Cluster, authority: Authority) -> None:
        self.heard: list[str] = []
        self.visits = 0
        self._ports = [node.port for node in cluster.nodes]
        self._stop = Stop()
        pair = authority.issue("center")
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id="center",
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        context = ssl.create_default_context(cafile=authority.ca_file)
        context.load_cert_chain(pair.certificate, pair.key)
        self._client.tls_set_context(context)
        self._client.on_connect = lambda client, *_: client.subscribe("city/v1/+/+/up/#", qos=1)
        self._client.on_message = self._keep
        self._worker = Worker("center", self._run, on_failure=lambda: None)

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.tell()
        assert self._worker.join(20.0)

    def _run(self) -> None:
        while not self._stop.is_told:
            try:
                self._client.connect("127.0.0.1", self._ports[self.visits % 3], keepalive=10)
                while not self._stop.is_told and self._client.loop(0.5) == mqtt.MQTT_ERR_SUCCESS:
                    pass
            except OSError:
                pass
            self.visits += 1
            self._stop.wait(0.3)
        self._client.disconnect()

    def _keep(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if "/up/alert/" in message.topic:
            self.heard.append(message.payload.partition(b'"id": "')[2].partition(b'"')[0].decode())


class Box:
    """A box that publishes to one node."""

    def __init__(self, name: str, node: Node, folder: Path, authority: Authority) -> None:
        pair = authority.issue(name)
        options = BrokerOptions(
            url=f"mqtts://127.0.0.1:{node.port}",
            ca_file=authority.ca_file,
            certificate_file=pair.certificate,
            key_file=pair.key,
            acknowledge_s=10.0,
        )
        self.spool = open_spool(folder / f"{name}.sqlite", SpoolOptions(size_mb=32))
        self._stop = Stop()
        link = Link(options, site="kota", box=name)
        self.loop = PublishLoop(self.spool, link, SystemClock(), self._stop)
        self._worker = Worker(name, self.loop.run, on_failure=lambda: None)
        self._worker.start()

    def append(self, name: str) -> None:
        self.spool.append(an_alert(name, picture_bytes=0))
        self.loop.nudge()

    def close(self) -> None:
        self._stop.tell()
        self.loop.nudge()
        assert self._worker.join(20.0)
        self.spool.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def cluster(tmp_path: Path, authority: Authority) -> Iterator[Cluster]:
    with Cluster(tmp_path / "cluster", authority) as cluster:
        yield cluster


@pytest.mark.soak
def test_what_a_killed_node_had_confirmed_is_not_lost(
    cluster: Cluster, authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sent: set[str] = set()
    with ExitStack() as ending:
        center = ending.enter_context(Center(cluster, authority))
        until(lambda: _CENTERS_QUEUE in _queues(cluster), 60)
        boxes = [
            Box(name, node, tmp_path, authority)
            for name, node in zip(BOXES, cluster.nodes, strict=True)
        ]
        for box in boxes:
            ending.callback(box.close)

        for kill in range(4):
            node = cluster.nodes[kill % 3]
            _append(boxes, sent, f"before-{kill}", 50)
            node.kill()
            _append(boxes, sent, f"while-{kill}", 100)
            node.start()
            _append(boxes, sent, f"after-{kill}", 50)

        until(lambda: set(center.heard) == sent, 180, lambda: sorted(sent - set(center.heard)))
    with capsys.disabled():
        again = len(center.heard) - len(sent)
        sys.stderr.write(f"\n{len(sent)} alerts, {again} came twice, {center.visits + 1} visits\n")


@pytest.mark.soak
def test_what_does_not_fit_at_the_broker_waits_on_the_box(
    cluster: Cluster, authority: Authority, tmp_path: Path
) -> None:
    with Center(cluster, authority):
        until(lambda: _CENTERS_QUEUE in _queues(cluster), 60)
    few = '{"max-length": 5, "overflow": "reject-publish"}'
    cluster.ctl("set_policy", "--priority", "9", "few", "^mqtt-subscription-", few)
    sent: set[str] = set()
    with ExitStack() as ending:
        box = Box(BOXES[1], cluster.nodes[1], tmp_path, authority)
        ending.callback(box.close)
        _append([box], sent, "visit", 30)
        until(lambda: box.loop.state().losses >= 3, 60, box.loop.state)
        assert box.spool.state().waiting > 10

        center = ending.enter_context(Center(cluster, authority))

        until(lambda: set(center.heard) == sent, 120, lambda: sorted(sent - set(center.heard)))


@pytest.mark.soak
def test_a_box_has_its_own_topics_and_no_others(cluster: Cluster, authority: Authority) -> None:
    with ExitStack() as guests:

        def comes(name: str, node: int) -> Visitor:
            port, pair = cluster.nodes[node].port, authority.issue(name)
            visitor = Visitor(
                port, authority.ca_file, pair, name=name, protocol=MQTTProtocolVersion.MQTTv311
            )
            return guests.enter_context(visitor)

        center = comes("center", 0).listen("city/v1/+/+/up/#")
        box_b = comes("plaju-02", 2).listen("city/v1/kota/plaju-02/down/#")
        box_a = comes("plaju-01", 1).listen("city/v1/kota/plaju-01/down/#")
        assert center.publish("city/v1/kota/plaju-02/down/cmd", b"for b") == 0
        assert center.publish("city/v1/kota/plaju-01/down/cmd", b"for a") == 0
        assert box_a.publish(ALERT.format("plaju-01"), b"of a") == 0

        until(lambda: [words for _, words in center.heard] == [b"of a"], 10)
        until(lambda: [words for _, words in box_a.heard] == [b"for a"], 10)
        until(lambda: [words for _, words in box_b.heard] == [b"for b"], 10)
        # 3.1.1 knows no reason: who writes where it may not is hung up on.
        assert box_a.is_hung_up_on_after_publishing(ALERT.format("plaju-02"))
        assert not _knows(cluster, authority, None)
        assert not _knows(cluster, authority, Authority(authority.ca_file.parent / "x"))


def _knows(cluster: Cluster, authority: Authority, signer: Authority | None) -> bool:
    pair = signer.issue("plaju-01") if signer else None
    port = cluster.nodes[0].port
    protocol = MQTTProtocolVersion.MQTTv311
    with Visitor(port, authority.ca_file, pair, name="plaju-01", protocol=protocol) as visitor:
        return visitor.is_let_in


def _append(boxes: list[Box], sent: set[str], name: str, count: int) -> None:
    for number in range(count):
        for which, box in enumerate(boxes):
            sent.add(f"{name}-{which}-{number}")
            box.append(f"{name}-{which}-{number}")
        threading.Event().wait(0.05)


def _queues(cluster: Cluster) -> str:
    return cluster.ctl("-q", "list_queues", "name", "type")


def test_the_page_tells_the_rules_of_the_definitions() -> None:
    page = (DEPLOY / "rabbitmq" / "README.md").read_text(encoding="utf-8")
    definitions = (DEPLOY / "rabbitmq" / "definitions.json").read_text(encoding="utf-8")

    for rule in (r"^city\.v1\.[^.]+\.{username}\.up\.", r"^city\.v1\.[^.#]+\.{username}\.down\."):
        assert rule in page
        assert rule.replace("\\", "\\\\") in definitions
