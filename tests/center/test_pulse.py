"""What systemd hears of a center, over a real notify socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.center.pulse import STALE_S, line
from edge_agent.runtime.beats import hung
from tests.peers.center import until
from tests.peers.mosquitto import Mosquitto
from tests.peers.reference_center import ReferenceCenter
from tests.peers.supervisor import Supervisor, supervised

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    with supervised(tmp_path, monkeypatch, 1.5) as supervisor:
        yield supervisor


def test_a_thread_that_does_not_come_back_hangs() -> None:
    assert hung({"receive": 5.0, "page": 6.0}, 5.5 + STALE_S, STALE_S) == ["receive"]


def test_the_line_says_why_nothing_comes() -> None:
    assert line("mqtt://x", None, 3) == "connected to mqtt://x; 3 messages stored since the start"
    assert line("mqtt://x", "no route", 0).startswith("not connected: no route; 0 ")
    assert line("mqtt://x", "", 0).startswith("not connected: not yet; ")


@pytest.mark.journey
def test_systemd_hears_that_the_center_is_ready_alive_and_going(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    (tmp_path / "broker").mkdir()
    with Mosquitto(tmp_path / "broker") as broker:
        center = ReferenceCenter(tmp_path / "center", broker.url, "center.db")
        center.ask("key")
        with center:
            until(lambda: supervisor.heard().count("WATCHDOG=1") >= 2, 20, center.words)
            code = center.stop()

    heard = supervisor.heard()
    assert code == 0
    assert heard[0] == "READY=1"
    assert any(f"STATUS=connected to {broker.url}; 0 messages" in line for line in heard)
    assert heard[-2:] == ["STOPPING=1", "STATUS=stopping"]


@pytest.mark.journey
def test_without_a_broker_the_center_lives_and_says_so(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    center = ReferenceCenter(tmp_path / "center", "mqtt://127.0.0.1:1", "center.db")
    center.ask("key")
    with center:
        until(lambda: supervisor.heard().count("WATCHDOG=1") >= 2, 20, center.words)
        assert center.stop() == 0

    assert any("STATUS=not connected: 127.0.0.1:1" in line for line in supervisor.heard())
