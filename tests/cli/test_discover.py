import argparse
import io
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge_agent.cli.console import Console
from edge_agent.cli.discover import run, set_up
from edge_agent.cli.discover_table import Row, in_order
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import save_camera
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.discovery import LISTEN_S, PORT
from edge_agent.runtime.stop import Stop
from edge_agent.video.options import StreamOptions
from tests.fakes.onvif_camera import Firmware, OnvifCamera


def arguments(folder: Path, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    set_up(parser)
    args = parser.parse_args([*words], argparse.Namespace(config=folder))
    # Nobody may listen for so short a time at a real site; the fakes answer at once.
    args.listen = 0.3 if args.listen == LISTEN_S else args.listen
    return args


def discover(folder: Path, *words: str, port: int, width: int = 160) -> tuple[int, str]:
    out = io.StringIO()
    console = Console(out, is_terminal=False, width=width)
    return run(arguments(folder, *words), console, discovery_port=port), out.getvalue()


def as_json(folder: Path, *words: str, port: int) -> list[dict[str, Any]]:
    _, out = discover(folder, "--json", *words, port=port)
    rows: list[dict[str, Any]] = json.loads(out)
    return rows


@contextmanager
def deaf_port() -> Iterator[int]:
    """A UDP port where nobody ever answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield deaf.getsockname()[1]


class Ending(io.StringIO):
    """An output that ends the watch when the first camera is shown."""

    def __init__(self, stop: Stop) -> None:
        super().__init__()
        self._stop = stop

    def write(self, text: str) -> int:
        self._stop.tell()
        return super().write(text)


def test_a_camera_on_the_wire_is_listed_with_what_it_needs(tmp_path: Path) -> None:
    with OnvifCamera() as camera:
        code, out = discover(tmp_path, port=camera.discovery_port)

    header, row, advice = out.splitlines()
    assert code == 0
    assert header.split()[:3] == ["NAME", "MAKER", "MODEL"]
    for word in ("Front Door", "AC-100", f"127.0.0.1:{camera.port}", "yes", "needs password"):
        assert word in row
    assert advice == f"next: edge-agent add 127.0.0.1:{camera.port}"


def test_an_open_camera_is_ready(tmp_path: Path) -> None:
    with OnvifCamera(Firmware(password="")) as camera:
        (row,) = as_json(tmp_path, port=camera.discovery_port)

    assert row["status"] == "ready"
    assert (row["maker"], row["model"], row["configured"]) == ("Acme", "AC-100", None)


def test_a_camera_out_of_reach_of_multicast_is_asked_by_address(tmp_path: Path) -> None:
    with OnvifCamera() as camera:
        (row,) = as_json(tmp_path, "--address", "127.0.0.1", port=camera.discovery_port)

    assert (row["name"], row["port"]) == ("Front Door", camera.port)


def test_a_camera_without_discovery_is_found_by_its_port(tmp_path: Path) -> None:
    with OnvifCamera() as camera, deaf_port() as port:
        (row,) = as_json(tmp_path, "--address", f"127.0.0.1:{camera.port}", port=port)

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
        (row,) = as_json(tmp_path, port=camera.discovery_port)

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
        _, out = discover(tmp_path, port=camera.discovery_port)

    assert " gate" in out.splitlines()[1]
    assert "all of them are configured" in out


def test_a_configuration_with_mistakes_does_not_hide_the_cameras(tmp_path: Path) -> None:
    (tmp_path / "cameras.d").mkdir()
    (tmp_path / "cameras.d" / "gate.toml").write_text("stream = 5\n")

    with OnvifCamera() as camera:
        code, _ = discover(tmp_path, port=camera.discovery_port)

    assert code == 0


def test_a_stream_on_the_same_host_is_marked_as_known(tmp_path: Path) -> None:
    with OnvifCamera() as camera:
        for channel in ("ch1", "ch2"):
            stream = StreamOptions(url=f"rtsp://127.0.0.1/{channel}")
            save_camera(tmp_path, CameraSettings(id=channel, name=channel, stream=stream))
        (row,) = as_json(tmp_path, port=camera.discovery_port)

    assert row["configured"] == "ch1, ch2"


@pytest.mark.parametrize("seconds", ["0", "-1", "0.9", "61", "nan", "inf", "soon"])
def test_a_time_that_nobody_means_is_wrong_usage(
    tmp_path: Path, seconds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        discover(tmp_path, "--listen", seconds, port=9)

    assert caught.value.code == 2
    assert f'"{seconds}" must be 1 to 60 seconds' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--ports", ""),
        ("--ports", "80,80"),
        ("--ports", "0"),
        ("--ports", "65536"),
        ("--ports", "80,http"),
        ("--subnet", "office"),
        ("--subnet", "10.0.0.0/33"),
    ],
)
def test_what_is_no_port_and_no_subnet_is_wrong_usage(
    tmp_path: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        arguments(tmp_path, option, value)

    assert caught.value.code == 2
    assert f'"{value}"' in capsys.readouterr().err


def test_silence_comes_with_advice(tmp_path: Path) -> None:
    with OnvifCamera(Firmware(hangs=True)) as camera, pytest.raises(EdgeAgentError) as caught:
        discover(tmp_path, port=camera.discovery_port)

    assert "lo (127.0.0.1)" in caught.value.what
    for word in ("firewall", "subnet", "--subnet", f"UDP port {PORT}"):
        assert word in caught.value.hint


def test_silence_in_a_subnet_says_where_was_asked(tmp_path: Path) -> None:
    words = ("--subnet", "127.0.8.0/30", "--ports", "9")

    with OnvifCamera(Firmware(hangs=True)) as camera, pytest.raises(EdgeAgentError) as caught:
        discover(tmp_path, *words, port=camera.discovery_port)

    assert "one by one in 127.0.8.0/30" in caught.value.what
    assert "--address" in caught.value.hint


def test_a_whole_town_is_not_swept_by_mistake(tmp_path: Path) -> None:
    with pytest.raises(EdgeAgentError, match="65536 addresses"):
        discover(tmp_path, "--subnet", "10.0.0.0/16", port=9)


def test_a_camera_deaf_to_discovery_is_found_by_a_sweep(tmp_path: Path) -> None:
    with OnvifCamera(host="127.0.8.2") as camera, deaf_port() as port:
        ports = f"9,{camera.port}"
        (row,) = as_json(tmp_path, "--subnet", "127.0.8.0/29", "--ports", ports, port=port)

    assert (row["host"], row["port"]) == ("127.0.8.2", camera.port)
    assert (row["status"], row["name"]) == ("needs password", "")


def test_a_camera_found_in_two_ways_is_one_row(tmp_path: Path) -> None:
    with OnvifCamera(Firmware(claimed_host="127.0.8.2"), host="127.0.8.2") as camera:
        words = ("--subnet", "127.0.8.0/29", "--ports", str(camera.port))
        (row,) = as_json(tmp_path, *words, port=camera.discovery_port)

    assert (row["host"], row["name"]) == ("127.0.8.2", "Front Door")


def test_a_host_with_two_open_ports_is_one_row(tmp_path: Path) -> None:
    with (
        OnvifCamera(Firmware(is_a_web_server=True), host="127.0.8.2") as page,
        OnvifCamera(host="127.0.8.2") as camera,
        deaf_port() as port,
    ):
        ports = f"{page.port},{camera.port}"
        (row,) = as_json(tmp_path, "--subnet", "127.0.8.0/29", "--ports", ports, port=port)

    assert (row["port"], row["status"]) == (camera.port, "needs password")


def test_other_hosts_of_a_subnet_stand_below_the_cameras(tmp_path: Path) -> None:
    with (
        OnvifCamera(Firmware(is_a_web_server=True), host="127.0.8.1") as page,
        OnvifCamera(host="127.0.8.2") as camera,
        deaf_port() as port,
    ):
        ports = f"{page.port},{camera.port}"
        rows = as_json(tmp_path, "--subnet", "127.0.8.0/29", "--ports", ports, port=port)

    statuses = [row["status"] for row in rows]
    assert statuses == ["needs password", "reachable, no ONVIF"]


def test_a_street_of_cameras_fits_on_a_narrow_terminal(tmp_path: Path) -> None:
    names = ["North gate of the old market", "A"]
    with ExitStack() as stack:
        cameras: list[OnvifCamera] = []
        for number, name in enumerate(names):
            firmware = Firmware(name=name, endpoint=f"urn:uuid:{number}", claimed_host="0.0.0.0")  # noqa: S104 (a defect)
            camera = OnvifCamera(
                firmware,
                host=f"127.100.100.10{number}",
                discovery_port=cameras[0].discovery_port if cameras else 0,
            )
            cameras.append(stack.enter_context(camera))
        _, out = discover(tmp_path, port=cameras[0].discovery_port, width=80)

    _, first, second, _ = out.splitlines()
    assert max(map(len, out.splitlines())) <= 80
    for line, camera in zip((first, second), cameras, strict=True):
        assert f" {camera.firmware.name[:4]}" in f" {line}"
        assert f"127.100.100.10{cameras.index(camera)}:{camera.port} " in line
        assert "needs password" in line


def test_the_addresses_one_can_type_come_first() -> None:
    hosts = ["fe80::2%eth0", "10.0.0.10", "10.0.0.9"]
    rows = [Row(address=Address(host), status="ready", configured="") for host in hosts]

    assert [row.address.host for row in in_order(rows)] == ["10.0.0.9", "10.0.0.10", "fe80::2%eth0"]


def test_two_cameras_at_one_address_are_pointed_out(tmp_path: Path) -> None:
    with OnvifCamera(Firmware(endpoint="urn:uuid:1")) as one:
        second = Firmware(endpoint="urn:uuid:2", claimed_port=one.port)
        with OnvifCamera(second, discovery_port=one.discovery_port):
            _, out = discover(tmp_path, port=one.discovery_port)

    assert f"2 cameras answer at 127.0.0.1:{one.port}" in out
    assert "unplug all but one" in out


def test_two_cameras_of_one_name_for_life_are_pointed_out(tmp_path: Path) -> None:
    with (
        OnvifCamera(host="127.0.8.2") as one,
        OnvifCamera(host="127.0.8.3", discovery_port=one.discovery_port),
    ):
        _, out = discover(tmp_path, port=one.discovery_port)

    assert "answer in one camera's name" in out


def test_a_camera_that_hangs_gets_the_advice_to_restart_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with OnvifCamera(Firmware(claimed_port=port)) as camera:
        _, out = discover(tmp_path, port=camera.discovery_port)

    assert f"edge-agent discover --address 127.0.0.1:{port}" in out
    assert "refuses connections" in out


def test_a_watch_tells_each_camera_as_it_comes(tmp_path: Path) -> None:
    stop = Stop()
    out = Ending(stop)
    with OnvifCamera() as camera:
        args = arguments(tmp_path, "--watch")
        console = Console(out, is_terminal=False)
        code = run(args, console, discovery_port=camera.discovery_port, stop=stop)

    assert code == 0
    assert f"new     127.0.0.1:{camera.port}" in out.getvalue()


def test_a_watch_that_saw_nobody_ends_with_advice(tmp_path: Path) -> None:
    stop = Stop()
    stop.tell()
    console = Console(io.StringIO(), is_terminal=False)

    with deaf_port() as port, pytest.raises(EdgeAgentError, match="no camera answered"):
        run(arguments(tmp_path, "--watch"), console, discovery_port=port, stop=stop)


@pytest.mark.parametrize(
    "words",
    [("--address", ""), ("--address", " "), ("--ports", "80"), ("--force",)],
)
def test_an_option_that_says_nothing_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    with deaf_port() as port, pytest.raises(SystemExit) as ended:
        discover(tmp_path, *words, port=port)

    assert ended.value.code == 2
    assert words[0] in capsys.readouterr().err.splitlines()[-1]


def test_a_program_that_asks_where_nobody_is_reads_an_empty_list(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        where = f"127.0.0.1:{closed.getsockname()[1]}"
    out = io.StringIO()

    with deaf_port() as port, pytest.raises(EdgeAgentError, match="refuses connections"):
        run(
            arguments(tmp_path, "--json", "--address", where),
            Console(out, is_terminal=False),
            discovery_port=port,
        )

    assert json.loads(out.getvalue()) == []


@pytest.mark.parametrize(
    ("firmware", "why"),
    [
        (Firmware(cuts_replies_short=True), "cut off before its end"),
        (Firmware(sends_entities=True), "DOCTYPE"),
    ],
)
def test_a_camera_whose_onvif_is_broken_is_still_a_camera(
    tmp_path: Path, firmware: Firmware, why: str
) -> None:
    with OnvifCamera(firmware) as camera:
        code, out = discover(tmp_path, port=camera.discovery_port)
        (row,) = as_json(tmp_path, port=camera.discovery_port)

    assert code == 0
    assert "ONVIF, but broken" in out
    assert why in out
    assert "edge-agent add rtsp://127.0.0.1/PATH" in out
    assert row["status"] == "ONVIF, but broken"
    assert why in row["problem"]
