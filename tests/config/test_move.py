"""What changes in a camera's file when it got another address."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edge_agent.config.load import load_camera
from edge_agent.config.move import moved
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera
from edge_agent.onvif.address import Address
from edge_agent.runtime.secret import Secret
from edge_agent.video.options import StreamOptions

GATE = CameraSettings(
    id="gate",
    name="Gerbang",
    stream=StreamOptions(
        url="rtsp://192.168.1.64:5540/sub?a=1", username="admin", password=Secret("x"), open_s=5.0
    ),
    main_stream=StreamOptions(url="rtsp://192.168.1.64/main"),
    onvif_url="http://192.168.1.64:8000/onvif/device_service",
    onvif_endpoint="urn:uuid:1",
)
THERE = Address("192.168.1.77", 8080)


def test_all_addresses_move_and_streams_keep_their_ports() -> None:
    gate = moved(GATE, THERE)

    assert gate.stream == replace(GATE.stream, url="rtsp://192.168.1.77:5540/sub?a=1")
    assert gate.main_stream == StreamOptions(url="rtsp://192.168.1.77/main")
    assert gate.onvif_url == "http://192.168.1.77:8080/onvif/device_service"
    assert replace(gate, stream=GATE.stream, main_stream=GATE.main_stream) == replace(
        GATE, onvif_url=gate.onvif_url
    )


def test_a_stream_that_never_came_from_the_camera_stays() -> None:
    relayed = replace(GATE, stream=StreamOptions(url="rtsp://10.0.0.1/relay"))

    assert moved(relayed, THERE).stream == relayed.stream


def test_a_camera_with_one_stream_moves_too() -> None:
    assert moved(replace(GATE, main_stream=None), THERE).main_stream is None


def test_an_address_of_ipv6_can_be_read_again(tmp_path: Path) -> None:
    gate = moved(
        replace(GATE, stream=replace(GATE.stream, username="", password=Secret(""))),
        Address("fe80::1%eth0"),
    )

    save_camera(tmp_path, gate)

    assert load_camera(tmp_path, "gate") == gate
