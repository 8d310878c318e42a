"""How the agent does, as a watcher of an older version reads it; and whom it can reach."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from edge_agent.config.site import STATE_DIR as AGENTS_FOLDER
from edge_agent.daemon import status
from edge_agent.daemon.status import AgentStatus, BrokerStatus, CameraStatus, SpoolStatus, to_json
from edge_agent.daemon.status_socket import StatusSocket
from edge_agent.runtime.worker import Worker
from edge_agent.update import condition
from edge_agent.update.condition import Condition, ask
from edge_agent.update.reach import broker_answers, camera_answers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = "123 456"


def _status(*cameras: CameraStatus, is_connected: bool = True) -> AgentStatus:
    spool = SpoolStatus(waiting=0, size_bytes=0, parked=0, dropped_thumbnails=0, dropped_alerts=0)
    broker = BrokerStatus(
        url="mqtts://a.example", is_connected=is_connected, since_wall=None, sent=0, problem=""
    )
    return AgentStatus(
        version="0.2.0",
        site="kota",
        box="box",
        model="street 1.0.0",
        started_wall=0.0,
        now_wall=1.0,
        rss_bytes=1,
        cameras=cameras,
        spool=spool,
        broker=broker,
    )


@contextmanager
def _agent(folder: Path, told: bytes) -> Iterator[Path]:
    """Yield the settings of an agent that answers one question, from its own socket."""
    settings = folder / "etc"
    settings.mkdir()
    (settings / "agent.toml").write_text(f'state_dir = "{folder}"\n')
    line = StatusSocket(folder / status.SOCKET_NAME)
    line.open()
    worker = Worker("agent", lambda: line.answer(lambda: told, wait_s=5.0), on_failure=lambda: None)
    worker.start()
    try:
        yield settings
    finally:
        worker.join(10.0)
        line.close()


WATCHED = CameraStatus(id="gate", name="Gate", is_streaming=True, analysed_fps=5.0)
DARK = CameraStatus(id="yard", name="Yard")
IDLE = CameraStatus(id="hall", name="Hall", is_streaming=True)


@pytest.mark.parametrize(
    ("told", "is_seeing", "is_connected"),
    [
        (_status(WATCHED, DARK), True, True),
        (_status(DARK, IDLE, is_connected=False), False, False),
        (_status(), False, True),
    ],
)
def test_the_agents_own_answer_is_understood(
    tmp_path: Path, told: AgentStatus, *, is_seeing: bool, is_connected: bool
) -> None:
    """Every name in it that decides is a promise: a watcher of this version asks the next one."""
    with _agent(tmp_path, to_json(told)) as settings:
        now = ask(START, settings)

    assert now == Condition(
        start=START, has_answered=True, is_seeing=is_seeing, is_connected=is_connected
    )


@pytest.mark.parametrize("told", [b"", b"{", b"[]", b'{"cameras": 3}', b'{"cameras": [{}]}'])
def test_an_answer_that_says_nothing_is_none(tmp_path: Path, told: bytes) -> None:
    with _agent(tmp_path, told) as settings:
        assert ask(START, settings) == Condition(start=START)


def test_where_nobody_listens_nobody_answers(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(f'state_dir = "{tmp_path}"\n')

    assert ask(START, tmp_path) == Condition(start=START)
    assert ask("", tmp_path) == Condition()


def test_the_socket_is_looked_for_where_the_agent_has_it() -> None:
    assert condition.STATE_DIR == AGENTS_FOLDER
    assert condition.SOCKET_NAME == status.SOCKET_NAME


def test_it_can_tell_whether_anybody_could_be_reached(tmp_path: Path) -> None:
    (tmp_path / "cameras.d").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as door, socket.create_server(("", 0)) as gone:
        port, shut = door.getsockname()[1], gone.getsockname()[1]
        gone.close()
        for name, where in (("gate", port), ("yard", shut)):
            text = f'[stream]\nurl = "rtsp://127.0.0.1:{where}/main"\n'
            (tmp_path / f"cameras.d/{name}.toml").write_text(text)
        (tmp_path / "agent.toml").write_text(
            f'[broker]\nurl = "mqtt://127.0.0.1:{shut}"\nother_urls = ["mqtt://127.0.0.1:{port}"]\n'
        )
        assert (camera_answers(tmp_path), broker_answers(tmp_path)) == (True, True)

    assert (camera_answers(tmp_path), broker_answers(tmp_path)) == (False, False)


@pytest.mark.parametrize(
    "text",
    ["", "[broker", "broker = 3", '[broker]\nurl = "mqtt://"', '[broker]\nurl = "mqtt://a:b"'],
)
def test_settings_that_say_no_address_reach_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "agent.toml").write_text(text)

    assert not broker_answers(tmp_path)
    assert not camera_answers(tmp_path)
