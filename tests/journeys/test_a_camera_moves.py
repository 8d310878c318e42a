"""DHCP gives a camera another address: the running agent finds it again, and says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from edge_agent.config.load import load_camera
from tests.journeys.technician import Technician
from tests.peers import clips, netns
from tests.peers.center import until
from tests.peers.node_camera import STREAM_PATH, NodeCamera
from tests.peers.rtsp import RtspServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.journey
# 15 s in the dark, a search of some seconds, and a new connection; on a busy machine.
_FOUND_WITHIN_S = 60.0
_STRANGE_CARD = "02:00:00:00:00:99"
_BEFORE, _AFTER = "10.77.1.2", "10.77.1.77"


@pytest.fixture
def town() -> Iterator[netns.Box]:
    with netns.Box() as box:
        yield box


def _gate(technician: Technician) -> dict[str, Any]:
    """Return what `status` says of the camera; nothing while nobody answers."""
    told = technician.types("status", "--json").stdout
    return dict(json.loads(told)["cameras"][0]) if told.startswith("{") else {}


def test_a_camera_that_gets_another_address_is_watched_on(
    vtest_clip: Path, tmp_path: Path, town: netns.Box
) -> None:
    place = town.plug_in()
    video = RtspServer(
        tmp_path / "video",
        clips.encode(vtest_clip),
        host="0.0.0.0",  # noqa: S104 (inside a namespace; it stays when the address goes)
        port=554,
        main_path=STREAM_PATH,
        within=place.within,
    )
    nobody = "mqtt://127.0.0.1:9"
    with (
        video,
        NodeCamera(tmp_path / "camera", place),
        Technician(tmp_path / "etc", nobody, town.within) as technician,
    ):
        added = technician.types("add", place.address, "--name", "gate", "--yes")
        assert added.returncode == 0, f"{added.stdout}{added.stderr}"
        technician.lets_it_run()
        until(lambda: _gate(technician).get("is_streaming"), _FOUND_WITHIN_S, technician.log)

        place.move_to(_AFTER)
        until(lambda: _gate(technician).get("moved"), _FOUND_WITHIN_S, technician.log)
        until(lambda: _gate(technician)["is_streaming"], _FOUND_WITHIN_S, technician.log)

        told = f"found again at {_AFTER} (was {_BEFORE})"
        assert _gate(technician)["moved"] == told
        assert told in technician.types("status").stdout
        assert technician.log().count("is found again") == 1
        assert technician.stops_it() == 0, technician.log()
    saved = load_camera(technician.folder, "gate")
    assert saved.stream.url == f"rtsp://{_AFTER}{STREAM_PATH}"
    assert saved.onvif_url.startswith(f"http://{_AFTER}/")


def test_another_device_that_streams_at_the_cameras_address_is_noticed(
    vtest_clip: Path, tmp_path: Path, town: netns.Box
) -> None:
    place = town.plug_in()
    video = RtspServer(
        tmp_path / "video",
        clips.encode(vtest_clip),
        host="0.0.0.0",  # noqa: S104 (inside a namespace)
        port=554,
        main_path=STREAM_PATH,
        within=place.within,
    )
    with (
        video,
        NodeCamera(tmp_path / "camera", place),
        Technician(tmp_path / "etc", "mqtt://127.0.0.1:9", town.within) as technician,
    ):
        added = technician.types("add", place.address, "--name", "gate", "--yes")
        assert added.returncode == 0, f"{added.stdout}{added.stderr}"
        assert load_camera(technician.folder, "gate").onvif_mac
        technician.lets_it_run()
        until(lambda: _gate(technician).get("is_streaming"), _FOUND_WITHIN_S, technician.log)

        place.ip("link", "set", place.card, "address", _STRANGE_CARD)
        told = f"another device ({_STRANGE_CARD}) answers at {_BEFORE}"
        # The kernel asks anew after half a minute, and we look each minute.
        until(lambda: _gate(technician).get("moved") == told, 120.0, technician.log)
        until(lambda: _gate(technician)["is_streaming"], _FOUND_WITHIN_S, technician.log)

        assert f"camera gate: {told}" in technician.log()
        assert technician.stops_it() == 0, technician.log()
