"""Getting in, being thrown out, and being told plainly why."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from edge_agent.mqtt.link import Link
from edge_agent.mqtt.message import Heard
from edge_agent.mqtt.outcome import Fate, Outcome
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.wire.answers import LinkLostError
from tests.fakes.alerts import an_alert
from tests.fakes.authority import Authority
from tests.fakes.scripted_broker import ScriptedBroker
from tests.mqtt.turns import loss, outcomes
from tests.peers.listener import Listener
from tests.peers.process import free_port
from tests.peers.silent import SilentServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x86, "wrong user name or password"),
        (0x87, "not authorised"),
        (0x85, "does not accept the box name"),
        (0x8A, "banned"),
        (0x9C, "another server"),
        (0x80, "unspecified error (0x80)"),
    ],
)
def test_each_refusal_has_its_own_words_and_next_step(
    code: int,
    words: str,
    scripted: Callable[..., ScriptedBroker],
    make_link: Callable[..., Link],
) -> None:
    link = make_link(scripted(connack=[code]).port)

    with pytest.raises(LinkLostError, match=r"the broker refused us") as refused:
        link.connect(1, Stop())

    assert words in refused.value.what
    assert refused.value.hint


def test_a_broker_of_the_older_protocol_is_spoken_to_in_it(
    scripted: Callable[..., ScriptedBroker],
    make_link: Callable[..., Link],
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = scripted(only_3=True)
    link = make_link(broker.port)

    link.connect(1, Stop())
    link.send(5, an_alert())

    assert outcomes(link, 1) == [Outcome(5, Fate.DELIVERED)]
    assert broker.versions == [5, 4]
    assert caplog.text.count("does not speak MQTT 5") == 1


def test_a_broker_that_chokes_on_the_newer_protocol_is_served_in_the_older(
    scripted: Callable[..., ScriptedBroker],
    make_link: Callable[..., Link],
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = scripted(chokes_on_5=True)
    link = make_link(broker.port)

    # Once may be a broker that is just dying.
    with pytest.raises(LinkLostError, match="broke"):
        link.connect(1, Stop())
    assert broker.versions == [5]

    link.connect(1, Stop())
    link.send(5, an_alert())

    assert outcomes(link, 1) == [Outcome(5, Fate.DELIVERED)]
    assert broker.versions == [5, 5, 4]
    assert caplog.text.count("does not speak MQTT 5") == 1


def test_a_wrong_password_is_told_in_the_older_protocol_too(
    scripted: Callable[..., ScriptedBroker], make_link: Callable[..., Link]
) -> None:
    link = make_link(scripted(only_3=True, connack=[4]).port)

    with pytest.raises(LinkLostError, match="wrong user name or password"):
        link.connect(1, Stop())


def test_a_port_that_says_nothing_is_given_up_and_stop_ends_the_wait(
    make_link: Callable[..., Link],
) -> None:
    with SilentServer() as silent:
        link = make_link(silent.port)
        stop = Stop()
        ender = Worker("ender", lambda: (stop.wait(0.3), stop.tell())[0], on_failure=stop.tell)
        ender.start()
        begun = time.monotonic()

        with pytest.raises(LinkLostError, match="told to stop"):
            link.connect(1, stop)

        assert time.monotonic() - begun < 1.5
        assert ender.join(2)


def test_plain_mqtt_is_refused_unless_the_site_says_insecure(
    make_link: Callable[..., Link],
) -> None:
    link = make_link(1, insecure=False)

    with pytest.raises(LinkLostError, match="for everybody to read") as refused:
        link.connect(1, Stop())

    assert "mqtts://" in refused.value.hint


@pytest.mark.parametrize(
    ("code", "words", "next_step"),
    [
        (0x8E, "somebody else connected under our name", "second box"),
        (0x8B, "shuts down", "nothing to do here"),
        (0x98, "administrator", "ask the center"),
    ],
)
def test_a_broker_that_hangs_up_is_asked_why(
    code: int,
    words: str,
    next_step: str,
    scripted: Callable[..., ScriptedBroker],
    make_link: Callable[..., Link],
) -> None:
    link = make_link(scripted(hang_up={b"up/alert/": code}).port)
    link.connect(1, Stop())

    link.send(5, an_alert())

    lost = loss(link)
    assert words in lost.what
    assert next_step in lost.hint


def test_a_second_box_of_the_same_name_throws_out_the_first(
    broker: Mosquitto, make_link: Callable[..., Link]
) -> None:
    first, second = make_link(broker.port), make_link(broker.port)
    first.connect(1, Stop())

    second.connect(1, Stop())

    assert "second box" in loss(first).hint
    assert first.losses == 1


def test_a_box_that_is_thrown_out_by_its_own_name_counts_it(
    scripted: Callable[..., ScriptedBroker], make_link: Callable[..., Link]
) -> None:
    link = make_link(scripted(hang_up={b"up/alert": 0x8E}).port)
    link.connect(1, Stop())
    link.send(1, an_alert())

    loss(link)

    assert (link.losses, link.takeovers) == (1, 1)


def test_where_one_broker_is_away_the_next_one_is_called(
    broker: Mosquitto, make_link: Callable[..., Link]
) -> None:
    away = f"mqtt://127.0.0.1:{free_port()}"
    link = make_link(free_port(), other_urls=(broker.url, away))

    for _ in range(3):
        try:
            link.connect(1, Stop())
        except LinkLostError:
            continue
        break

    assert link.is_connected
    assert link.url == broker.url


def test_what_the_center_sent_while_the_box_was_away_is_heard_after_its_restart(
    broker: Mosquitto, make_link: Callable[..., Link]
) -> None:
    before, after = make_link(broker.port), make_link(broker.port)
    for link in (before, after):
        link.listen()
    before.connect(1, Stop())
    with Listener(broker.port) as center:
        center.wait_for(lambda c: c.states()[-1:] == ["online"])
        before.turn(0.2)
        before.say_goodbye(0.5)
        center.publish("city/v1/kota/box-7/down/cmd", b"a letter")

        after.connect(2, Stop())
        heard: list[Heard] = []
        deadline = time.monotonic() + 5
        while not heard and time.monotonic() < deadline:
            after.turn(0.1)
            heard = after.heard()

    assert [(one.kind, one.payload) for one in heard] == [("cmd", b"a letter")]


DIE = """
import os, sys
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime.stop import Stop
link = Link(BrokerOptions(url=sys.argv[1], insecure=True), site="kota", box="box-7", will_delay_s=0)
link.connect(7, Stop())
print("connected", flush=True)
while True:
    link.turn(0.2)
