"""Setting a camera's clock, and what it makes of it."""

from dataclasses import replace

import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.device import read_device
from edge_agent.onvif.line import Line
from edge_agent.onvif.set_clock import set_clock
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from tests.fakes.onvif_camera import Firmware, OnvifCamera

LATE = Firmware(skew_s=-7200)


def line_to(camera: OnvifCamera) -> Line:
    return Line(
        Address("127.0.0.1", camera.port),
        Credentials("admin", Secret("a & b <c>")),
        clock=SystemClock(),
        clock_offset_s=camera.firmware.skew_s,
    )


def test_a_camera_without_ntp_takes_this_boxs_time_and_keeps_its_zone() -> None:
    with OnvifCamera(LATE) as camera:
        line = line_to(camera)
        done = set_clock(line, SystemClock(), is_manual=True)

        assert abs(camera.skew_s) < 2
        assert (camera.time_source, camera.time_zone) == ("Manual", "WIB-7")
        assert read_device(line).maker == "Acme"
    assert (done.source, done.is_wrong) == ("this box's time", False)


@pytest.mark.parametrize(
    ("server", "told", "words"),
    [
        ("", "", "NTP from its own servers"),
        ("id.pool.ntp.org", "DNSid.pool.ntp.org", "NTP from id.pool.ntp.org"),
        ("192.168.1.1", "IPv4192.168.1.1", "NTP from 192.168.1.1"),
        ("fe80::1", "IPv6fe80::1", "NTP from fe80::1"),
    ],
)
def test_a_camera_is_given_a_time_server(server: str, told: str, words: str) -> None:
    with OnvifCamera(LATE) as camera:
        line = line_to(camera)
        done = set_clock(line, SystemClock(), ntp_server=server)

        assert (camera.time_source, camera.ntp_server) == ("NTP", told)
        assert abs(line.clock_offset_s) < 2
    assert (done.source, done.is_wrong) == (words, False)


def test_a_camera_that_says_yes_and_stays_late_is_found_out() -> None:
    with OnvifCamera(replace(LATE, ignored_settings=frozenset({"clock"}))) as camera:
        line = line_to(camera)
        done = set_clock(line, SystemClock(), between_looks_s=0)

        assert read_device(line).maker == "Acme"
    assert done.is_wrong
    assert done.offset_s == pytest.approx(-7200, abs=3)


def test_a_camera_that_refuses_is_quoted() -> None:
    with (
        OnvifCamera(replace(LATE, refuses_settings=True)) as camera,
        pytest.raises(EdgeAgentError, match=r"refuses to have its clock set \(no\)") as caught,
    ):
        set_clock(line_to(camera), SystemClock())

    assert "in the camera's page" in caught.value.hint
