"""The peers themselves must work, or every test that leans on them lies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest
from paho.mqtt import publish
from paho.mqtt.client import MQTTv5

from tests.peers import clips, netns, process
from tests.peers.node_camera import NodeCamera
from tests.peers.silent import HangUpServer, SilentServer
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.peers.mosquitto import Mosquitto
    from tests.peers.rtsp import RtspServer

_RTSP = {"rtsp_transport": "tcp", "timeout": "4000000", "analyzeduration": "500000"}

# One request as a client of gSOAP spells it, and whatever comes back.
_ASKS_THE_TIME = """
import sys, urllib.request
body = b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><t:'
body += b'GetSystemDateAndTime xmlns:t="http://www.onvif.org/ver10/device/wsdl"/></e:Body></e:Envelope>'
url = f"http://{sys.argv[1]}/onvif/device_service"
print(urllib.request.urlopen(url, body, timeout=1).read().decode())
"""


@pytest.fixture
def town() -> Iterator[netns.Box]:
    with netns.Box() as box:
        yield box


def _ask_the_time(host: netns.Host, address: str) -> str:
    """Return what the camera at that address answers to somebody at `host`; "" for nothing."""
    done = subprocess.run(  # noqa: S603 (the script above)
        [*host.within, sys.executable, "-c", _ASKS_THE_TIME, address],
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout


def _publish(broker: Mosquitto, **account: str) -> None:
    publish.single(
        "a/b",
        b"hello",
        qos=1,
        hostname="127.0.0.1",
        port=broker.port,
        protocol=MQTTv5,
        auth=account or None,
    )


def _stamps(url: str, count: int) -> list[float]:
    stamps: list[float] = []
    with av.open(url, options=_RTSP, timeout=(5, 4)) as container:
        for frame in container.decode(video=0):
            stamps.append(float(frame.time or 0))
            if len(stamps) == count:
                break
    return stamps


def test_a_broker_takes_messages_and_keeps_its_port_over_a_kill(broker: Mosquitto) -> None:
    port = broker.port
    _publish(broker)

    broker.kill()
    assert not process.accepts(port)
    broker.start()

    assert broker.port == port
    _publish(broker)


def test_a_locked_broker_turns_a_stranger_away(start_broker: Callable[..., Mosquitto]) -> None:
    broker = start_broker(users={"box": "open sesame"})

    _publish(broker, username="box", password="open sesame")
    with pytest.raises(Exception, match="Not authorized"):
        _publish(broker, username="box", password="guess")


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_time_goes_on_when_the_clip_begins_again(
    rtsp_server: Callable[..., RtspServer], codec: str
) -> None:
    clip = clips.encode(
        clips.vtest(),
        clips.Encoding(codec=codec, width_px=320, height_px=240, fps=10, gop=10, seconds=2),
    )
    server = rtsp_server(clip)

    stamps = _stamps(server.url(), 35)

    steps = [after - before for before, after in pairwise(stamps)]
    assert min(steps) > 0.05
    assert max(steps) < 0.15


@pytest.mark.parametrize("authentication", ["digest", "basic"])
def test_a_locked_camera_asks_for_its_password(
    rtsp_server: Callable[..., RtspServer], street_h264: Path, authentication: str
) -> None:
    server = rtsp_server(street_h264, user="viewer", password="p&ss", authentication=authentication)

    assert len(_stamps(server.url().replace("//", "//viewer:p%26ss@"), 3)) == 3
    with pytest.raises(av.error.HTTPUnauthorizedError):
        _stamps(server.url(), 1)


def test_two_streams_are_two_pictures(
    rtsp_server: Callable[..., RtspServer], street_h264: Path
) -> None:
    small = clips.encode(
        clips.vtest(), clips.Encoding(width_px=320, height_px=240, kbps=200, seconds=2)
    )
    server = rtsp_server(street_h264, sub=small)

    widths = []
    for path in ("/main", "/sub"):
        with av.open(server.url(path), options=_RTSP, timeout=(5, 4)) as container:
            widths.append(container.streams.video[0].codec_context.width)

    assert widths == [640, 320]


def test_a_silent_server_connects_and_says_nothing() -> None:
    with SilentServer() as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"anybody there?")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)


def test_a_server_that_hangs_up_hangs_up_at_once() -> None:
    with HangUpServer() as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(2)
        assert client.recv(1) == b""


def test_a_server_dies_with_the_test_run_that_started_it(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from tests.peers.mosquitto import Mosquitto\n"
        f"broker = Mosquitto(pathlib.Path({str(tmp_path)!r})).start()\n"
        "print(broker.port, flush=True)\n"
        "time.sleep(60)\n"
    )
    run = subprocess.Popen(  # noqa: S603 (the script above)
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=debian.REPOSITORY
    )
    assert run.stdout
    port = int(run.stdout.readline())
    assert process.accepts(port)

    os.kill(run.pid, signal.SIGKILL)
    run.communicate(timeout=5)

    deadline = time.monotonic() + 5
    while process.accepts(port):
        assert time.monotonic() < deadline, "the broker outlived the test run"


def test_a_node_camera_lives_in_2014_whoever_asks(town: netns.Box, tmp_path: Path) -> None:
    place = town.plug_in()

    with NodeCamera(tmp_path, place):
        answer = _ask_the_time(town, place.address)

    assert "GetSystemDateAndTimeResponse" in answer
    assert "<tt:Year>2014</tt:Year>" in answer


def test_a_camera_that_dhcp_moves_answers_at_its_new_address_alone(
    town: netns.Box, tmp_path: Path
) -> None:
    place = town.plug_in()
    before = place.address

    with NodeCamera(tmp_path, place):
        place.move_to("10.77.1.77")

        assert not _ask_the_time(town, before)
        assert _ask_the_time(town, "10.77.1.77")


def test_a_town_is_gone_with_the_test_run_that_laid_it() -> None:
    script = (
        "import time\n"
        "from tests.peers.netns import Box\n"
        "box = Box()\n"
        "print(box.pid, box.plug_in().pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    run = subprocess.Popen(  # noqa: S603 (the script above)
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=debian.REPOSITORY
    )
    assert run.stdout
    holders = [Path("/proc", word) for word in run.stdout.readline().decode().split()]
    assert [holder.exists() for holder in holders] == [True, True]

    os.kill(run.pid, signal.SIGKILL)
    run.communicate(timeout=5)

    deadline = time.monotonic() + 5
    while any(holder.exists() for holder in holders):
        assert time.monotonic() < deadline, "a namespace outlived the test run"
