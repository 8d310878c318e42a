"""The link keeps the broker's rules and tells plainly what became of each alert."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.outcome import Fate, Outcome
from edge_agent.mqtt.topics import Topics
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.wire.answers import LinkLostError
from tests.fakes.alerts import an_alert
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_broker import ScriptedBroker
from tests.mqtt.turns import loss, outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.peers.mosquitto import Mosquitto


def test_the_alert_goes_before_its_picture(
    scripted: Callable[..., ScriptedBroker], make_link: Callable[..., Link]
) -> None:
    broker = scripted()
    link = make_link(broker.port)
    alert = an_alert()

    link.connect(1, Stop())
    link.send(5, alert)

    assert outcomes(link, 1) == [Outcome(5, Fate.DELIVERED)]
    assert broker.published[1:] == [
        ("city/v1/kota/box-7/up/alert/gate", alert.body),
        ("city/v1/kota/box-7/up/thumb/gate/visit-1", alert.thumbnail),
    ]


@pytest.mark.parametrize("receive_maximum", [1, 3])
def test_no_more_is_under_way_than_the_broker_takes_at_once(
    receive_maximum: int,
    scripted: Callable[..., ScriptedBroker],
    make_link: Callable[..., Link],
) -> None:
    broker = scripted(receive_maximum=receive_maximum, is_patient=True)
    link = make_link(broker.port)

    link.connect(1, Stop())
    for number in range(10):
        link.send(number, an_alert(f"visit-{number}", picture_bytes=500))
    told = outcomes(link, 10)

    assert [one.number for one in told] == sorted(one.number for one in told)
    assert {one.fate for one in told} == {Fate.DELIVERED}
    assert broker.most_under_way == receive_maximum


def test_room_is_what_the_site_allows_less_what_is_under_way(
    scripted: Callable[..., ScriptedBroker], make_link: Callable[..., Link]
) -> None:
    broker = scripted(hold=100)
    link = make_link(broker.port, in_flight=4)
    assert link.room == 0

    link.connect(1, Stop())
    birth_under_way = link.room
    link.send(1, an_alert())

    assert (birth_under_way, link.room) == (3, 2)
    assert not link.is_idle


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (0x10, Fate.UNHEARD),
        (0x97, Fate.UNHEARD),
        (0x80, Fate.REFUSED),
        (0x83, Fate.REFUSED),
        (0x87, Fate.REFUSED),
        (0x99, Fate.REFUSED),
    ],
)
def test_the_reason_of_an_acknowledgement_decides(
    code: int,
    fate: Fate,
    scripted: Callable[..., ScriptedBroker],
    make_link: Callable[..., Link],
) -> None:
    broker = scripted(puback={b"up/alert/": code})
    link = make_link(broker.port)

    link.connect(1, Stop())
    link.send(5, an_alert())

    [told] = outcomes(link, 1)
    assert (told.number, told.fate) == (5, fate)
    assert told.reason
    assert not any("/thumb/" in topic for topic, _ in broker.published)


def test_a_picture_that_nobody_subscribes_to_holds_up_nothing(
    scripted: Callable[..., ScriptedBroker], make_link: Callable[..., Link]
) -> None:
    link = make_link(scripted(puback={b"up/thumb/": 0x10}).port)

    link.connect(1, Stop())
    link.send(5, an_alert())

    assert outcomes(link, 1) == [Outcome(5, Fate.DELIVERED)]


def test_an_alert_whose_picture_is_refused_is_delivered_all_the_same(
    scripted: Callable[..., ScriptedBroker], make_link: Callable[..., Link]
) -> None:
    link = make_link(scripted(puback={b"up/thumb/": 0x87}).port)

    link.connect(1, Stop())
    link.send(5, an_alert())

    assert outcomes(link, 1) == [Outcome(5, Fate.DELIVERED, "Not authorized")]


def test_what_is_larger_than_the_broker_takes_is_never_sent(
    scripted: Callable[..., ScriptedBroker], make_link: Callable[..., Link]
) -> None:
    broker = scripted(maximum_packet=5000)
    link = make_link(broker.port)

    link.connect(1, Stop())
    link.send(5, an_alert("big-picture", picture_bytes=6000))
    link.send(6, an_alert("small-picture", picture_bytes=1000))
    told = outcomes(link, 2)

    assert {one.fate for one in told} == {Fate.DELIVERED}
    assert [t for t, _ in broker.published if "/thumb/" in t] == [
        "city/v1/kota/box-7/up/thumb/gate/small-picture"
    ]


@pytest.mark.parametrize("code", [0x95, 0x81, 0x99])
def test_the_one_message_that_the_broker_hangs_up_over_is_found_and_given_up(
    code: int,
    scripted: Callable[..., ScriptedBroker],
    make_link: Callable[..., Link],
) -> None:
    broker = scripted(hang_up={b"poison": code})
    link = make_link(broker.port)
    left = {n: an_alert(f"visit-{n}" if n != 3 else "poison") for n in range(6)}
    fates: dict[int, Fate] = {}

    while left:
        assert broker.connections < 5, "it goes round in circles"
        link.connect(1, Stop())
        for number, alert in left.items():
            link.send(number, alert)
        try:
            while left:
                for told in link.turn(0.1):
                    fates[told.number] = told.fate
                    del left[told.number]
        except LinkLostError:
            continue

    assert fates.pop(3) is Fate.REFUSED
    assert set(fates.values()) == {Fate.DELIVERED}


def test_an_acknowledgement_that_does_not_come_ends_the_connection(
    scripted: Callable[..., ScriptedBroker], make_link: Callable[..., Link]
) -> None:
    clock = FakeClock()
    link = make_link(scripted(puback={b"silent": None}).port, clock=clock, acknowledge_s=30.0)
    link.connect(1, Stop())
    link.send(1, an_alert("silent"))
    link.send(2, an_alert("heard", picture_bytes=0))
    assert outcomes(link, 1) == [Outcome(2, Fate.DELIVERED)]

    clock.advance(29)
    assert link.turn(0.1) == []
    clock.advance(2)

    assert "acknowledged nothing for 30 s" in loss(link).what


def test_a_slow_link_that_still_acknowledges_is_kept(
    scripted: Callable[..., ScriptedBroker], make_link: Callable[..., Link]
) -> None:
    clock = FakeClock()
    link = make_link(scripted().port, clock=clock, acknowledge_s=30.0)
    link.connect(1, Stop())
    for number in range(6):
        link.send(number, an_alert(f"visit-{number}", picture_bytes=0))
        assert outcomes(link, 1)[0].number == number
        clock.advance(20)

    assert link.turn(0.1) == []


def test_waking_ends_a_turn_early(broker: Mosquitto, make_link: Callable[..., Link]) -> None:
    link = make_link(broker.port)
    link.connect(1, Stop())
    while not link.is_idle:
        link.turn(0.1)
    waker = threading.Event()
    worker = Worker("waker", lambda: (waker.wait(0.2), link.wake())[0], on_failure=waker.set)
    worker.start()

    begun = time.monotonic()
    link.turn(5)

    assert time.monotonic() - begun < 2
    assert worker.join(2)


@pytest.mark.parametrize("name", ["", "a/b", "a+b", "#", "$SYS", "nul\0"])
def test_a_name_that_would_leave_its_topic_level_is_refused(name: str) -> None:
    with pytest.raises(EdgeAgentError, match="topic") as refused:
        Topics(site="kota", box=name)

    assert "box" in refused.value.hint


def test_a_status_too_large_for_the_broker_goes_without_the_cameras(
    scripted: Callable[..., ScriptedBroker],
    make_link: Callable[..., Link],
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = scripted(maximum_packet=600)
    link = make_link(broker.port)
    link.announce({f"camera-{n}": "streaming" for n in range(40)})

    link.connect(1, Stop())
    link.send(5, an_alert("x", picture_bytes=0))
    link.announce({"gate": "streaming"})
    for _ in range(3):
        link.turn(0.1)

    told = [json.loads(body) for topic, body in broker.published if topic.endswith("/status")]
    assert [status.get("cameras") for status in told] == [None, {"gate": "streaming"}]
    assert "the status goes without the cameras" in caplog.text
