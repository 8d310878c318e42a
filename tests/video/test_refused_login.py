"""A password that the camera refuses: cameras lock out who sends it again and again."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from edge_agent.video import camera_reader
from edge_agent.video.attention import Attention
from edge_agent.video.camera_reader import CameraReader
from edge_agent.video.options import StreamOptions
from tests.fakes.clock import FakeClock
from tests.peers.rtsp_door import RtspDoor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HOUR_S = 3600.0


class HastyClock(FakeClock):
    """A minute passes with each look at it."""

    def mono(self) -> float:
        self.advance(60.0)
        return super().mono()


def login_at(door: RtspDoor) -> StreamOptions:
    return StreamOptions(url=door.url, username="admin", password=Secret("wrong"))


@contextmanager
def reading(door: RtspDoor, clock: FakeClock) -> Iterator[CameraReader]:
    stop = Stop()
    reader = CameraReader(login_at(door), Mailbox(), Attention(clock), clock, stop, "gate")
    worker = Worker("gate read", reader.run, on_failure=stop.tell)
    worker.start()
    try:
        yield reader
    finally:
        stop.tell()
        assert worker.join(5.0), "the reader does not heed a stop"
        assert worker.failure is None


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10.0
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        Stop().wait(0.01)


def test_a_refused_password_is_sent_once_an_hour_and_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(camera_reader, "_HEED_S", 0.001)
    clock = HastyClock()
    began = FakeClock().mono()
    with RtspDoor() as door, reading(door, clock) as reader:
        until(lambda: door.logins >= 3)
        passed_s = clock.mono() - began

        # Found again where it was: that is no other camera.
        reader.move(login_at(door))
        until(lambda: door.logins >= 5)
        passed_then_s = clock.mono() - began

    assert passed_s > 2 * _HOUR_S
    assert passed_then_s > 4 * _HOUR_S
    assert caplog.text.count("no picture") == 1


def test_a_technician_is_told_how_to_set_the_password() -> None:
    with RtspDoor() as door, reading(door, FakeClock()) as reader:
        until(lambda: bool(reader.state.problem))

        assert "refused our user name or password" in reader.state.problem
        assert "edge-agent camera set-password gate" in reader.state.problem


def test_a_camera_found_elsewhere_is_asked_at_once() -> None:
    with RtspDoor() as door, RtspDoor() as other, reading(door, FakeClock()) as reader:
        until(lambda: bool(reader.state.problem))
        reader.move(login_at(other))
        until(lambda: other.logins == 1)

        assert door.logins == 1


def test_a_login_that_worked_before_gets_one_more_try_soon() -> None:
    clock = FakeClock()
    with RtspDoor() as door:
        reader = CameraReader(login_at(door), Mailbox(), Attention(clock), clock, Stop(), "gate")
        reader._is_proven = True

        pauses = [reader._try(), reader._try()]

    assert pauses == [60.0, _HOUR_S]
