"""discover, add, zone, check, run: the whole day, with cameras that none of us wrote."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from demo.camera import Camera
from edge_agent.config.load import load_camera
from tests.journeys.technician import Technician
from tests.peers import clips, netns
from tests.peers.center import Center, until
from tests.peers.mosquitto import Mosquitto
from tests.peers.node_camera import NodeCamera, StreamingNodeCamera

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.journey
PASSWORD = "p & q <r>"
# A first look takes seconds; the rule of `zone add` wants a person for a second or two.
_FIRST_ALERT_S = 30.0


@pytest.fixture
def town() -> Iterator[netns.Box]:
    with netns.Box() as box:
        yield box


@pytest.fixture
def running() -> Iterator[ExitStack]:
    with ExitStack() as running:
        yield running


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return f"{done.stdout}\n{done.stderr}"


def _watch_until_alarmed(technician: Technician, center: Center, camera: str) -> None:
    """Walk the second half of the day; fail where no alert with its own picture arrives."""
    zone = technician.watches_the_walkway_of(camera)
    assert zone.returncode == 0, _said(zone)

    technician.lets_it_run()
    until(center.verified, _FIRST_ALERT_S, technician.log)

    alert = center.verified()[0]
    assert (alert["camera"], alert["zone"]) == (camera, "walkway")
    assert technician.stops_it() == 0, technician.log()


def test_from_an_unknown_ipycam_to_its_first_alert(
    vtest_clip: Path, tmp_path: Path, broker: Mosquitto, center: Center, running: ExitStack
) -> None:
    camera = Camera(vtest_clip, tmp_path / "camera", user="admin", password=PASSWORD)
    running.enter_context(camera)
    technician = running.enter_context(Technician(tmp_path / "etc", broker.url))
    add = ("add", camera.address, "--name", "gate", "--user", "admin", "--password-file", "-")

    found = [row for row in technician.discovers() if row["port"] == camera.onvif_port]
    wrong = technician.types(*add, enters="guess\n")
    nothing_saved = not (technician.folder / "cameras.d").exists()
    added = technician.types(*add, enters=f"{PASSWORD}\n")
    again = technician.discovers("--address", camera.address)
    checked = technician.types("check")

    assert [(row["name"], row["status"]) for row in found] == [("Campus gate", "needs password")]
    assert (wrong.returncode, nothing_saved) == (1, True), _said(wrong)
    assert "refuses user 'admin'" in wrong.stdout
    assert added.returncode == 0, _said(added)
    assert [row["configured"] for row in again] == ["gate"]
    gate = load_camera(technician.folder, "gate")
    assert gate.stream.url == f"rtsp://127.0.0.1:{camera.rtsp_port}/video_sub"
    assert gate.main_stream is not None
    assert gate.stream.password.reveal() == PASSWORD
    assert checked.returncode == 0, _said(checked)
    _watch_until_alarmed(technician, center, "gate")


def test_from_an_unknown_node_camera_to_its_first_alert(
    vtest_clip: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    town: netns.Box,
    running: ExitStack,
) -> None:
    place = town.plug_in()
    running.enter_context(StreamingNodeCamera(tmp_path / "camera", place, clips.encode(vtest_clip)))
    # A path of a Unix socket is short, or it is none.
    door = tmp_path_factory.mktemp("door") / "mqtt"
    broker = Mosquitto(tmp_path / "broker", settings=(f"listener 0 {door}",), within=town.within)
    running.enter_context(broker)
    center = running.enter_context(Center(broker.port, door)).listens()
    technician = Technician(tmp_path / "etc", broker.url, town.within)
    running.enter_context(technician)

    found = technician.discovers()
    added = technician.types("add", place.address, "--name", "gate")
    again = technician.discovers("--address", place.address)
    checked = technician.types("check")

    assert [(row["name"], row["host"], row["status"]) for row in found] == [
        ("PREDATOR", place.address, "ready")
    ]
    assert added.returncode == 0, _said(added)
    # Its clock stands still in 2014; no technician must learn that from alerts.
    assert "clock" in added.stdout
    assert [row["configured"] for row in again] == ["gate"]
    # It names a host that nobody can reach.
    assert load_camera(technician.folder, "gate").stream.url == f"rtsp://{place.address}/h264main"
    # Its clock may be held against it, and nothing else.
    assert "✓ broker" in checked.stdout, _said(checked)
    wrong = [line for line in checked.stdout.splitlines() if line.startswith("✗")]
    assert [line for line in wrong if "clock" not in line] == [], _said(checked)
    _watch_until_alarmed(technician, center, "gate")


def test_cameras_on_several_cards_are_all_found_each_once(
    vtest_clip: Path, tmp_path: Path, town: netns.Box, running: ExitStack
) -> None:
    gate, hall, yard = town.plug_in(), town.plug_in(), town.plug_in(has_ipv4=False)
    ipycam = Camera(
        vtest_clip,
        tmp_path / "gate",
        user="admin",
        password=PASSWORD,
        host=gate.address,
        onvif_port=8000,
        within=gate.within,
    )
    running.enter_context(ipycam)
    running.enter_context(NodeCamera(tmp_path / "hall", hall, endpoint="hall"))
    running.enter_context(NodeCamera(tmp_path / "yard", yard, endpoint="yard"))
    technician = Technician(tmp_path / "etc", within=town.within)

    found = technician.discovers()

    # The hall's has two addresses of two kinds, and is one camera.
    assert sorted((row["host"], row["port"]) for row in found) == [
        (gate.address, 8000),
        (hall.address, 80),
        (f"{yard.link_local}%{yard.box_card}", 80),
    ], found
    assert {row["status"] for row in found} == {"needs password", "ready"}
