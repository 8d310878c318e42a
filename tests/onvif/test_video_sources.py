"""Whose event it is, beside cameras that do not all say how they call their lenses."""

from __future__ import annotations

import pytest

from edge_agent.onvif.address import Address
from edge_agent.onvif.device import read_services
from edge_agent.onvif.events import CameraEvent, EventKind, Operation
from edge_agent.onvif.line import Line
from edge_agent.onvif.video_sources import VideoSources, read_video_sources
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from tests.fakes.onvif_camera import Firmware, OnvifCamera, Stream

RECORDER = tuple(
    Stream(token=f"p{number}", uri="rtsp://127.0.0.1/", source=f"VS_{number}") for number in (1, 2)
)
LENS = RECORDER[:1]


def event(source: str, kind: EventKind = EventKind.TAMPER) -> CameraEvent:
    return CameraEvent(
        kind=kind,
        source=source,
        key="k",
        is_active=True,
        operation=Operation.CHANGED,
        camera_wall=None,
    )


def sources_of(firmware: Firmware) -> VideoSources:
    """Ask a camera that does not answer GetVideoSourceConfigurations."""
    with OnvifCamera(firmware) as camera:
        line = Line(
            Address("127.0.0.1", camera.port),
            Credentials("admin", Secret(firmware.password)),
            clock=SystemClock(),
        )
        return read_video_sources(line, read_services(line))


NEW = Firmware(streams=LENS, has_services=True, has_media2=True, is_without_media1=True)


@pytest.mark.parametrize("firmware", [Firmware(streams=LENS), NEW], ids=["Media 1", "Media 2"])
@pytest.mark.parametrize("source", ["", "vsconf", "VS_1"])
def test_one_lens_is_covered_by_whatever_name(firmware: Firmware, source: str) -> None:
    assert sources_of(firmware).concerns(event(source), "VS_1")


def test_a_channel_goes_by_the_name_of_its_configuration_too() -> None:
    sources = sources_of(Firmware(streams=RECORDER))

    told = [source for source in ("VS_1", "VS_2") if sources.concerns(event("cVS_2"), source)]

    assert told == ["VS_2"]


def test_a_covered_channel_is_not_another_one() -> None:
    assert not sources_of(Firmware(streams=RECORDER)).concerns(event("VS_2"), "VS_1")


def test_where_nobody_knows_the_names_an_event_without_one_is_heard() -> None:
    sources = VideoSources({})

    assert sources.concerns(event(""), "VS_1")
    assert sources.concerns(event("VS_1"), "VS_1")
    assert not sources.concerns(event("VS_2"), "VS_1")


@pytest.mark.parametrize("source", ["", "VS_1"])
def test_what_we_make_nothing_of_takes_no_room(source: str) -> None:
    names = {"VS_1": frozenset({"VS_1"})}

    assert not VideoSources(names).concerns(event("VS_1", EventKind.OTHER), source)
