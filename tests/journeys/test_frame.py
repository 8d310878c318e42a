"""A frame's journey: real RTSP, real H.264 and H.265, our real model, a real broker, a center."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.alerts.box_key import FOLDER, find_keys
from edge_agent.contract import read_body, split
from edge_agent.runtime.stop import Stop
from tests.peers.agent import Agent
from tests.peers.center import Center, until
from tests.peers.mosquitto import Mosquitto
from tests.peers.rtsp import RtspServer

pytestmark = pytest.mark.journey

MakeAgent = Callable[..., Agent]
StartRtsp = Callable[..., RtspServer]
_SEED = 20_261_123
_KILLS = 20


@pytest.mark.parametrize("clip", ["street_h264", "street_h265"])
def test_a_person_on_the_street_becomes_a_verified_alert(
    clip: str,
    request: pytest.FixtureRequest,
    rtsp_server: StartRtsp,
    broker: Mosquitto,
    center: Center,
    make_agent: MakeAgent,
) -> None:
    camera = rtsp_server(request.getfixturevalue(clip))
    agent = make_agent(broker.url).add_camera("gate", camera.url()).start()

    until(center.verified, 30, agent.words)
    alert = center.verified()[0]
    status = agent.status()
    code = agent.stop()

    assert (alert["site"], alert["box"], alert["camera"]) == ("test", "box", "gate")
    assert (alert["type"], alert["zone"], alert["state"]) == ("intrusion", "street", "new")
    assert alert["objects"][0]["label"] == "person"
    assert status is not None
    assert status["cameras"][0]["is_streaming"]
    assert status["broker"]["is_connected"]
    assert code == 0
    until(lambda: [one["state"] for one in center.statuses()][-1:] == ["stopped"], 5)


def test_the_head_of_a_box_that_stops_knows_the_ends_of_its_visits(
    rtsp_server: StartRtsp,
    street_h264: Path,
    broker: Mosquitto,
    center: Center,
    make_agent: MakeAgent,
) -> None:
    camera = rtsp_server(street_h264)
    agent = make_agent(broker.url).add_camera("gate", camera.url()).start()
    until(lambda: any(one["state"] == "new" for one in center.alerts()), 30, agent.words)

    began = time.monotonic()
    assert agent.stop() == 0
    took_s = time.monotonic() - began

    until(lambda: [one["state"] for one in center.statuses()][-1:] == ["stopped"], 5)
    told = center.statuses()[-1]["head"].encode()
    head = read_body(split(told)[0])
    newest = max(one["seq"] for one in center.alerts())
    visits = {one["id"] for one in center.alerts()}
    assert head is not None
    assert {one["id"] for one in center.alerts() if one["state"] == "end"} == visits
    assert (head.seq, head.waits_from) == (newest, None)
    assert took_s < 5


def test_killed_at_any_moment_no_alert_is_lost(
    rtsp_server: StartRtsp,
    street_h264: Path,
    broker: Mosquitto,
    center: Center,
    make_agent: MakeAgent,
) -> None:
    camera = rtsp_server(street_h264)
    agent = make_agent(broker.url).add_camera("gate", camera.url())
    moments = random.Random(_SEED)

    for _ in range(_KILLS):
        before = len(agent.kept())
        agent.start()
        # Half the kills come within a breath of an alert being kept, half of them anywhere.
        if moments.random() < 0.5:
            until(lambda so_far=before: len(agent.kept()) > so_far, 30, agent.words)
            moments_s = moments.uniform(0.0, 0.05)
        else:
            moments_s = moments.uniform(0.5, 4.0)
        Stop().wait(moments_s)
        agent.kill()
    agent.start()
    until(agent.status, 15, agent.words)
    until(lambda: agent.kept() <= center.got(), 30, lambda: agent.kept() - center.got())

    assert len(agent.kept()) >= _KILLS / 2
    assert agent.stop() == 0
    until(lambda: [one["state"] for one in center.statuses()][-1:] == ["stopped"], 5)
    keys = find_keys(agent.folder / "state" / FOLDER)
    assert keys
    report = center.report("test", "box", keys.signer.public)
    assert report.is_whole, report
    assert report.messages >= len(agent.kept())


def test_a_broker_that_is_down_at_first_and_dies_later_costs_no_alert(
    rtsp_server: StartRtsp,
    street_h264: Path,
    broker: Mosquitto,
    make_agent: MakeAgent,
) -> None:
    camera = rtsp_server(street_h264)
    broker.stop()
    agent = make_agent(broker.url).add_camera("gate", camera.url()).start()
    until(agent.kept, 30, agent.words)

    broker.start()
    with Center(broker.port) as center:
        center.listens()
        until(lambda: agent.kept() <= center.got(), 30, agent.words)
        broker.kill()
        before = len(agent.kept())
        until(lambda: len(agent.kept()) > before, 30, agent.words)
        broker.start()
        until(lambda: agent.kept() <= center.got(), 40, agent.words)

    assert "no broker" in agent.words()
    assert agent.stop() == 0
