"""A camera's ladder over ONVIF, on a camera that keeps the contract and on ones that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_agent.cli.check import _Plan
from edge_agent.cli.check_camera import device_of
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera, save_password
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from edge_agent.video.options import StreamOptions
from tests.fakes.clock import FakeClock
from tests.fakes.onvif_camera import OnvifCamera
from tests.fakes.onvif_firmware import Firmware
from tests.peers.process import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from edge_agent.cli.check_facts import Fact
    from edge_agent.runtime.clock import Clock

_RIGHT = "a & b <c>"


def _camera(port: int, password: str = _RIGHT, **more: str) -> CameraSettings:
    stream = StreamOptions(
        url=f"rtsp://127.0.0.1:{port}/sub", username="admin", password=Secret(password)
    )
    url = f"http://127.0.0.1:{port}/onvif/device_service"
    return CameraSettings(id="gate", name="gate", stream=stream, onvif_url=url, **more)


def _climb(camera: CameraSettings, folder: Path, clock: Clock | None = None) -> list[Fact]:
    question = device_of(camera, clock or SystemClock(), folder)
    assert question is not None
    return question.ask(Stop())


def test_a_good_camera_is_climbed_to_its_clock(tmp_path: Path) -> None:
    with OnvifCamera() as camera:
        facts = _climb(_camera(camera.port), tmp_path)

    assert [(fact.step, fact.what) for fact in facts] == [
        ("address", "127.0.0.1"),
        ("ONVIF port", f"{camera.port} takes connections"),
        ("ONVIF", f"127.0.0.1:{camera.port} speaks it"),
        ("password", "user 'admin' is let in to Acme AC-100, firmware 1.0"),
        ("clock", "right"),
    ]
    assert all(fact.ok for fact in facts)


def test_a_wrong_password_is_sent_once_and_ends_the_ladder(tmp_path: Path) -> None:
    with OnvifCamera() as camera:
        facts = _climb(_camera(camera.port, "wr0ng"), tmp_path)

        assert camera.seen.refused == 1
    assert [fact.step for fact in facts if not fact.ok] == ["password"]
    assert facts[-1].step == "password"
    assert "refuses user 'admin'" in facts[-1].what
    assert facts[-1].hint


def test_a_camera_that_wants_to_read_the_password_gets_none_and_a_note(tmp_path: Path) -> None:
    with OnvifCamera(Firmware(http_logins=("Basic",))) as camera:
        facts = _climb(_camera(camera.port, "wr0ng"), tmp_path)

        assert camera.door.refused == 0
    assert [(fact.step, fact.ok) for fact in facts[-2:]] == [("password", None), ("clock", True)]
    assert "in plain text (HTTP Basic)" in facts[-2].what
    assert facts[-2].hint


def test_the_channels_of_a_recorder_ask_it_once(tmp_path: Path) -> None:
    file = save_password(tmp_path, "recorder", Secret("wr0ng"))
    for name in ("one", "two", "three"):
        stream = StreamOptions(
            url=f"rtsp://127.0.0.1:1/{name}",
            username="admin",
            password=Secret("wr0ng"),
            password_file=file,
        )
        onvif = "http://127.0.0.1:2/onvif/device_service"
        save_camera(tmp_path, CameraSettings(id=name, name=name, stream=stream, onvif_url=onvif))

    plan = _Plan(tmp_path, ("one", "two", "three"), [], SystemClock())

    assert [question.label for question in plan.questions].count("ONVIF") == 1
    assert {numbers[0] for _, numbers in plan.cameras.values()} == {0}


def test_a_wrong_clock_is_named_and_stops_nothing(tmp_path: Path) -> None:
    with OnvifCamera(Firmware(skew_s=-7200)) as camera:
        clock = FakeClock(SystemClock().wall())
        facts = _climb(_camera(camera.port), tmp_path, clock)

    assert (facts[-1].step, facts[-1].ok) == ("clock", None)
    assert facts[-1].what == "its clock is 2 h behind this box's"
    assert f"edge-agent add 127.0.0.1:{camera.port} --name gate --set-clock now" in facts[-1].hint


def test_a_web_server_is_no_camera(tmp_path: Path) -> None:
    with OnvifCamera(Firmware(is_a_web_server=True)) as camera:
        facts = _climb(_camera(camera.port), tmp_path)

    assert (facts[-1].step, facts[-1].ok) == ("ONVIF", False)
    assert facts[-1].what.endswith("is reachable but does not speak ONVIF there")


@pytest.mark.parametrize(
    ("host", "step", "what"),
    [
        ("nowhere.invalid", "address", "no host is called 'nowhere.invalid'"),
        ("127.0.0.1", "ONVIF port", "refused the connection"),
    ],
)
def test_the_first_rung_that_breaks_is_the_last(
    tmp_path: Path, host: str, step: str, what: str
) -> None:
    url = f"http://{host}:{free_port()}/onvif/device_service"
    camera = CameraSettings(id="gate", name="gate", stream=StreamOptions(url=""), onvif_url=url)

    facts = _climb(camera, tmp_path)

    assert (facts[-1].step, facts[-1].ok) == (step, False)
    assert what in facts[-1].what
