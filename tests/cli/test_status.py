"""`status` as a technician reads it, beside an agent that says what a test wants."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.cli.main import main
from edge_agent.daemon.status import (
    SOCKET_NAME,
    AgentStatus,
    BrokerStatus,
    CameraStatus,
    SpoolStatus,
    ask_status,
    to_json,
)
from edge_agent.daemon.status_socket import StatusSocket
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WELL = AgentStatus(
    version="0.1.0",
    site="palembang",
    box="plaju-01",
    model="street 1.0.0",
    started_wall=1.0,
    now_wall=61.0,
    rss_bytes=90_000_000,
    cameras=(CameraStatus(id="gate", name="Gate", is_streaming=True),),
    spool=SpoolStatus(waiting=0, size_bytes=4096, parked=0, dropped_thumbnails=0, dropped_alerts=0),
    broker=BrokerStatus(
        url="mqtts://broker", is_connected=True, since_wall=2.0, sent=2, problem=""
    ),
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    (tmp_path / "agent.toml").write_text(
        'site = "palembang"\nbox = "plaju-01"\nstate_dir = "state"\n'
        '[broker]\nurl = "mqtt://127.0.0.1:1"\ninsecure = true\n'
    )
    return tmp_path


@contextmanager
def _agent(site: Path, status: AgentStatus) -> Iterator[None]:
    line = StatusSocket(site / "state" / SOCKET_NAME)
    line.open()
    answering = Worker(
        "agent", lambda: line.answer(lambda: to_json(status), wait_s=10.0), on_failure=lambda: None
    )
    answering.start()
    try:
        yield
    finally:
        assert answering.join(20.0)
        line.close()


@contextmanager
def _as_another_user(folder: Path) -> Iterator[None]:
    """Nobody's rights for a moment, or a closed folder where we cannot take them."""
    folder.chmod(0o700 if os.geteuid() == 0 else 0)
    if os.geteuid() != 0:
        yield
        folder.chmod(0o700)
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def _status(site: Path) -> int:
    return main(["status", "--config", str(site)])


def test_a_box_that_is_well_is_0(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with _agent(site, _WELL):
        assert _status(site) == 0

    assert "✓ broker mqtts://broker connected, 2 sent" in capsys.readouterr().out


def test_a_broker_that_passes_on_to_nobody_is_not_well(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = replace(_WELL.broker, problem="nobody gets our alerts: no matching subscribers")

    with _agent(site, replace(_WELL, broker=broker)):
        assert _status(site) == 1

    said = capsys.readouterr().out
    assert (
        "✗ broker mqtts://broker connected, but nobody gets our alerts: no matching subscribers\n"
        "         next: see that the center listens"
    ) in said


def test_alerts_that_the_broker_refused_are_not_well(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with _agent(site, replace(_WELL, spool=replace(_WELL.spool, parked=3))):
        assert _status(site) == 1

    said = capsys.readouterr().out
    assert "refused by the broker: 3\n         next: have the broker's access rules" in said


def test_the_status_of_an_agent_that_is_not_there(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _status(site) == 1

    error = capsys.readouterr().err
    assert "no agent answers" in error
    assert "next: start it" in error


def test_another_user_s_agent_is_asked_with_sudo(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    state.mkdir()

    with _as_another_user(state), pytest.raises(EdgeAgentError) as caught:
        ask_status(state)

    assert "runs as another user" in caught.value.what
    assert caught.value.hint == "sudo edge-agent status"


def _said_of(
    site: Path, capsys: pytest.CaptureFixture[str], **camera: float | str
) -> tuple[int, str]:
    told = CameraStatus(id="gate", name="Gate", is_streaming=True, **camera)
    with _agent(site, replace(_WELL, cameras=(told,))):
        code = _status(site)
    return code, capsys.readouterr().out


def test_a_camera_that_reports_shows_how_often(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = _said_of(site, capsys, events="on", event_count=12)

    assert code == 0
    assert "on, 12" in said


@pytest.mark.parametrize("state", ["trying", "given up"])
def test_a_camera_without_its_events_is_still_well(
    site: Path, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    code, said = _said_of(site, capsys, events=f"{state}: 192.168.1.64 says: no place left")

    assert code == 0
    assert "no events from it: 192.168.1.64 says: no place left" in said


def test_a_camera_that_reports_faster_than_the_box_listens_is_named(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = _said_of(site, capsys, events="on", dropped_events=17)

    assert code == 0
    assert "too many events at once: 17 are lost\n         next: set its motion detection" in said


def test_a_camera_that_says_it_is_covered_is_shown(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, said = _said_of(site, capsys, says="tamper")

    assert "• gate   reports of itself: tamper\n         next: look at its picture" in said


def test_a_camera_whose_clock_is_off_is_named(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = _said_of(site, capsys, clock_offset_s=-7200.0)

    assert code == 0
    assert "its clock is 2 h behind this box's" in said


def test_a_clock_within_five_seconds_is_right(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, said = _said_of(site, capsys, clock_offset_s=4.0)

    assert "its clock" not in said


def test_a_long_name_does_not_push_its_own_next_step_out_of_line(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = CameraStatus(id="gate-north", name="Gate", is_streaming=True, says="tamper")
    with _agent(site, replace(_WELL, cameras=(told,))):
        _status(site)
    said = capsys.readouterr().out

    assert "• gate-north reports of itself: tamper\n             next: look" in said
    assert "✓ spool      " in said


def test_a_camera_whose_analysis_hangs_is_not_well(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hung = CameraStatus(id="gate", name="Gate", is_streaming=True, hung_s=35.0)
    with _agent(site, replace(_WELL, cameras=(hung,))):
        assert _status(site) == 1

    told = capsys.readouterr().out
    assert "✗ gate   its analysis has hung for 35 s: nobody watches it\n" in told
    assert "next: restart it, which systemd does by itself:  systemctl restart edge-agent" in told


def test_a_picture_that_goes_on_changing_is_told_with_what_to_look_for(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flickers = replace(_WELL.cameras[0], changing_s=95.0)

    with _agent(site, replace(_WELL, cameras=(flickers,))):
        _status(site)

    said = capsys.readouterr().out
    assert "its picture has been changing everywhere for" in said
    assert "it is hard to tell what moves" in said
    assert "next: edge-agent zone show gate" in said


def test_a_camera_that_no_rule_watches_is_named(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    camera = replace(_WELL.cameras[0], rules=0)

    with _agent(site, replace(_WELL, cameras=(camera,))):
        _status(site)

    said = capsys.readouterr().out
    assert "• gate   watched by no rule: there can be no alert\n" in said
    assert "next: edge-agent zone add gate NAME X,Y X,Y X,Y --alert-on person" in said


def test_a_dark_camera_shows_no_frames_a_second(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dark = replace(_WELL.cameras[0], is_streaming=False, stream_fps=24.9, analysed_fps=9.9)

    with _agent(site, replace(_WELL, cameras=(dark,))):
        assert _status(site) == 1

    said = capsys.readouterr().out
    assert "gate    no picture  -    -" in said
    assert "24.9" not in said


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("", "✓ tls    this box's certificate is good for 60 d"),
        ("it ends soon", "• tls    it ends soon\n         next: see the journal why"),
    ],
)
def test_the_certificate_is_told_and_makes_no_box_unwell(
    site: Path, capsys: pytest.CaptureFixture[str], problem: str, said: str
) -> None:
    ends = _WELL.now_wall + 60 * 86_400
    told = replace(_WELL, certificate_ends_wall=ends, certificate_problem=problem)

    with _agent(site, told):
        assert _status(site) == 0

    assert said in capsys.readouterr().out
