"""Alerts on their way to agencies: real servers on the loopback, of every temper."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import ssl
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_agent.center.webhooks.courier import MOST_AGE_S, Courier, CourierWatch
from edge_agent.center.webhooks.options import WebhookOptions, read_webhooks
from edge_agent.center.webhooks.post import Answer, Post
from edge_agent.center.webhooks.queue import LEASE_S, claim, end, find, retry
from edge_agent.center.webhooks.signing import headers
from edge_agent.contract import Verdict, split, verify_alert
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.toml.problems import Problems
from edge_agent.toml.reader import Table
from tests.center_web.agency import Agency
from tests.center_web.city import CityBox
from tests.fakes.authority import Authority
from tests.peers.center import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_agent.center.database import Database
    from tests.fakes.clock import FakeClock

KEY = bytes(range(32))
SECRET = Secret(f"whsec_{base64.b64encode(KEY).decode()}")


def _webhook(url: str, agency: str = "satpol-pp", ca_file: Path | None = None) -> WebhookOptions:
    file = Path("secret")
    return WebhookOptions(agency=agency, url=url, secret=SECRET, secret_file=file, ca_file=ca_file)


def _queue(box: CityBox, count: int, *webhooks: WebhookOptions) -> None:
    """Raise so many alerts and queue each in the transaction that stores it."""
    for number in range(count):
        box.raises(f"alert-{number}", box.wall, queued_for=webhooks)


@contextmanager
def _on_the_way(*couriers: Courier, database: Database, patience_s: float = 20.0) -> Iterator[Stop]:
    stop = Stop()
    watch = CourierWatch(couriers, database, SystemClock(), patience_s=patience_s)
    runs = [(one.name, one.run) for one in (*couriers, watch)]
    workers = [Worker(name, lambda run=run: run(stop), on_failure=stop.tell) for name, run in runs]
    for worker in workers:
        worker.start()
    try:
        yield stop
    finally:
        stop.tell()
        assert all(worker.join(5) for worker in workers), "a courier does not stop"
        assert [worker.failure for worker in workers] == [None] * len(workers)


def _states(database: Database) -> list[tuple[str, int]]:
    sql = "SELECT state, tries FROM deliveries ORDER BY number"
    return database.read(lambda transaction: transaction.rows(sql))


def test_it_is_signed_as_the_specifications_example_is() -> None:
    """The vector of Standard Webhooks' own libraries."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    told = headers(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330.9, b'{"test": 2432232314}')

    assert told["webhook-timestamp"] == "1614265330"
    assert told["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_agency_can_check_the_center_and_the_box(
    database: Database, box: CityBox, clock: FakeClock
) -> None:
    with Agency(200) as agency:
        webhook = _webhook(agency.url)
        _queue(box, 1, webhook)
        assert Courier(webhook, database, clock).run_once(Stop()) == 0.0

    got = agency.received[0]
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{expected}"
    told = json.loads(got.body)
    assert (told["type"], told["data"]["alert"]["id"]) == ("alert.new", "alert-0")
    body, signature = split(told["data"]["message"].encode())
    assert verify_alert(body, signature, [box.public]) is Verdict.GENUINE
    assert _states(database) == [("delivered", 1)]


def test_an_alert_goes_to_the_agencies_that_it_names_and_to_no_other(
    database: Database, box: CityBox
) -> None:
    hooks = [_webhook(f"http://127.0.0.1/{name}", name) for name in ("satpol-pp", "bpbd", "dlh")]

    box.raises("one", box.wall, queued_for=hooks, agencies=["dlh", "satpol-pp", "unknown"])
    box.raises("two", box.wall, queued_for=hooks, agencies=[])

    assert sorted(one.agency for one in find(database, "waiting", 10)) == ["dlh", "satpol-pp"]


def test_what_fails_is_tried_again_under_the_same_name_at_another_time(
    database: Database, box: CityBox, clock: FakeClock
) -> None:
    with Agency(500, "hang up", 204) as agency:
        webhook = _webhook(agency.url)
        _queue(box, 1, webhook)
        courier = Courier(webhook, database, clock, random.Random(1))
        for _ in range(3):
            courier.run_once(Stop())
            clock.advance(60)

    assert len(set(agency.ids())) == 1
    assert len({one.headers["webhook-timestamp"] for one in agency.received}) == 3
    assert _states(database) == [("delivered", 3)]


