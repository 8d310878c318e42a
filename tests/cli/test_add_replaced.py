"""Another camera at the address of one that we know, and one camera under two names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.config.load import camera_ids, load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.zone import Zone
from edge_agent.video.options import StreamOptions
from tests.cli.sites import Person, Site
from tests.fakes.onvif_camera import Firmware, OnvifCamera, Stream

if TYPE_CHECKING:
    from tests.peers.rtsp import RtspServer

_ZONE = Zone("yard", Polygon((Point(0, 0), Point(1, 0), Point(0, 1))))
_MAC = "bc:ad:28:aa:0d:40"


def _save_gate(site: Site, camera: OnvifCamera, stream: str, **told: str) -> CameraSettings:
    """Save what hung here before at this address, with a zone of its own."""
    gate = CameraSettings(
        id="gate",
        name="gate",
        stream=StreamOptions(url=stream),
        zones=(_ZONE,),
        onvif_url=f"http://127.0.0.1:{camera.port}/onvif/device_service",
        **told,
    )
    save_camera(site.folder, gate)
    return gate


def _successor(stream: str, serial: str = "SER2") -> OnvifCamera:
    cards = (("127.0.0.1", "bc:ad:28:aa:0d:41"),)
    streams = (Stream(token="a", uri=stream),)
    return OnvifCamera(
        Firmware(password="", serial=serial, hardware_addresses=cards, streams=streams)
    )


@pytest.mark.parametrize("words", [(), ("--yes",), ("--name", "hall")])
def test_another_camera_does_not_take_the_zones_of_the_one_before(
    site: Site, open_stream: str, words: tuple[str, ...]
) -> None:
    with _successor(open_stream) as camera:
        gate = _save_gate(site, camera, open_stream, onvif_serial="SER1")

        assert site.add_camera(camera, *words) == 1

        again = f"edge-agent add 127.0.0.1:{camera.port} --name gate"
    assert "at this address gate was serial SER1; this is serial SER2" in site.out
    assert f"if it took gate's place:  {again}" in site.out
    assert "edge-agent camera rediscover gate" in site.out
    assert "if it is a new one, give it another address" in site.out
    assert camera_ids(site.folder) == ("gate",)
    assert load_camera(site.folder, "gate") == gate


def test_another_network_card_is_another_camera(site: Site, open_stream: str) -> None:
    with _successor(open_stream, serial="00000000") as camera:
        _save_gate(site, camera, open_stream, onvif_mac=_MAC, onvif_serial="SER1")

        assert site.add_camera(camera) == 1

    assert f"gate was MAC {_MAC}; this is MAC bc:ad:28:aa:0d:41" in site.out


def test_a_serial_number_that_is_none_tells_nobody_apart(site: Site, open_stream: str) -> None:
    with _successor(open_stream, serial="00000000") as camera:
        _save_gate(site, camera, open_stream, onvif_serial="SER1")

        assert site.add_camera(camera) == 0, site.out

    assert load_camera(site.folder, "gate").zones == (_ZONE,)


def test_a_namesake_at_another_address_is_a_new_camera(site: Site, open_stream: str) -> None:
    with _successor(open_stream) as camera:
        gate = CameraSettings(
            id="gate",
            name="gate",
            stream=StreamOptions(url="rtsp://10.0.0.9/sub"),
            onvif_url="http://10.0.0.9/onvif/device_service",
            onvif_endpoint=camera.firmware.endpoint,
            onvif_serial="SER1",
        )
        save_camera(site.folder, gate)

        assert site.add_camera(camera) == 0, site.out

    assert load_camera(site.folder, "gate") == gate
    assert load_camera(site.folder, "front-door").onvif_serial == "SER2"


def test_by_name_it_takes_the_place_and_its_zones_are_to_be_looked_at(
    site: Site, open_stream: str
) -> None:
    with _successor(open_stream) as camera:
        _save_gate(site, camera, open_stream, onvif_serial="SER1")

        assert site.add_camera(camera, "--name", "gate") == 0, site.out

    gate = load_camera(site.folder, "gate")
    assert (gate.onvif_serial, gate.zones) == ("SER2", (_ZONE,))
    assert "serial SER2 takes the place of serial SER1" in site.out
    assert "look whether its zones lie right:  edge-agent zone show gate" in site.out


@pytest.mark.parametrize(("answer", "code", "serial"), [("y", 0, "SER2"), ("n", 1, "SER1")])
def test_a_person_is_asked_whether_it_took_the_place(
    site: Site, open_stream: str, answer: str, code: int, serial: str
) -> None:
    person = Person(answers=[answer])
    with _successor(open_stream) as camera:
        _save_gate(site, camera, open_stream, onvif_serial="SER1")

        assert site.add_camera(camera, person=person) == code, site.out

    assert "is it in gate's place?" in person.questions[0]
    assert load_camera(site.folder, "gate").onvif_serial == serial


def test_another_recorder_does_not_take_the_zones_of_the_one_before(
    site: Site, two_channels: RtspServer
) -> None:
    streams = tuple(
        Stream(token=path, uri=two_channels.url(f"/{path}"), source=f"VS_{path}")
        for path in ("main", "sub")
    )
    with OnvifCamera(Firmware(password="", serial="SER2", streams=streams)) as recorder:
        for number, stream in enumerate(streams, start=1):
            camera = CameraSettings(
                id=f"nvr-{number}",
                name="nvr",
                stream=StreamOptions(url=stream.uri),
                onvif_url=f"http://127.0.0.1:{recorder.port}/onvif/device_service",
                onvif_serial="SER1",
                onvif_source=stream.source,
            )
            save_camera(site.folder, camera)

        assert site.add_camera(recorder) == 1
        assert f"edge-agent add 127.0.0.1:{recorder.port} --name nvr --config" in site.out
        person = Person(answers=["all", "y"])
        assert site.add_camera(recorder, person=person) == 0, site.out

    assert [load_camera(site.folder, f"nvr-{n}").onvif_serial for n in (1, 2)] == ["SER2", "SER2"]


def test_a_known_camera_under_a_second_name_is_watched_twice_and_that_is_said(
    site: Site, open_stream: str
) -> None:
    assert site.add(open_stream, "--name", "good") == 0, site.out

    assert site.add(open_stream, "--name", "twin") == 0, site.out

    assert "this is also good: it will be watched twice" in site.out
    assert "edge-agent camera remove good" in site.out


def test_a_second_name_can_be_added_again(site: Site, open_stream: str) -> None:
    for camera_id in ("good", "twin"):
        stream = StreamOptions(url=open_stream)
        save_camera(site.folder, CameraSettings(id=camera_id, name=camera_id, stream=stream))

    assert site.add(open_stream, "--name", "twin") == 0, site.out

    assert camera_ids(site.folder) == ("good", "twin")
