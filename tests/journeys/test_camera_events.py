"""What a camera reports of itself goes all the way: ONVIF, our daemon, a real broker, a center."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.onvif_camera import Firmware
from tests.fakes.onvif_events import EventCamera
from tests.peers.agent import Agent
from tests.peers.center import Center, until
from tests.peers.mosquitto import Mosquitto
from tests.peers.rtsp import RtspServer
from tests.peers.silent import SilentServer

pytestmark = pytest.mark.journey

_TAMPER = "tns1:RuleEngine/TamperDetector/Tamper"


def _onvif(port: int) -> str:
    return f'[onvif]\nurl = "http://127.0.0.1:{port}/onvif/device_service"\n'


def test_a_covered_lens_reaches_the_center_with_a_picture_and_the_place_is_given_back(
    rtsp_server: Callable[..., RtspServer],
    street_h264: Path,
    broker: Mosquitto,
    center: Center,
    make_agent: Callable[..., Agent],
) -> None:
    stream = rtsp_server(street_h264)
    with (
        EventCamera(firmware=Firmware(password="", skew_s=120.0)) as camera,
        SilentServer() as silent,
    ):
        agent = make_agent(broker.url)
        agent.add_camera("gate", stream.url(), more=_onvif(camera.port))
        agent.add_camera("yard", stream.url(), more=_onvif(silent.port)).start()
        until(lambda: camera.pulls > 0 and _is_streaming(agent), 30, agent.words)

        camera.report(_TAMPER, "IsTamper=true")
        until(lambda: _tampers(center), 30, agent.words)
        status = agent.status()
        code = agent.stop(within_s=5.0)

        assert camera.subscriptions == {}, "the place was not given back"
    (alert,) = _tampers(center)[:1]
    assert (alert["camera"], alert["state"], alert["objects"]) == ("gate", "new", [])
    assert alert["clock"]["camera_offset_s"] == pytest.approx(120.0, abs=2.0)
    assert alert["thumb"] is not None
    assert status is not None
    assert [camera["says"] for camera in status["cameras"]] == ["tamper", ""]
    assert status["cameras"][0]["events"] == "on"
    assert code == 0


def _is_streaming(agent: Agent) -> bool:
    status = agent.status()
    return bool(status and status["cameras"][0]["is_streaming"])


def _tampers(center: Center) -> list[dict[str, object]]:
    return [alert for alert in center.verified() if alert["type"] == "tamper"]
