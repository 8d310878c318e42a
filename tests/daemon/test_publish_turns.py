"""The publisher driven turn by turn: what it does when the spool or the broker says no."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.stop import Stop
from edge_agent.spool.file import SpoolDamagedError
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import Spool, open_spool
from tests.fakes.alerts import an_alert
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_broker import Script, ScriptedBroker
from tests.peers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_agent.runtime.clock import Clock


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = open_spool(tmp_path / "spool.db", SpoolOptions(size_mb=16))
    yield spool
    spool.close()


@pytest.fixture
def by_hand(spool: Spool) -> Iterator[Callable[..., PublishLoop]]:
    """Make publishers that a test drives turn by turn."""
    with ExitStack() as made:

        def make(port: int, clock: Clock | None = None) -> PublishLoop:
            options = BrokerOptions(url=f"mqtt://127.0.0.1:{port}", insecure=True)
            link = Link(options, site="kota", box="box-7", will_delay_s=0)
            made.callback(link.say_goodbye, 0.3)
            return PublishLoop(spool, link, clock or SystemClock(), Stop())

        yield make


def go_round(loop: PublishLoop, holds: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, loop.state()
        loop.run_once()


def cameras_told(broker: ScriptedBroker) -> list[dict[str, str]]:
    told = [json.loads(body) for topic, body in broker.published if topic.endswith("/status")]
    assert len({status["session"] for status in told}) <= 1
    return [status["cameras"] for status in told if status["state"] == "online"]


def test_the_center_hears_that_a_camera_is_dark_but_not_every_flicker(
    by_hand: Callable[..., PublishLoop],
) -> None:
    clock = FakeClock()
    with ScriptedBroker(Script()) as broker:
        loop = by_hand(broker.port, clock)
        loop.announce({"gate": "no picture"})
        go_round(loop, lambda: len(cameras_told(broker)) == 1)
        loop.announce({"gate": "streaming"})
        go_round(loop, lambda: len(cameras_told(broker)) == 2)

        for state in ("no picture", "streaming", "no picture"):
            clock.advance(3.0)
            loop.announce({"gate": state})
            loop.run_once()
        told_early = len(cameras_told(broker))
        clock.advance(1.0)
        go_round(loop, lambda: len(cameras_told(broker)) == 3)
        clock.advance(60.0)
        loop.announce({"gate": "no picture"})
        loop.run_once()

    assert told_early == 2
    told = [cameras["gate"] for cameras in cameras_told(broker)]
    assert told == ["no picture", "streaming", "no picture"]


def test_after_an_outage_the_broker_hears_how_the_cameras_are_now(
    by_hand: Callable[..., PublishLoop],
) -> None:
    clock = FakeClock()
    script = Script(hang_up={b"up/alert/": 0x8B})
    with ScriptedBroker(script) as broker:
        loop = by_hand(broker.port, clock)
        loop.announce({"gate": "streaming"})
        go_round(loop, lambda: len(cameras_told(broker)) == 1)
        loop._spool.append(an_alert("visit-1", picture_bytes=0))
        go_round(loop, lambda: not loop.state().is_connected)
        script.hang_up.clear()
        loop.announce({"gate": "no picture"})
        clock.advance(5.0)
        go_round(loop, lambda: len(cameras_told(broker)) == 2)

    assert cameras_told(broker)[-1] == {"gate": "no picture"}


def test_a_disk_that_refuses_to_forget_costs_a_repeat_at_most(
    spool: Spool, by_hand: Callable[..., PublishLoop], caplog: pytest.LogCaptureFixture
) -> None:
    with ScriptedBroker(Script()) as broker:
        loop = by_hand(broker.port)
        go_round(loop, lambda: loop.state().is_connected)
        spool.append(an_alert("visit-1", picture_bytes=0))
        spool._connection().execute("PRAGMA query_only = ON")
        go_round(loop, lambda: "the publisher waits for the spool" in caplog.text)
        kept = spool.state().waiting
        spool._connection().execute("PRAGMA query_only = OFF")
        go_round(loop, lambda: spool.state().waiting == 0)

    assert kept == 1
    assert [topic.split("/")[5] for topic, _ in broker.published] == ["status", "alert"]


def test_a_damaged_spool_ends_the_publisher_so_that_a_restart_can_heal_it(
    spool: Spool, by_hand: Callable[..., PublishLoop]
) -> None:
    with ScriptedBroker(Script()) as broker:
        loop = by_hand(broker.port)
        go_round(loop, lambda: loop.state().is_connected)
        connection = spool._connection()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET rootpage = 9999 WHERE name = 'alerts'")
        connection.execute("PRAGMA writable_schema = RESET")

        with pytest.raises(SpoolDamagedError):
            loop.run_once()


def test_boxes_that_lost_the_same_broker_do_not_return_at_the_same_moment(
    by_hand: Callable[..., PublishLoop],
) -> None:
    clock, port = FakeClock(), free_port()
    waits = []
    for _ in range(10):
        loop = by_hand(port, clock)
        loop.run_once()
        waits.append(loop._retry_at_mono - clock.mono())

    assert len({round(wait, 3) for wait in waits}) >= 8
    assert all(0.1 <= wait <= 1.0 for wait in waits)


def test_a_broker_that_stays_away_is_tried_ever_more_seldom_but_every_two_minutes(
    by_hand: Callable[..., PublishLoop],
) -> None:
    clock = FakeClock()
    loop = by_hand(free_port(), clock)
    waits = []
    for _ in range(60):
        loop.run_once()
        waits.append(loop._retry_at_mono - clock.mono())
        clock.advance(waits[-1])

    assert max(waits[:5]) <= 16
    assert 60 < max(waits[20:]) <= 120


def test_the_watchdog_is_not_alarmed_by_a_publisher_that_waits_for_a_broker(
    by_hand: Callable[..., PublishLoop],
) -> None:
    clock = FakeClock()
    loop = by_hand(free_port(), clock)
    loop.run_once()

    clock.advance(0.05)
    loop.run_once()

    assert loop.state().beat_mono == clock.mono()


def test_what_the_quota_forbids_waits_and_is_asked_for_alert_by_alert(
    spool: Spool, by_hand: Callable[..., PublishLoop]
) -> None:
    script = Script(puback={b"up/alert/": 0x97})
    for n in range(5):
        spool.append(an_alert(f"visit-{n}", picture_bytes=0))
    with ScriptedBroker(script) as broker:
        loop = by_hand(broker.port)
        go_round(loop, lambda: "Quota exceeded" in loop.state().last_error)
        go_round(loop, lambda: len(broker.published) >= 7)
        asked = [body for topic, body in broker.published if "/alert/" in topic][5:]
        script.puback.clear()
        go_round(loop, lambda: spool.state().waiting == 0, 15)

    assert b"visit-0" in asked[0]
    assert len(asked) == 1
    assert loop.state().sent == 5
