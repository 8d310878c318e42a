"""The camera's clock: asked at the start, hourly, and sooner where it did not answer."""

import pytest

from edge_agent.daemon.camera_clock import CameraClock
from edge_agent.onvif.address import Address
from edge_agent.runtime.stop import Stop
from tests.fakes.clock import FakeClock
from tests.fakes.onvif_camera import Firmware, OnvifCamera

_ASK = "GetSystemDateAndTime"


def test_a_clock_is_asked_at_once_and_then_hourly() -> None:
    clock = FakeClock()
    with OnvifCamera() as camera:
        camera_clock = CameraClock(clock, Stop())
        for _ in range(3 * 60):
            camera_clock.ask_if_due(Address("127.0.0.1", camera.port))
            clock.advance(60.0)

    assert camera.seen.operations == [_ASK] * 3


def test_a_camera_that_does_not_answer_keeps_its_latest_and_is_asked_sooner() -> None:
    clock = FakeClock()
    camera_clock = CameraClock(clock, Stop())
    with OnvifCamera() as camera:
        there = Address("127.0.0.1", camera.port)
        camera_clock.ask_if_due(there)
    before_s = camera_clock.offset_s

    clock.advance(3600.0)
    camera_clock.ask_if_due(there)

    assert before_s is not None
    assert camera_clock.offset_s == pytest.approx(before_s, abs=0.01)
    assert camera_clock.wait_s == 300.0


def test_a_camera_that_refuses_to_tell_the_time_tells_it_by_http() -> None:
    clock = FakeClock()
    with OnvifCamera(Firmware(open_to_all=frozenset())) as camera:
        camera_clock = CameraClock(clock, Stop())
        camera_clock.ask_if_due(Address("127.0.0.1", camera.port))

    assert camera_clock.offset_s is not None


def test_when_the_box_s_own_clock_is_set_the_offset_is_right_at_once() -> None:
    clock = FakeClock()
    with OnvifCamera() as camera:
        camera_clock = CameraClock(clock, Stop())
        camera_clock.ask_if_due(Address("127.0.0.1", camera.port))
    before_s = camera_clock.offset_s
    assert before_s is not None

    clock.jump_wall(1500.0)
    clock.advance(60.0)

    assert camera_clock.offset_s == pytest.approx(before_s - 1500.0, abs=0.01)
