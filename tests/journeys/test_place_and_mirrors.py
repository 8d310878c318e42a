"""A real box says where and for whom, and shows the same alert as an ONVIF event and to Home Assistant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edge_agent.contract import split
from tests.peers.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.peers.agent import Agent
    from tests.peers.mosquitto import Mosquitto
    from tests.peers.rtsp import RtspServer

pytestmark = pytest.mark.journey

_BROKER = """
[place]
name = "Simpang Plaju"
latitude = -2.9933
longitude = 104.7911
[place.area]
kecamatan = "Plaju"
[mirrors]
onvif = true
home_assistant = true
[broker]
"""


def test_who_has_to_go_where_stands_in_the_alert_and_mirrors_show_it(
    rtsp_server: Callable[..., RtspServer],
    street_h264: Path,
    broker: Mosquitto,
    make_agent: Callable[..., Agent],
) -> None:
    camera = rtsp_server(street_h264)
    agent = make_agent(broker.url, more='agencies = ["satpol-pp"]').add_camera("gate", camera.url())
    site = agent.folder / "agent.toml"
    site.write_text(site.read_text().replace("[broker]\n", _BROKER))
    with Listener(broker.port, wants="#") as everybody:
        agent.start()
        everybody.wait_for(lambda c: _has(c, "/alert/") and _is_on(c), 40)
        everybody.wait_for(lambda c: _has(c, "homeassistant/"))
        alert = next(one for one in everybody.heard if "/alert/" in one.topic)
        code = agent.stop()

    told = json.loads(split(alert.payload)[0])
    assert told["place"] == {
        "name": "Simpang Plaju",
        "latitude": -2.9933,
        "longitude": 104.7911,
        "area": {"kecamatan": "Plaju"},
    }
    assert told["agencies"] == ["satpol-pp"]
    assert len(alert.payload) < 2048
    assert code == 0


def _has(listener: Listener, part: str) -> bool:
    return any(part in one.topic for one in listener.heard)


def _is_on(listener: Listener) -> bool:
    """Whether both mirrors have said that somebody is there."""
    inside = [one for one in listener.heard if "/onvif-ej/RuleEngine/" in one.topic]
    home = {one.payload for one in listener.heard if "/up/home/gate." in one.topic}
    return b"ON" in home and any(json.loads(one.payload)["Data"]["IsInside"] for one in inside)
