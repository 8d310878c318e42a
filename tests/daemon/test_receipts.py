"""An alert stays on the box's disk until the center says that its database has it."""

from __future__ import annotations

import itertools
import json
import threading
import time
from contextlib import ExitStack
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from edge_agent.contract import split
from edge_agent.daemon import receipts as receipts_module
from edge_agent.daemon.publish_loop import PublishLoop
from edge_agent.daemon.receipts import Receipts
from edge_agent.mqtt.link import Link
from edge_agent.mqtt.options import BrokerOptions
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.spool.options import SpoolOptions
from edge_agent.spool.spool import Spool, open_spool
from tests.fakes.alerts import an_alert
from tests.fakes.box import BOX, SITE, a_seal
from tests.fakes.center_key import CenterKey
from tests.fakes.clock import FakeClock
from tests.peers.listener import Heard, Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto


class TickingClock(FakeClock):
    """Goes with the real one, and may be put forward."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead_s = 0.0

    def mono(self) -> float:
        return time.monotonic() + self.ahead_s


class Database:
    """What a center has stored, and its word on it."""

    def __init__(self, center: Listener, key: CenterKey) -> None:
        self.center = center
        self.key = key

    def alerts(self) -> dict[int, bytes]:
        """Return the body of every alert by its number."""
        bodies = [split(one.payload)[0] for one in self.center.of("alert")]
        return {json.loads(body)["seq"]: body for body in bodies}

    def confirm(self, *numbers: int, pictures: bool = True, key: CenterKey | None = None) -> None:
        alerts = self.alerts()
        ranges = [(n, n, sha256(alerts[n]).hexdigest()) for n in numbers]
        seen = tuple((n, n) for n in numbers) if pictures else ()
        signer = key or self.key
        self.say(signer.receipt(*ranges, pictures=seen, site=SITE, box=BOX))

    def say(self, payload: bytes) -> None:
        self.center.publish(f"city/v1/{SITE}/{BOX}/down/receipt", payload)


class Box:
    """The publisher of a box that waits for receipts."""

    def __init__(self, spool: Spool, broker: Mosquitto, key: CenterKey) -> None:
        self.spool = spool
        self.clock = TickingClock()
        self.stop = Stop()
        self.other: list[tuple[str, bytes]] = []
        link = Link(
            BrokerOptions(url=broker.url, insecure=True), site=SITE, box=BOX, will_delay_s=0
        )
        link.listen()
        receipts = Receipts(spool, self.clock, [key.text], site=SITE, box=BOX)
        self.loop = PublishLoop(spool, link, self.clock, self.stop, receipts, self._note)
        self.worker = Worker("publish", self.loop.run, on_failure=self.stop.tell)
        self.worker.start()

    def _note(self, heard: Heard) -> None:
        self.other.append((heard.kind, heard.payload))

    def append(self, *names: str, picture_bytes: int = 2000) -> None:
        for name in names:
            self.spool.append(an_alert(name, picture_bytes=picture_bytes))
        self.loop.nudge()

    def waits_until(self, holds: Callable[[], object], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, (self.loop.state(), self.spool.state())
            threading.Event().wait(0.02)

    def end(self) -> None:
        self.stop.tell()
        self.loop.nudge()
        assert self.worker.join(5)
        assert self.worker.failure is None


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = open_spool(tmp_path / "spool.db", SpoolOptions(size_mb=16), a_seal(tmp_path))
    yield spool
    spool.close()


@pytest.fixture
def key() -> CenterKey:
    return CenterKey()


@pytest.fixture
def database(broker: Mosquitto, key: CenterKey) -> Iterator[Database]:
    with Listener(broker.port) as center:
        yield Database(center, key)


@pytest.fixture
def start(
    spool: Spool, broker: Mosquitto, key: CenterKey, database: Database
) -> Iterator[Callable[[], Box]]:
    assert database
    with ExitStack() as running:

        def begin() -> Box:
            box = Box(spool, broker, key)
            running.callback(box.end)
            return box

        yield begin


def arrived(database: Database, count: int) -> None:
    database.center.wait_for(lambda c: len(c.of("thumb")) >= count)


def test_the_brokers_word_is_not_enough(start: Callable[[], Box], database: Database) -> None:
    box = start()
    box.append("a", "b")
    arrived(database, 2)
    box.waits_until(lambda: box.loop.state().unconfirmed == 2)
    kept = box.spool.state().waiting

    database.confirm(1, 2)
    # They leave the disk first and are counted then.
    box.waits_until(lambda: box.loop.state().sent == 2)

    assert kept == 2
    assert box.spool.state().waiting == 0
    state = box.loop.state()
    assert (state.unconfirmed, state.refused_receipts) == (0, 0)


def test_a_picture_that_the_center_lacks_keeps_its_alert(
    start: Callable[[], Box], database: Database
) -> None:
    box = start()
    box.append("a")
    arrived(database, 1)
    database.confirm(1, pictures=False)
    database.say(database.key.receipt(pictures=((7, 7),), site=SITE, box=BOX))
    threading.Event().wait(0.3)
    kept = box.spool.state().waiting

    database.say(database.key.receipt(pictures=((1, 1),), site=SITE, box=BOX))
    box.waits_until(lambda: box.spool.state().waiting == 0)

    assert kept == 1


def test_only_the_center_frees_an_alert(
    start: Callable[[], Box], database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    box = start()
    box.append("a")
    arrived(database, 1)

    database.confirm(1, key=CenterKey())
    database.say(b"not a receipt")
    database.say(database.key.receipt((1, 1, "ab" * 32), pictures=((1, 1),), site=SITE, box=BOX))
    database.say(database.key.receipt((1, 9, "ab" * 32), pictures=((1, 1),), site=SITE, box=BOX))
    box.waits_until(lambda: box.loop.state().refused_receipts == 4)

    assert box.spool.state().waiting == 1
    refusals = [line for line in caplog.messages if "a receipt was refused" in line]
    assert refusals == ["a receipt was refused: signed by an unknown key"]


def test_what_was_not_confirmed_is_sent_again_after_a_new_connection(
    start: Callable[[], Box], database: Database, broker: Mosquitto
) -> None:
    box = start()
    box.append("a", "b", "c")
    arrived(database, 3)
    database.confirm(2)
    box.waits_until(lambda: box.spool.state().waiting == 2)

    broker.stop()
    broker.start()
    arrived(database, 5)
    database.confirm(1, 3)
    box.waits_until(lambda: box.spool.state().waiting == 0)

    assert sorted(database.center.ids()) == ["a", "a", "b", "c", "c"]


def test_a_silent_center_is_asked_with_one_alert_and_new_ones_do_not_wait(
    start: Callable[[], Box], database: Database
) -> None:
    box = start()
    box.append("a", "b", "c")
    arrived(database, 3)
    box.waits_until(lambda: box.loop.state().unconfirmed == 3)

    box.clock.ahead_s = 61.0
    box.waits_until(lambda: "no receipt" in box.loop.state().last_error)
    arrived(database, 4)
    box.append("d")
    arrived(database, 5)
    threading.Event().wait(0.3)
    heard = database.center.ids()
    database.confirm(4)
    box.waits_until(lambda: box.loop.state().last_error == "")
    box.clock.ahead_s = 80.0  # the others are asked for soon after it speaks again
    arrived(database, 8)
    database.confirm(1, 2, 3)
    box.waits_until(lambda: box.spool.state().waiting == 0)

    assert heard == ["a", "b", "c", "a", "d"]


def test_one_alert_that_is_never_confirmed_holds_up_no_other(spool: Spool) -> None:
    clock, key = FakeClock(), CenterKey()
    receipts = Receipts(spool, clock, [key.text], site=SITE, box=BOX)
    for name in ("stuck", "fine"):
        spool.append(an_alert(name, picture_bytes=0))
    for number in (1, 2):
        receipts.expect(number)
    fine = spool.oldest(1, after=1)[0].alert.body
    digest = sha256(split(fine)[0]).hexdigest()
    receipts.take(key.receipt((2, 2, digest), site=SITE, box=BOX))

    asked = []
    for second in range(7200):
        clock.advance(1.0)
        for number in receipts.due(20):
            asked.append(second)
            receipts.expect(number)

    assert receipts.room == receipts_module.WINDOW - 1
    assert 8 <= len(asked) <= 14
    assert max(b - a for a, b in itertools.pairwise(asked)) <= 900


def test_what_the_center_will_never_take_is_not_sent_again(
    start: Callable[[], Box], database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    box = start()
    box.append("a", "b")
    arrived(database, 2)
    digest = sha256(database.alerts()[1]).hexdigest()
    database.say(
        database.key.receipt(refused=((1, digest, "another has its number"),), site=SITE, box=BOX)
    )
    box.waits_until(lambda: box.spool.state().parked == 1)
    database.confirm(2)
    box.waits_until(lambda: box.spool.state().waiting == 1)

    database.center.wait_for(lambda c: len(c.of("record")) == 1)

    assert "the center refused an alert for good: another has its number" in caplog.messages


def test_a_receipt_that_is_faster_than_the_brokers_word_counts(spool: Spool) -> None:
    clock, key = FakeClock(), CenterKey()
    receipts = Receipts(spool, clock, [key.text], site=SITE, box=BOX)
    spool.append(an_alert("a", picture_bytes=0))
    [kept] = spool.oldest(1)
    digest = sha256(split(kept.alert.body)[0]).hexdigest()

    freed = receipts.take(key.receipt((1, 1, digest), site=SITE, box=BOX))
    receipts.expect(kept.number)

    assert freed == 1
    assert receipts.unconfirmed == 0


def test_no_more_is_on_its_way_than_may_have_to_go_again(spool: Spool) -> None:
    receipts = Receipts(spool, FakeClock(), [], site=SITE, box=BOX)

    for number in range(1, receipts_module.WINDOW + 1):
        assert receipts.room > 0
        receipts.expect(number)

    assert receipts.room == 0
    receipts.start_over()
    assert receipts.room == receipts_module.WINDOW


def test_other_letters_of_the_center_are_handed_on(
    start: Callable[[], Box], database: Database
) -> None:
    box = start()
    box.waits_until(lambda: box.loop.state().is_connected)
    topic = f"city/v1/{SITE}/{BOX}/down/cmd"

    def came() -> bool:
        database.center.publish(topic, b"anything")
        return bool(box.other)

    box.waits_until(came)

    assert box.other[0] == ("cmd", b"anything")