"""


def test_a_box_killed_is_reported_offline_with_the_session_it_had(broker: Mosquitto) -> None:
    with Listener(broker.port) as center:
        box = subprocess.Popen(  # noqa: S603 (ourselves)
            [sys.executable, "-c", DIE, broker.url], stdout=subprocess.PIPE
        )
        assert box.stdout is not None
        box.stdout.readline()
        center.wait_for(lambda c: c.states() == ["online"])
        box.kill()
        center.wait_for(lambda c: c.states() == ["online", "offline"])
        box.stdout.close()
        box.wait()

    assert [json.loads(one.payload)["session"] for one in center.of("status")] == [7, 7]


def test_over_tls_alerts_go_to_a_broker_of_the_center_s_authority_only(
    start_broker: Callable[..., Mosquitto], make_link: Callable[..., Link], tmp_path: Path
) -> None:
    authority, stranger = Authority(tmp_path / "center"), Authority(tmp_path / "stranger")
    pair, port = authority.issue("127.0.0.1"), free_port()
    files = (("certfile", pair.certificate), ("keyfile", pair.key), ("cafile", authority.ca_file))
    listener = (f"listener {port} 127.0.0.1", *(f"{word} {file}" for word, file in files))
    start_broker(settings=listener)
    url = f"mqtts://127.0.0.1:{port}"
    trusting = make_link(0, url=url, insecure=False, ca_file=authority.ca_file)
    wary = make_link(0, url=url, insecure=False, ca_file=stranger.ca_file)

    trusting.connect(1, Stop())
    trusting.send(5, an_alert(picture_bytes=60_000))
    [told] = outcomes(trusting, 1)
    with pytest.raises(LinkLostError, match="authority that we do not know"):
        wary.connect(1, Stop())

    assert told.number == 5


def test_a_box_without_a_certificate_is_told_so_by_the_link(
    start_broker: Callable[..., Mosquitto], make_link: Callable[..., Link], tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "center")
    pair, port = authority.issue("127.0.0.1"), free_port()
    files = (("certfile", pair.certificate), ("keyfile", pair.key), ("cafile", authority.ca_file))
    listener = (f"listener {port} 127.0.0.1", *(f"{word} {file}" for word, file in files))
    start_broker(settings=(*listener, "require_certificate true"))
    url = f"mqtts://127.0.0.1:{port}"
    link = make_link(0, url=url, insecure=False, ca_file=authority.ca_file)

    with pytest.raises(LinkLostError, match="refused our certificate") as refused:
        link.connect(1, Stop())

    assert "certificate_file" in refused.value.hint
