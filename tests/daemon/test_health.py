"""What the center hears of a box each minute."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from edge_agent.daemon.health import Health, problems
from edge_agent.daemon.starts import Starts
from edge_agent.daemon.status import AgentStatus, BrokerStatus, CameraStatus, SpoolStatus
from edge_agent.errors import EdgeAgentError
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

GATE = CameraStatus(id="gate", name="Gate", is_streaming=True, stream_fps=15.04)
STARTS = Starts(
    count=17,
    unclean=2,
    last_end="stopped",
    last_unclean="power",
    last_unclean_time="2026-11-02T03:14:05.000Z",
)
WELL = AgentStatus(
    version="0.1.0",
    site="palembang",
    box="plaju-01",
    model="street 1.0.0",
    started_wall=1_795_000_501.0,
    now_wall=1_795_000_561.0,
    rss_bytes=90_000_000,
    starts=STARTS,
    cameras=(GATE,),
    spool=SpoolStatus(waiting=3, size_bytes=4096, parked=0, dropped_thumbnails=0, dropped_alerts=0),
    broker=BrokerStatus(
        url="mqtts://broker", is_connected=True, since_wall=2.0, sent=2, problem=""
    ),
)


def health(folder: Path, clock: FakeClock) -> Health:
    return Health(clock, folder, lambda: "the head", lambda: 7)


def told(folder: Path, status: AgentStatus) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(health(folder, FakeClock()).message(status).payload)
    return read


def test_the_minute_begins_with_the_message(tmp_path: Path) -> None:
    clock = FakeClock()
    writer = health(tmp_path, clock)
    first = writer.is_due

    writer.message(WELL)
    clock.advance(59.0)
    early = writer.is_due
    clock.advance(1.0)

    assert (first, early, writer.is_due) == (True, False, True)


def test_it_is_telemetry_and_soon_old(tmp_path: Path) -> None:
    message = health(tmp_path, FakeClock()).message(WELL)

    assert message.topic == "city/v1/palembang/plaju-01/up/health"
    assert (message.qos, message.is_retained, message.expiry_s) == (0, False, 180)


def test_it_says_how_everything_is(tmp_path: Path) -> None:
    read = told(tmp_path, WELL)

    assert (read["session"], read["head"], read["problems"]) == (7, "the head", [])
    assert read["cameras"]["gate"]["state"] == "streaming"
    assert read["cameras"]["gate"]["fps"] == 15.0
    assert read["spool"]["waiting"] == 3
    assert read["disk_free_bytes"] > 0


def test_it_says_when_its_run_began_on_the_clock_that_alerts_carry(tmp_path: Path) -> None:
    clock = FakeClock()
    writer = health(tmp_path, clock)
    clock.advance(90.5)

    read = writer.told(WELL)

    assert read["mono_ms"] - read["began_mono_ms"] == 90_500  # type: ignore[operator]


def test_it_says_for_how_long_nobody_could_tell_what_moves(tmp_path: Path) -> None:
    flickers = replace(GATE, changing_s=12.34, changed_s=60.0)
    read = told(tmp_path, replace(WELL, cameras=(flickers,)))

    assert read["cameras"]["gate"]["changing_s"] == 12.3
    assert read["cameras"]["gate"]["changed_s"] == 60.0
    assert read["problems"] == ["gate: its picture has been changing everywhere for 12 s"]
    dark = replace(flickers, is_streaming=False)
    assert problems(replace(WELL, cameras=(dark,))) == []


@pytest.mark.parametrize(
    ("pictures", "late", "is_problem"),
    [(300, 0, False), (300, 3, False), (300, 4, True), (99, 50, False)],
)
def test_looks_that_came_late_are_a_problem_where_they_were_many_since_the_last_message(
    pictures: int, late: int, *, is_problem: bool, tmp_path: Path
) -> None:
    writer = health(tmp_path, FakeClock())
    # What was long ago is no problem, and what is not known yet is none either.
    before = replace(GATE, analysed_frames=10_000, refused_looks=900, late_frames=800)
    assert writer.told(replace(WELL, cameras=(before,)))["problems"] == []

    now = replace(before, analysed_frames=10_000 + pictures, late_frames=800 + late)
    read = writer.told(replace(WELL, cameras=(now,)))

    line = f"gate: in {late} pictures since the last message something waited too long for a look"
    assert read["problems"] == ([line] if is_problem else [])
    assert writer.told(replace(WELL, cameras=(now,)))["problems"] == []
    gate = json.loads(json.dumps(read))["cameras"]["gate"]
    assert (gate["refused_looks"], gate["late_frames"]) == (900, 800 + late)


def test_every_trouble_is_a_line(tmp_path: Path) -> None:
    dark = replace(GATE, is_streaming=False, problem="no answer", says="tamper", hung_s=12.0)
    refused = CameraStatus(id="yard", name="yard", problem="refused: line 3: no such option")
    broker = replace(WELL.broker, problem="nobody gets our alerts", takeovers=2, refused_receipts=1)
    spool = replace(WELL.spool, parked=1, dropped_alerts=4, dropped_thumbnails=5)
    ill = replace(WELL, cameras=(dark, refused), broker=broker, spool=spool, model_problem="x")

    assert problems(ill) == [
        "gate: no answer",
        "gate: its analysis has hung for 12 s",
        "gate: reports of itself: tamper",
        "yard: refused: line 3: no such option",
        "x",
        "4 alerts were dropped for room",
        "5 pictures were dropped",
        "1 alerts were refused by the broker",
        "2 times somebody came under this box's name: a copied certificate?",
        "1 receipts were not believed",
        "broker: nobody gets our alerts",
    ]
    assert told(tmp_path, ill)["cameras"]["yard"]["state"] == "refused"


def test_a_box_with_every_trouble_fills_no_mobile_link(tmp_path: Path) -> None:
    cameras = tuple(replace(GATE, id=f"camera-{n}", problem="é" * 5000) for n in range(32))

    message = health(tmp_path, FakeClock()).message(replace(WELL, cameras=cameras))

    assert len(message.payload) < 20_000


def test_a_disk_that_refuses_costs_the_head_only(tmp_path: Path) -> None:
    def refuse() -> str:
        raise EdgeAgentError("the disk is full", hint="df -h")

    message = Health(FakeClock(), tmp_path, refuse, lambda: 7).message(WELL)

    assert "head" not in json.loads(message.payload)


def test_it_says_when_the_certificate_ends(tmp_path: Path) -> None:
    late = replace(WELL, certificate_ends_wall=1_795_000_000.0, certificate_problem="it ends soon")

    read = told(tmp_path, late)

    assert read["certificate_expires"] == "2026-11-18T11:06:40.000Z"
    assert read["problems"] == ["it ends soon"]
    assert told(tmp_path, WELL)["certificate_expires"] is None
