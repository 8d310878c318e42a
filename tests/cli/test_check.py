"""`check` on real things: what is right, what is wrong, and that it looks at everything."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.cli.check_box import _disk, _place, _time
from edge_agent.cli.check_camera import check_rules
from edge_agent.cli.check_facts import look_up
from edge_agent.cli.main import main
from edge_agent.config.load import load_settings
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera, save_password
from edge_agent.domain.place import Place
from edge_agent.domain.sighting import Label
from edge_agent.errors import EdgeAgentError
from edge_agent.inference.model_file import find_card, load_card
from edge_agent.runtime.secret import Secret
from edge_agent.spool.options import SpoolOptions
from edge_agent.video.options import StreamOptions
from tests.fakes.clock import FakeClock
from tests.inference.pictures import model_folder
from tests.peers.listener import Listener
from tests.peers.process import free_port
from tests.peers.silent import SilentServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.peers.mosquitto import Mosquitto
    from tests.peers.rtsp import RtspServer

_ZONE = ["0.1,0.5", "0.9,0.5", "0.9,0.95", "--alert-on", "person"]


def _write_site(folder: Path, url: str, more: str = "", objects: str = "") -> None:
    (folder / "agent.toml").write_text(
        f'site = "palembang"\nbox = "plaju-01"\nstate_dir = "state"\n'
        f'[broker]\nurl = "{url}"\ninsecure = true\n{more}\n[objects]\n{objects}\n'
    )


def _check(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    code = main(["check", *words, "--config", str(folder)])
    return code, capsys.readouterr().out.splitlines()


def _line(lines: list[str], start: str) -> str:
    (line,) = [line for line in lines if line.startswith(start)]
    return line


@pytest.mark.journey
def test_a_good_box_gets_a_tick_for_everything(
    tmp_path: Path,
    broker: Mosquitto,
    rtsp_server: Callable[..., RtspServer],
    street_h264: Path,
    models_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    camera = rtsp_server(street_h264, user="viewer", password="hunter2")
    model = model_folder("nanodet", models_folder, tmp_path)
    file = save_password(tmp_path, "gate", Secret("hunter2"))
    stream = StreamOptions(
        url=camera.url(), username="viewer", password=Secret("hunter2"), password_file=file
    )
    save_camera(tmp_path, CameraSettings(id="gate", name="gate", stream=stream, main_stream=stream))
    _write_site(tmp_path, broker.url, objects=f'model = "{model}"')
    main(["zone", "add", "gate", "walkway", *_ZONE, "--config", str(tmp_path)])
    capsys.readouterr()

    with Listener(broker.port):
        code, lines = _check(tmp_path, capsys)

    assert code == 0, lines
    assert _line(lines, "✓ config").endswith(f"palembang/plaju-01: {tmp_path}")
    assert f"{tmp_path}/state can be written, " in _line(lines, "✓ disk")
    assert "loads on this processor" in _line(lines, "✓ model")
    assert _line(lines, "✓ spool").endswith("opens, 0 alerts wait")
    steps = [line.split()[2].rstrip(":") for line in lines if line[2:8] == "broker"]
    assert steps == ["reach", "TLS", "login", "publish", "receipt"]
    assert [line[9:] for line in lines if line.startswith("✓ gate")] == [
        "address: 127.0.0.1",
        f"RTSP port: {camera.port} takes connections",
        f"stream: {camera.url()} opens",
        "decode: 640x480 H.264 at 10 fps",
        f"main stream: {camera.url()} opens",
        "main decode: 640x480 H.264 at 10 fps",
        "model: nanodet-m knows person",
        "zones: walkway watched",
    ]
    assert "hunter2" not in "".join(lines)


def test_everything_wrong_is_said_in_one_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    _write_site(tmp_path, f"mqtt://127.0.0.1:{port}", objects='model = "stret"')
    url = f"rtsp://127.0.0.1:{port}/sub"
    save_camera(tmp_path, CameraSettings(id="gate", name="gate", stream=StreamOptions(url=url)))
    (tmp_path / "cameras.d/yard.toml").write_text("[stream]\nurll = 'x'\n")

    code, lines = _check(tmp_path, capsys)

    assert code == 1
    assert _line(lines, "✗ model").endswith('there is no model called "stret"')
    assert _line(lines, "✗ broker").endswith(f"reach: 127.0.0.1:{port} refused the connection")
    assert _line(lines, "✗ gate").endswith(f"RTSP port: 127.0.0.1:{port} refused the connection")
    assert _line(lines, "• gate").endswith("zones: has no rule: it will never alert")
    assert [line.partition("cameras.d/")[2] for line in lines if line.startswith("✗ yard")] == [
        "yard.toml, line 1: stream.url: is missing",
        "yard.toml, line 2: stream.urll: there is no such option",
    ]
    hints = [line for line in lines if "next:" in line]
    assert len(hints) >= 6


def test_a_bad_agent_file_is_78_and_the_cameras_are_looked_at_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "agent.toml").write_text('site = "s"\n')
    url = f"rtsp://127.0.0.1:{free_port()}/sub"
    save_camera(tmp_path, CameraSettings(id="gate", name="gate", stream=StreamOptions(url=url)))

    code, lines = _check(tmp_path, capsys)

    assert code == 78
    assert sum(line.startswith("✗ config") for line in lines) == 2
    assert sum(line.startswith("✗ gate") for line in lines) == 1


def test_one_camera_can_be_checked_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"rtsp://127.0.0.1:{free_port()}/sub"
    save_camera(tmp_path, CameraSettings(id="gate", name="gate", stream=StreamOptions(url=url)))

    code, lines = _check(tmp_path, capsys, "gate", "yard")

    assert code == 1
    assert {line[2:6] for line in lines if line[0] in "✓✗"} == {"gate", "yard"}
    assert _line(lines, "✗ yard") == f'✗ yard   there is no camera "yard" in {tmp_path}'


def test_a_box_without_cameras_is_not_ready(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write_site(tmp_path, f"mqtt://127.0.0.1:{free_port()}")

    code, lines = _check(tmp_path, capsys)

    assert code == 1
    assert lines[-2] == "✗ camera there is none yet"
    assert lines[-1].strip() == f"next: edge-agent discover --config {tmp_path}"


def test_the_exit_code_reaches_the_shell(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edge_agent", "check", "--config", str(tmp_path)]

    done = subprocess.run(command, check=False, capture_output=True, timeout=60)  # noqa: S603 (ourselves)

    assert done.returncode == 78
    assert done.stderr == b""


def test_a_disk_without_room_for_the_spool_is_wrong(tmp_path: Path) -> None:
    _write_site(tmp_path, "mqtt://127.0.0.1")
    settings = load_settings(tmp_path)
    greedy = replace(settings, spool=SpoolOptions(size_mb=10**9))

    with pytest.raises(EdgeAgentError, match="MB free, the spool may need") as caught:
        _disk(greedy)

    assert "smaller size_mb" in caught.value.hint


def test_what_the_spool_holds_already_needs_no_second_room(tmp_path: Path) -> None:
    _write_site(tmp_path, "mqtt://127.0.0.1")
    settings = load_settings(tmp_path)
    settings.state_dir.mkdir()
    with (settings.state_dir / "spool.sqlite").open("wb") as spool:
        spool.truncate(2**40)

    full = replace(settings, spool=SpoolOptions(size_mb=2**20))

    assert "can be written" in _disk(full)


def test_a_state_folder_below_a_file_is_wrong(tmp_path: Path) -> None:
    _write_site(tmp_path, "mqtt://127.0.0.1")
    (tmp_path / "state").write_text("in the way")

    with pytest.raises(EdgeAgentError, match="state cannot be written"):
        _disk(load_settings(tmp_path))


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("", "None: alerts will not say where"),
        ('[place]\nname = "Plaju"', "True: Plaju"),
        ("[place]\nlatitude = -2.9933\nlongitude = 104.7911", "True: -2.9933, 104.7911"),
        ('[place.area]\nkecamatan = "Plaju"\nrt = "12"', "True: Plaju, 12"),
    ],
)
def test_where_the_box_stands_is_said_or_missed(tmp_path: Path, place: str, told: str) -> None:
    _write_site(tmp_path, "mqtt://127.0.0.1", objects=place)
    settings = load_settings(tmp_path)

    fact = look_up("place", "place", lambda: _place(settings))

    assert f"{fact.ok}: {fact.what}" == told


def test_cameras_that_all_say_where_are_enough(tmp_path: Path) -> None:
    _write_site(tmp_path, "mqtt://127.0.0.1")
    here = CameraSettings(
        id="gate", name="gate", stream=StreamOptions(url="rtsp://10.0.0.7/"), place=Place(name="x")
    )
    settings = replace(load_settings(tmp_path), cameras=(here,))

    assert _place(settings) == "each camera says its own"


def test_an_unsure_clock_is_said_but_stops_nothing() -> None:
    clock = FakeClock()
    clock.is_synced = False

    fact = look_up("clock", "clock", lambda: _time(clock))

    assert fact.ok is None
    assert fact.what.startswith("not synchronised")
    assert "timedatectl" in fact.hint


def test_a_sure_clock_is_right() -> None:
    assert _time(FakeClock()) == "synchronised, within 12 ms"


def test_a_label_that_the_model_does_not_know_is_wrong(tmp_path: Path) -> None:
    camera = _camera_with_a_rule(tmp_path, "bus")
    card = replace(load_card(find_card("street")), labels=(Label.PERSON, None))

    model, zones = check_rules(camera, card, tmp_path)

    assert (model.ok, model.what) == (False, "model street does not know bus")
    assert model.hint.startswith("it knows person")
    assert zones.ok


def test_a_zone_that_no_rule_watches_is_said(tmp_path: Path) -> None:
    camera = _camera_with_a_rule(tmp_path, "person")
    idle = replace(camera, zones=(*camera.zones, replace(camera.zones[0], name="lawn")))

    (fact,) = check_rules(idle, None, tmp_path)

    assert (fact.ok, fact.what) == (None, "no rule watches zone lawn")


def test_everything_is_one_document_for_a_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    _write_site(tmp_path, f"mqtt://127.0.0.1:{port}")
    url = f"rtsp://127.0.0.1:{port}/sub"
    save_camera(tmp_path, CameraSettings(id="gate", name="gate", stream=StreamOptions(url=url)))

    code = main(["check", "--json", "--config", str(tmp_path)])
    facts = json.loads(capsys.readouterr().out)

    assert code == 1
    assert {tuple(fact) for fact in facts} == {("part", "step", "ok", "what", "hint")}
    of_gate = [(fact["step"], fact["ok"]) for fact in facts if fact["part"] == "gate"]
    assert of_gate == [("address", True), ("RTSP port", False), ("zones", None)]


def test_dead_cameras_and_a_dead_broker_are_asked_side_by_side(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began_mono = time.monotonic()
    with SilentServer(backlog=64) as dead:
        _write_site(tmp_path, f"mqtt://127.0.0.1:{dead.port}")
        for number in range(8):
            stream = StreamOptions(url=f"rtsp://127.0.0.1:{dead.port}/{number}")
            onvif = f"http://127.0.0.1:{dead.port}/{number}"
            name = f"camera{number}"
            camera = CameraSettings(id=name, name=name, stream=stream, onvif_url=onvif)
            save_camera(tmp_path, camera)

        code, lines = _check(tmp_path, capsys)

    assert code == 1
    assert sum("✗ camera" in line and "ONVIF: " in line for line in lines) == 8
    assert sum("✗ camera" in line and "stream: " in line for line in lines) == 8
    assert "said nothing for 5 s" in _line(lines, "✗ broker")
    # One after the other they would take 53 s.
    assert time.monotonic() - began_mono < 20


def test_ctrl_c_ends_it_while_a_stream_is_being_opened(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as dead:
        dead.settimeout(30)
        url = f"rtsp://127.0.0.1:{dead.getsockname()[1]}/sub"
        save_camera(tmp_path, CameraSettings(id="gate", name="gate", stream=StreamOptions(url=url)))
        command = [sys.executable, "-m", "edge_agent", "check", "gate", "--config", str(tmp_path)]
        with subprocess.Popen(command) as process:  # noqa: S603 (ourselves)
            # The first line of RTSP: now FFmpeg waits for the answer.
            _await_rtsp(dead)
            process.send_signal(signal.SIGINT)

            assert process.wait(10) == 130


def _await_rtsp(dead: socket.socket) -> None:
    """Take the check's look at the port, then FFmpeg's connection, which gets no answer."""
    look, _ = dead.accept()
    look.close()
    line, _ = dead.accept()
    line.settimeout(30)
    assert line.recv(7) == b"OPTIONS"
    # Left open on purpose: closed, FFmpeg would hear of it.
    line.detach()


def _camera_with_a_rule(folder: Path, label: str) -> CameraSettings:
    stream = StreamOptions(url="rtsp://10.0.0.7/")
    save_camera(folder, CameraSettings(id="gate", name="gate", stream=stream))
    words = [*_ZONE[:-1], label]
    main(["zone", "add", "gate", "walkway", *words, "--config", str(folder)])
    (camera,) = _cameras(folder)
    return camera


def _cameras(folder: Path) -> tuple[CameraSettings, ...]:
    _write_site(folder, "mqtt://127.0.0.1")
    return load_settings(folder).cameras