def test_the_waits_between_tries_grow_and_are_spread(
    database: Database, box: CityBox, clock: FakeClock
) -> None:
    waits: dict[int, list[float]] = {1: [], 6: []}
    with Agency(500) as agency:
        webhook = _webhook(agency.url)
        for seed in range(12):
            database.write(lambda transaction: transaction.run("DELETE FROM deliveries"))
            box.raises(f"a{seed}", box.wall, queued_for=[webhook])
            courier = Courier(webhook, database, clock, random.Random(seed))
            for tries in range(1, 7):
                courier.run_once(Stop())
                due = find(database, "waiting", 1)[0].next_wall
                if tries in waits:
                    waits[tries].append(due - clock.wall())
                clock.advance(due - clock.wall() + 1)

    assert max(waits[1]) <= 10
    assert max(waits[6]) > 60
    assert len(set(waits[6])) == 12


def test_an_agency_that_asks_for_patience_gets_it(
    database: Database, box: CityBox, clock: FakeClock
) -> None:
    with Agency(429) as agency:
        agency.headers = {"Retry-After": "1234"}
        webhook = _webhook(agency.url)
        _queue(box, 1, webhook)
        Courier(webhook, database, clock).run_once(Stop())

    assert find(database, "waiting", 1)[0].next_wall == clock.wall() + 1234


@pytest.mark.parametrize("answer", [301, 302, 307, 308])
def test_a_redirect_leads_no_alert_elsewhere(
    database: Database, box: CityBox, clock: FakeClock, answer: int
) -> None:
    with Agency(204) as elsewhere, Agency(answer) as agency:
        agency.headers = {"Location": elsewhere.url}
        webhook = _webhook(agency.url)
        _queue(box, 1, webhook)
        Courier(webhook, database, clock).run_once(Stop())

    assert elsewhere.received == []
    assert "redirects are not followed" in find(database, "waiting", 1)[0].last_error


