"""`version --all` names what is really loaded, and each camera's own firmware."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from edge_agent import __version__
from edge_agent.cli.main import main
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera, save_password
from edge_agent.daemon.firmware import FirmwareBook
from edge_agent.inference.model_file import find_card, load_card
from edge_agent.onvif.device import Device
from edge_agent.runtime.secret import Secret
from edge_agent.video.options import StreamOptions
from tests.cli.sites import RIGHT
from tests.fakes.onvif_camera import OnvifCamera
from tests.peers.process import free_port

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "agent.toml").write_text(
        'site = "palembang"\nbox = "plaju-01"\nstate_dir = "state"\n'
        '[broker]\nurl = "mqtt://127.0.0.1:1"\ninsecure = true\n'
    )
    return tmp_path


def _camera(folder: Path, camera_id: str, port: int, password: str = RIGHT) -> None:
    file = save_password(folder, camera_id, Secret(password))
    stream = StreamOptions(
        url=f"rtsp://127.0.0.1:{port}/sub",
        username="admin",
        password=Secret(password),
        password_file=file,
    )
    url = f"http://127.0.0.1:{port}/onvif/device_service"
    save_camera(folder, CameraSettings(id=camera_id, name=camera_id, stream=stream, onvif_url=url))


def test_without_all_it_is_the_agent_and_python(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        ["agent", "edge-agent"],
        ["python", "CPython"],
    ]
    assert lines[1].endswith(__version__)


def test_libraries_are_those_that_were_loaded_with_their_versions(folder: Path) -> None:
    command = [sys.executable, "-m", "edge_agent", "version", "--all", "--json"]
    done = subprocess.run(  # noqa: S603 (ourselves)
        [*command, "--config", folder], check=True, capture_output=True, text=True, timeout=60
    )

    parts = json.loads(done.stdout)
    told = {part["name"]: part["version"] for part in parts if part["part"] == "library"}
    for name in ("av", "numpy", "opencv-python-headless", "paho-mqtt", "cryptography", "zeep"):
        assert told[name] == importlib.metadata.version(name)
    assert "pytest" not in told
    assert {"libavcodec", "OpenSSL", "SQLite"} <= {part["name"] for part in parts}
    (street, motion) = [part for part in parts if part["part"] == "model"]
    card = load_card(find_card("street"))
    assert (street["version"], street["sha256"]) == (card.version, card.sha256)
    assert motion["name"] == "motion"
    assert {"system", "processor"} <= {part["part"] for part in parts}


def test_each_camera_tells_its_firmware_or_why_not(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_camera(
        folder, CameraSettings(id="hall", name="hall", stream=StreamOptions(url="rtsp://h/1"))
    )
    _camera(folder, "gone", free_port())
    with OnvifCamera() as camera:
        _camera(folder, "gate", camera.port)

        assert main(["version", "--all", "--ask", "--config", str(folder)]) == 0

    said = capsys.readouterr().out
    assert "camera     gate                            Acme AC-100, firmware 1.0" in said
    assert "• gone   its firmware is not known: 127.0.0.1 refuses connections on port" in said
    assert "• hall   was added without ONVIF: nobody tells its firmware" in said
    assert RIGHT not in said


def test_nobody_waits_for_a_camera_whose_firmware_is_known(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with OnvifCamera() as camera:
        _camera(folder, "gate", camera.port)
        _camera(folder, "yard", camera.port)
        said = Device(maker="Acme", model="AC-100", firmware="2.0", serial="")
        (folder / "state").mkdir()
        FirmwareBook(folder / "state").note({"gate": said}, {"gate"})

        assert main(["version", "--all", "--config", str(folder)]) == 0

        assert camera.seen.operations == []
    told = capsys.readouterr().out
    assert "camera     gate" in told
    assert "Acme AC-100, firmware 2.0" in told
    assert "yard   its firmware is not known yet: edge-agent version --all --ask" in told


def test_channels_of_one_recorder_are_asked_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with OnvifCamera() as camera:
        _camera(folder, "nvr-1", camera.port, "wrong")
        _camera(folder, "nvr-2", camera.port, "wrong")

        main(["version", "--all", "--ask", "--config", str(folder)])

        assert camera.seen.refused == 1
    assert capsys.readouterr().out.count("refuses user 'admin'") == 2


def test_a_broken_configuration_does_not_hide_the_libraries(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "agent.toml").write_text("site =\n")

    assert main(["version", "--all", "--config", str(tmp_path)]) == 0

    said = capsys.readouterr().out
    assert "numpy" in said
    assert "• model  the configuration has 1 problem: edge-agent check says which" in said
