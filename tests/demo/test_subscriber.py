"""The demo's subscriber, as its own process at a real broker, fed with messages we made."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from paho.mqtt import publish
from paho.mqtt.client import MQTTv5

from demo import page
from demo.ledger import Ledger
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto

_PICTURE = b"\xff\xd8 a picture \xff\xd9"


def _alert(alert_id: str, *, revision: int = 0, state: str = "new", picture: bytes = b"") -> bytes:
    return json.dumps(
        {
            "v": 1,
            "id": alert_id,
            "revision": revision,
            "type": "intrusion",
            "state": state,
            "severity": "medium",
            "time": "2026-03-01T12:00:05.250Z",
            "camera": "gate",
            "rule": "walkway",
            "zone": "walkway",
            "objects": [{"label": "person", "score": 0.83, "box": [0, 0, 1, 1], "track": 4}],
            "visit": {"began": "2026-03-01T12:00:03.250Z", "lasted_s": 2.0},
            "thumb": {"sha256": hashlib.sha256(picture).hexdigest()} if picture else None,
        }
    ).encode()


def test_a_picture_is_verified_whichever_message_comes_first() -> None:
    ledger = Ledger()

    ledger.take_alert(_alert("a", picture=_PICTURE))
    ledger.take_picture("a", _PICTURE)
    ledger.take_picture("b", _PICTURE)
    ledger.take_alert(_alert("b", picture=_PICTURE))

    assert ledger.verified == 2


def test_a_picture_that_was_changed_on_the_way_is_not_verified() -> None:
    ledger = Ledger()

    ledger.take_alert(_alert("a", picture=_PICTURE))
    ledger.take_picture("a", _PICTURE + b"!")

    assert ledger.verified == 0


def test_a_visit_that_goes_on_keeps_its_proven_picture() -> None:
    ledger = Ledger()
    ledger.take_alert(_alert("a", picture=_PICTURE))
    ledger.take_picture("a", _PICTURE)

    ledger.take_alert(_alert("a", revision=1, state="end"))
    ledger.take_picture("a", b"a stranger's picture")

    assert ledger.verified == 1
    assert ledger.visits["a"].report.state == "end"
    assert ledger.reports == 2


def test_every_picture_of_a_visit_counts_once(tmp_path: Path) -> None:
    ledger = Ledger()
    better = b"\xff\xd8 a better picture \xff\xd9"

    for revision, picture in enumerate((_PICTURE, better, better)):
        ledger.take_alert(_alert("a", revision=revision, picture=picture))
        ledger.take_picture("a", picture)
    page.write(ledger, tmp_path / "index.html")

    assert ledger.verified == 2
    assert "<b>2</b><span>pictures proven" in (tmp_path / "index.html").read_text()


def test_a_late_message_does_not_bring_a_visit_back() -> None:
    ledger = Ledger()

    ledger.take_alert(_alert("a", revision=1, state="end"))
    ledger.take_alert(_alert("a", revision=0, state="new"))

    assert ledger.visits["a"].report.state == "end"


def test_a_label_from_the_network_cannot_become_markup(tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.take_alert(_alert("a").replace(b"walkway", b"<script>alert(1)</script>"))

    page.write(ledger, tmp_path / "index.html")

    assert "<script>" not in (tmp_path / "index.html").read_text()


@pytest.fixture
def subscriber(broker: Mosquitto, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "demo.subscriber"]
    process = subprocess.Popen(  # noqa: S603 (our own program)
        [*command, "--broker", broker.url, "--out", str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        cwd=debian.REPOSITORY,
        text=True,
    )
    deadline = time.monotonic() + 10
    while "SUBSCRIBE" not in broker.log_path.read_text():
        assert time.monotonic() < deadline, "the subscriber did not subscribe"
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_the_subscriber_prints_a_row_and_writes_the_page(
    broker: Mosquitto, subscriber: subprocess.Popen[str], tmp_path: Path
) -> None:
    topic = "city/v1/demo/demo-box/up"
    messages = [
        (f"{topic}/status", b"{}", 1, True),
        (f"{topic}/alert/gate", _alert("a", picture=_PICTURE), 1, False),
        (f"{topic}/thumb/gate/a", _PICTURE, 1, False),
        (f"{topic}/alert/gate", _alert("a", revision=1, state="end"), 1, False),
    ]

    publish.multiple(messages, hostname="127.0.0.1", port=broker.port, protocol=MQTTv5)
    rows = [_next_row(subscriber) for _ in range(2)]
    subscriber.send_signal(signal.SIGTERM)

    assert subscriber.wait(5) == 0
    assert rows[0][1:] == ["gate", "walkway", "walkway", "person", "new", "0.83", "15", "B", "yes"]
    assert rows[1][5] == "end"
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["visits"], summary["alerts"], summary["verified"]) == (1, 2, 1)
    assert "✓ verified" in (tmp_path / "out" / "index.html").read_text()


def _next_row(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout
    for line in process.stdout:
        words = line.split()
        if words and words[0][0].isdigit():
            return words
    pytest.fail("the subscriber ended without another row")
