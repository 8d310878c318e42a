import argparse
import io
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from edge_agent.cli.console import Console
from edge_agent.cli.discover import run, set_up
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera
from edge_agent.errors import EdgeAgentError
from edge_agent.video.options import StreamOptions
from tests.fakes.onvif_camera import Firmware, OnvifCamera


def discover(folder: Path, *words: str, port: int) -> tuple[int, str]:
    parser = argparse.ArgumentParser()
    set_up(parser)
    out = io.StringIO()
    args = parser.parse_args([*words], argparse.Namespace(config=folder))
    code = run(args, Console(out, is_terminal=False, width=160), discovery_port=port)
    return code, out.getvalue()


def as_json(folder: Path, *words: str, port: int) -> list[dict[str, Any]]:
    _, out = discover(folder, "--json", *words, port=port)
    rows: list[dict[str, Any]] = json.loads(out)
    return rows


def test_a_camera_on_the_wire_is_listed_with_what_it_needs(tmp_path: Path) -> None:
    with OnvifCamera() as camera:
        code, out = discover(tmp_path, "--listen", "0.3", port=camera.discovery_port)

    _, row, advice = out.splitlines()
    assert code == 0
    for word in ("Front Door", "AC-100", f"127.0.0.1:{camera.port}", "yes", "needs password"):
        assert word in row
    assert advice == f"next: edge-agent add 127.0.0.1:{camera.port}"


def test_an_open_camera_is_ready(tmp_path: Path) -> None:
    with OnvifCamera(Firmware(password="")) as camera:
        (row,) = as_json(tmp_path, "--listen", "0.3", port=camera.discovery_port)

    assert (row["status"], row["model"], row["configured"]) == ("ready", "Acme AC-100", None)


def test_a_camera_out_of_reach_of_multicast_is_asked_by_address(tmp_path: Path) -> None:
    with OnvifCamera() as camera:
        (row,) = as_json(tmp_path, "--address", "127.0.0.1", port=camera.discovery_port)

    assert (row["name"], row["port"]) == ("Front Door", camera.port)


def test_a_camera_without_discovery_is_found_by_its_port(tmp_path: Path) -> None:
    with OnvifCamera() as camera, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{camera.port}"
        (row,) = as_json(tmp_path, "--address", where, port=deaf.getsockname()[1])

    assert (row["name"], row["status"]) == ("", "needs password")


def test_a_web_server_is_reachable_without_onvif(tmp_path: Path) -> None:
    with OnvifCamera(Firmware(is_a_web_server=True)) as camera:
        where = f"127.0.0.1:{camera.port}"
        code, out = discover(tmp_path, "--address", where, port=camera.discovery_port)

    assert code == 1
    assert "reachable, no ONVIF" in out
    assert "edge-agent add rtsp://127.0.0.1/PATH" in out


def test_a_camera_that_answers_discovery_only_is_still_listed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with OnvifCamera(Firmware(claimed_port=port)) as camera:
        (row,) = as_json(tmp_path, "--listen", "0.3", port=camera.discovery_port)

    assert row["status"] == "no answer over HTTP"
    assert "refuses connections" in row["problem"]


def test_a_camera_we_know_is_marked_with_its_name(tmp_path: Path) -> None:
    with OnvifCamera() as camera:
        save_camera(
            tmp_path,
            CameraSettings(
                id="gate",
                name="gate",
                stream=StreamOptions(url="rtsp://10.0.0.9/s"),
                onvif_url="http://10.0.0.9/onvif/device_service",
                onvif_endpoint=camera.firmware.endpoint,
            ),
        )
        _, out = discover(tmp_path, "--listen", "0.3", port=camera.discovery_port)

    assert " gate" in out.splitlines()[1]
    assert "all of them are configured" in out


def test_a_configuration_with_mistakes_does_not_hide_the_cameras(tmp_path: Path) -> None:
    (tmp_path / "cameras.d").mkdir()
    (tmp_path / "cameras.d" / "gate.toml").write_text("stream = 5\n")

    with OnvifCamera() as camera:
        code, _ = discover(tmp_path, "--listen", "0.3", port=camera.discovery_port)

    assert code == 0


def test_a_stream_on_the_same_host_is_marked_as_known(tmp_path: Path) -> None:
    with OnvifCamera() as camera:
        for channel in ("ch1", "ch2"):
            stream = StreamOptions(url=f"rtsp://127.0.0.1/{channel}")
            save_camera(tmp_path, CameraSettings(id=channel, name=channel, stream=stream))
        (row,) = as_json(tmp_path, "--listen", "0.3", port=camera.discovery_port)

    assert row["configured"] == "ch1, ch2"


@pytest.mark.parametrize("seconds", ["0", "-1", "61", "nan", "inf", "soon"])
def test_a_time_that_nobody_means_is_wrong_usage(
    tmp_path: Path, seconds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        discover(tmp_path, "--listen", seconds, port=9)

    assert caught.value.code == 2
    assert f'"{seconds}" must be seconds above 0, at most 60' in capsys.readouterr().err


def test_silence_comes_with_advice(tmp_path: Path) -> None:
    with OnvifCamera(Firmware(hangs=True)) as camera, pytest.raises(EdgeAgentError) as caught:
        discover(tmp_path, "--listen", "0.2", port=camera.discovery_port)

    assert "lo (127.0.0.1)" in caught.value.what
    for word in ("firewall", "subnet", "--address"):
        assert word in caught.value.hint
