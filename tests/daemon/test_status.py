import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

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
from edge_agent.runtime.notify import notify, watchdog_s

STATUS = AgentStatus(
    version="0.1.0",
    site="palembang",
    box="plaju-01",
    model="street 1.0.0",
    started_wall=1.0,
    now_wall=61.0,
    rss_bytes=90_000_000,
    cameras=(
        CameraStatus(
            id="gate",
            name="Gate",
            is_streaming=True,
            codec="H.264",
            width_px=640,
            height_px=360,
            stream_fps=10.0,
            analysed_fps=5.0,
            dropped_frames=0,
            broken_frames=0,
            connections=1,
            alerts=2,
            last_alert_wall=60.0,
            problem="",
        ),
    ),
    spool=SpoolStatus(waiting=0, size_bytes=4096, parked=0, dropped_thumbnails=0, dropped_alerts=0),
    broker=BrokerStatus(
        url="mqtts://broker", is_connected=True, since_wall=2.0, sent=2, problem=""
    ),
)


def test_the_status_arrives_as_it_was_said(tmp_path: Path) -> None:
    line = StatusSocket(tmp_path / SOCKET_NAME)
    line.open()
    answering = threading.Thread(target=lambda: line.answer(lambda: to_json(STATUS), wait_s=5.0))  # noqa: TID251 (the other end of a socket)
    answering.start()

    told = ask_status(tmp_path)

    answering.join()
    line.close()
    assert told == STATUS
    assert not (tmp_path / SOCKET_NAME).exists()


def test_two_agents_do_not_share_a_folder(tmp_path: Path) -> None:
    with closing(StatusSocket(tmp_path / SOCKET_NAME)) as first:
        first.open()

        with pytest.raises(EdgeAgentError, match="already running"):
            StatusSocket(tmp_path / SOCKET_NAME).open()


def test_a_socket_left_by_a_power_cut_is_no_obstacle(tmp_path: Path) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / SOCKET_NAME))
    dead.close()

    with closing(StatusSocket(tmp_path / SOCKET_NAME)) as line:
        line.open()


def test_without_an_agent_the_next_step_is_said(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match="no agent answers") as caught:
        ask_status(tmp_path)

    assert "systemctl start edge-agent" in caught.value.hint


def test_systemd_is_told_over_its_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        notify("READY=1", "STATUS=2 of 2 cameras stream")

        assert systemd.recv(1000).decode().split("\n") == [
            "READY=1",
            "STATUS=2 of 2 cameras stream",
        ]


def test_without_systemd_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)

    notify("READY=1")


def test_the_watchdog_period_is_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    assert watchdog_s() == 30.0

    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert watchdog_s() is None