def test_gone_is_gone_and_a_day_is_enough(
    database: Database, box: CityBox, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    with Agency(410, 503, 503, 204) as agency:
        webhook = _webhook(agency.url)
        _queue(box, 2, webhook)
        courier = Courier(webhook, database, clock)
        courier.run_once(Stop())
        assert _states(database) == [("dead", 1), ("waiting", 0)]
        courier.run_once(Stop())
        clock.advance(MOST_AGE_S + 1)
        courier.run_once(Stop())

        assert _states(database) == [("dead", 1), ("dead", 2)]
        assert "gave up alert alert-1 after 2 tries" in caplog.text
        assert retry(database, None, clock.wall()) == 2
        courier.run_once(Stop())
        courier.run_once(Stop())

    assert _states(database) == [("delivered", 1), ("delivered", 1)]


def test_a_slow_agency_keeps_no_other_waiting(database: Database, box: CityBox) -> None:
    with Agency("hang") as slow, Agency(204) as quick:
        hooks = [_webhook(slow.url, "bpbd"), _webhook(quick.url)]
        for number in range(20):
            box.raises(f"a{number}", box.wall, queued_for=hooks, agencies=["bpbd", "satpol-pp"])
        couriers = [Courier(one, database, SystemClock()) for one in hooks]

        with _on_the_way(*couriers, database=database):
            until(lambda: len(quick.received) == 20, 10, lambda: str(_states(database)))
            assert len(slow.received) == 1
            began = time.monotonic()

        # The context's end stopped a courier that was waiting for an answer.
        assert time.monotonic() - began < 4
    assert [one.last_error for one in find(database, "waiting", 30)].count(
        "the center was stopped"
    ) == 1


@pytest.mark.parametrize("temper", ["trickle", "hang"])
def test_an_agency_that_never_ends_its_answer_is_left(
    database: Database, box: CityBox, temper: str
) -> None:
    with Agency(temper, 204) as agency:
        webhook = _webhook(agency.url)
        _queue(box, 2, webhook)
        courier = Courier(webhook, database, SystemClock(), random.Random(3))

        with _on_the_way(courier, database=database, patience_s=1.0):
            until(lambda: len(agency.received) >= 2, 10, lambda: str(_states(database)))


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    with Agency("flood") as agency:
        post = Post(agency.url)
        began = time.monotonic()

        answer = post.send(b"{}", {}, 0.0)
        post.close()

    assert answer == Answer(200, "HTTP 200")
    assert time.monotonic() - began < 5


def test_a_center_that_dies_gives_its_claim_back(
    database: Database, box: CityBox, clock: FakeClock
) -> None:
    with Agency(204) as agency:
        webhook = _webhook(agency.url)
        _queue(box, 1, webhook)
        assert claim(database, webhook.url, webhook.agency, clock.wall())
        other = Courier(webhook, database, clock)

        other.run_once(Stop())
        assert agency.received == []
        clock.advance(LEASE_S + 1)
        other.run_once(Stop())

    assert _states(database) == [("delivered", 2)]


def test_two_centers_share_the_work_and_bring_each_alert_once(
    database: Database, box: CityBox
) -> None:
    with Agency(204) as agency:
        webhook = _webhook(agency.url)
        _queue(box, 60, webhook)
        couriers = [Courier(webhook, database, SystemClock()) for _ in range(2)]

        with _on_the_way(*couriers, database=database):
            until(lambda: len(agency.received) >= 60, 15, lambda: str(_states(database)))

    assert len(set(agency.ids())) == len(agency.ids()) == 60


def test_what_waits_for_a_webhook_that_was_removed_is_given_up_in_the_end(
    database: Database, box: CityBox, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    removed = _webhook("http://127.0.0.1/removed")
    box.raises("forgotten", clock.wall(), queued_for=[removed])
    end(database, 1, "delivered", clock.wall() - 8 * MOST_AGE_S)
    box.raises("old", clock.wall(), queued_for=[removed])
    box.raises("young", clock.wall() + MOST_AGE_S, queued_for=[removed])
    clock.advance(2 * MOST_AGE_S + 1)
    stop = Stop()
    watch = CourierWatch([], database, clock)
    worker = Worker(watch.name, lambda: watch.run(stop), on_failure=stop.tell)
    worker.start()

    # Not before every courier has had its time.
    until(lambda: len(_states(database)) == 2, 10)
    assert _states(database) == [("waiting", 0)] * 2
    clock.advance(3_601)
    until(lambda: _states(database) == [("dead", 0), ("waiting", 0)], 10)

    stop.tell()
    assert worker.join(5)
    assert [one.last_error for one in find(database, "dead", 9)] == ["no webhook has taken it up"]
    assert "gave up 1 alerts" in caplog.text


def test_nobody_but_the_agency_itself_is_believed(
    database: Database, box: CityBox, clock: FakeClock, tmp_path: Path
) -> None:
    ours, foreign = Authority(tmp_path / "ours"), Authority(tmp_path / "foreign")
    certificate, key = ours.issue("127.0.0.1")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with Agency(204, tls=tls) as agency:
        for authority, taken in ((foreign, 0), (ours, 1)):
            webhook = _webhook(agency.url, ca_file=authority.ca_file)
            box.raises(f"by-{taken}", box.wall, queued_for=[webhook])
            Courier(webhook, database, clock).run_once(Stop())
            clock.advance(600)
            assert len(agency.received) == taken


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ({"url": "http://agency.example/"}, "http:// shows every alert"),
        ({"url": "ftp://agency.example/"}, "must begin with https://"),
        ({"url": "https://user:word@agency.example/"}, "has a user name or password"),
        ({"agency": ""}, "is empty"),
        ({"secret_file": "nowhere"}, "there is no file"),
        ({"secret_file": "short"}, "must hold whsec_"),
        ({"colour": "blue"}, "no such option"),
    ],
)
def test_what_cannot_work_is_refused_at_the_start(
    tmp_path: Path, words: dict[str, str], complaint: str
) -> None:
    for name, text in (("good", SECRET.reveal()), ("short", "whsec_c2hvcnQ=")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    told = {"agency": "bpbd", "url": "https://a.example/", "secret_file": "good"} | words
    problems = Problems(tmp_path / "center.toml", "")
    table = Table({"webhooks": [told]}, problems)

    read_webhooks(table, tmp_path)
    table.close()

    assert complaint in "\n".join(map(str, problems.found))


def test_what_can_work_is_not(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET.reveal() + "\n")
    (tmp_path / "secret").chmod(0o600)
    told = {"agency": "bpbd", "url": "http://127.0.0.1:9/", "secret_file": "secret"}
    problems = Problems(tmp_path / "center.toml", "")

    found = read_webhooks(Table({"webhooks": [told]}, problems), tmp_path)

    assert not problems.found
    assert found[0].secret == SECRET
