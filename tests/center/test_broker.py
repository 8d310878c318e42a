"""The connection itself: what is acknowledged, what comes again, and brokers of old."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.broker import MQTT_3, MQTT_5, Broker, open_broker
from edge_agent.center.database import open_database
from edge_agent.center.intake import Intake
from edge_agent.center.post import Outgoing
from edge_agent.center.receive_loop import ReceiveLoop
from edge_agent.center.settings import BrokerOptions
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.wire.answers import LinkLostError
from edge_agent.wire.dial import address
from tests.center.boxes import PICTURE, Sender
from tests.center.street import Street
from tests.fakes.authority import Authority
from tests.fakes.scripted_broker import Script, ScriptedBroker
from tests.peers.center import until
from tests.peers.mosquitto import Mosquitto
from tests.peers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_agent.center.key import CenterKey
    from edge_agent.center.post import Arrival


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker", settings=("max_inflight_messages 500",)) as running:
        yield running


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    awake, wake = socket.socketpair()
    with awake, wake:
        yield awake, wake


def _open(
    running: Mosquitto | ScriptedBroker, awake: socket.socket, *, is_5: bool = True, **more: object
) -> Broker:
    url = f"mqtt://127.0.0.1:{running.port}"
    options = BrokerOptions(url=url, insecure=True, **more)  # type: ignore[arg-type]
    to = address(options, options.url)
    return open_broker(to, options, MQTT_5 if is_5 else MQTT_3, Stop(), awake)


def _turn_until(broker: Broker, awake: socket.socket, count: int) -> list[tuple[int, Arrival]]:
    arrived: list[tuple[int, Arrival]] = []
    for _ in range(50):
        arrived += broker.turn(0.1, awake)
        if len(arrived) >= count:
            break
    return arrived


@pytest.mark.parametrize("is_5", [True, False])
def test_what_was_not_acknowledged_comes_again(
    tmp_path: Path,
    broker: Mosquitto,
    key: CenterKey,
    sockets: tuple[socket.socket, ...],
    is_5: bool,  # noqa: FBT001 (pytest gives it by name)
) -> None:
    box, awake = Sender(tmp_path), sockets[0]
    first = _open(broker, awake, is_5=is_5)
    with Street(broker.port, key.public_base64) as street:
        street.send(*(box.alert(f"{n}") for n in range(4)))
    arrived = _turn_until(first, awake, 4)
    first.acknowledge([packet_id for packet_id, _ in arrived[:2]])
    first.turn(0.1, awake)
    first.close()

    second = _open(broker, awake, is_5=is_5)

    again = [one for _, one in _turn_until(second, awake, 2)]
    assert [one.payload for one in again] == [box.signed[n].payload for n in (3, 4)]
    second.close()


def test_no_more_comes_than_we_said_before_it_is_acknowledged(
    tmp_path: Path, broker: Mosquitto, key: CenterKey, sockets: tuple[socket.socket, ...]
) -> None:
    box, awake = Sender(tmp_path), sockets[0]
    connection = _open(broker, awake, in_flight=5)
    with Street(broker.port, key.public_base64) as street:
        street.send(*(box.alert(f"{n}") for n in range(20)))

    arrived = _turn_until(connection, awake, 6)

    assert len(arrived) == 5
    connection.close()


def test_who_is_there_is_known_at_the_start_by_what_the_broker_retains(
    tmp_path: Path, broker: Mosquitto, key: CenterKey, sockets: tuple[socket.socket, ...]
) -> None:
    box, awake = Sender(tmp_path), sockets[0]
    with Street(broker.port, key.public_base64) as street:
        street.send(box.status(), retain=True)

    connection = _open(broker, awake)

    # Once or twice: mosquitto 2.0.11 retains for a shared subscription, too.
    assert {one.is_retained for _, one in _turn_until(connection, awake, 1)} == {True}
    connection.close()


def test_two_of_one_group_share_what_comes(
    tmp_path: Path, broker: Mosquitto, key: CenterKey, sockets: tuple[socket.socket, ...]
) -> None:
    box, awake = Sender(tmp_path), sockets[0]
    several = [_open(broker, awake, client_id=name) for name in ("one", "two")]
    with Street(broker.port, key.public_base64) as street:
        street.send(*(box.picture(content=PICTURE + bytes([n])) for n in range(40)))

    counts = [len(_turn_until(one, awake, 20)) for one in several]

    assert sum(counts) == 40
    assert min(counts) > 0
    for one in several:
        one.close()


def test_what_a_box_is_told_reaches_it(
    broker: Mosquitto, sockets: tuple[socket.socket, ...]
) -> None:
    awake = sockets[0]
    connection = _open(broker, awake)
    other = _open(broker, awake, client_id="other", group="other")

    # Any topic below ours comes back: here the broker's word is what counts.
    for n in range(30):
        connection.post(Outgoing(topic="city/v1/a/b/up/check", payload=f"{n}".encode()))
    for _ in range(20):
        connection.turn(0.05, awake)

    arrived = [one.payload for _, one in _turn_until(other, awake, 30)]
    assert arrived == [f"{n}".encode() for n in range(30)]
    connection.close()
    other.close()


def test_a_center_that_may_not_listen_is_told(sockets: tuple[socket.socket, ...]) -> None:
    with (
        ScriptedBroker(Script(suback=(0x87, 0x87))) as closed,
        pytest.raises(LinkLostError, match="does not let us hear the boxes: not authorized"),
    ):
        _open(closed, sockets[0])


@pytest.mark.parametrize("manner", ["only_3", "chokes_on_5"])
def test_a_broker_of_old_is_served_in_its_own_protocol(
    tmp_path: Path, key: CenterKey, caplog: pytest.LogCaptureFixture, manner: str
) -> None:
    database = open_database(str(tmp_path / "center.db"))
    stop, clock = Stop(), SystemClock()
    with ScriptedBroker(Script(**{manner: True}, suback=(1,))) as old:
        options = BrokerOptions(url=f"mqtt://127.0.0.1:{old.port}", insecure=True)
        loop = ReceiveLoop(options, Intake(database, key, clock), clock, stop)
        worker = Worker("receive", loop.run, on_failure=stop.tell)
        with caplog.at_level(logging.INFO):
            worker.start()
            loop.post([Outgoing(topic="city/v1/a/b/down/receipt", payload=b"x")])
            until(lambda: old.published, 10)
            stop.tell()
            loop.wake()
            assert worker.join(5)
    database.close()

    assert old.versions[-1] == 4
    assert "does not speak MQTT 5" in caplog.text
    assert worker.failure is None


def test_a_broker_that_is_not_there_is_asked_again_and_again(
    tmp_path: Path, key: CenterKey, caplog: pytest.LogCaptureFixture
) -> None:
    database = open_database(str(tmp_path / "center.db"))
    stop, clock = Stop(), SystemClock()
    options = BrokerOptions(url=f"mqtt://127.0.0.1:{free_port()}", insecure=True)
    loop = ReceiveLoop(options, Intake(database, key, clock), clock, stop)
    worker = Worker("receive", loop.run, on_failure=stop.tell)
    worker.start()

    until(lambda: caplog.text.count("nothing is received") >= 2, 10)

    stop.tell()
    assert worker.join(5)
    assert worker.failure is None
    database.close()


def test_over_tls_the_center_talks_to_a_broker_of_its_own_authority_only(
    tmp_path: Path, sockets: tuple[socket.socket, ...]
) -> None:
    authority, stranger = Authority(tmp_path / "ours"), Authority(tmp_path / "stranger")
    pair, ours, port = authority.issue("127.0.0.1"), authority.issue("center"), free_port()
    files = (("certfile", pair.certificate), ("keyfile", pair.key), ("cafile", authority.ca_file))
    lines = [f"listener {port} 127.0.0.1", *(f"{name} {path}" for name, path in files)]
    (tmp_path / "tls").mkdir()
    with Mosquitto(tmp_path / "tls", settings=(*lines, "require_certificate true")):
        url = f"mqtts://127.0.0.1:{port}"
        options = BrokerOptions(
            url=url, ca_file=authority.ca_file, certificate_file=ours.certificate, key_file=ours.key
        )
        to = address(options, url)
        open_broker(to, options, MQTT_5, Stop(), sockets[0]).close(is_polite=True)

        without = BrokerOptions(url=url, ca_file=authority.ca_file)
        with pytest.raises(LinkLostError, match="refused our certificate"):
            open_broker(address(without, url), without, MQTT_5, Stop(), sockets[0])
        wary = BrokerOptions(url=url, ca_file=stranger.ca_file)
        with pytest.raises(LinkLostError, match="authority that we do not know"):
            open_broker(address(wary, url), wary, MQTT_5, Stop(), sockets[0])
