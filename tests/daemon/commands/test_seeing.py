"""What the center may see of a camera, and what it may silence: with a real camera and the real model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from edge_agent.contract import Chain, split

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.daemon.commands.conftest import Post
    from tests.peers.commander import Commander
    from tests.peers.rtsp import RtspServer

pytestmark = pytest.mark.journey
MASK = '[[masks]]\nname = "window"\noutline = [[0, 0], [0.3, 0], [0.3, 0.3], [0, 0.3]]\n'


@pytest.fixture
def watching(
    post: Post, rtsp_server: Callable[..., RtspServer], street_h264: Path
) -> Callable[..., Commander]:
    """Start an agent that watches a street."""

    def start(*commands: str, more: str = "", confirm: str = "broker") -> Commander:
        url = rtsp_server(street_h264).url()
        post.write(commands, confirm=confirm).add_camera("gate", url)
        file = post.agent.folder / "cameras.d" / "gate.toml"
        file.write_text(file.read_text() + more)
        center = post.begin()
        post.listener.wait_for(lambda heard: _streams(heard.of("status")), 30)
        return center

    return start


def _streams(statuses: list[Any]) -> bool:
    told = [json.loads(one.payload) for one in statuses if one.payload]
    return any(one.get("cameras", {}).get("gate") == "streaming" for one in told)


def picture(post: Post, answer: Any) -> Any:
    (came,) = [one for one in post.listener.of("snapshot") if one.topic == answer.data["topic"]]
    assert came.content_type == "image/jpeg"
    assert len(came.payload) == answer.data["bytes"] <= 512 * 1024
    return cv2.imdecode(np.frombuffer(came.payload, np.uint8), cv2.IMREAD_COLOR)


def snapshot(center: Commander, seconds: float = 30.0, **args: Any) -> Any:
    """Ask until the camera has shown something."""
    answer = center.ask("snapshot", {"camera": "gate"} | args, seconds=seconds)
    for _ in range(10):
        if answer.result != "failed":
            break
        answer = center.ask("snapshot", {"camera": "gate"} | args, seconds=seconds)
    return answer


def test_heads_are_blurred_and_the_rest_is_sharp(
    watching: Callable[..., Commander], post: Post
) -> None:
    center = watching("snapshot")

    answer = snapshot(center)

    assert answer.result == "done"
    assert answer.data["redacted"] is True
    assert answer.data["blurred"] > 0
    assert picture(post, answer).shape[:2] == (480, 640)


def test_faces_are_shown_only_where_the_box_allows_it(watching: Callable[..., Commander]) -> None:
    answer = snapshot(watching("snapshot"), blur=False)

    assert answer.result == "refused"
    assert "shows no faces" in answer.reason


def test_where_the_box_allows_it_nothing_is_blurred(watching: Callable[..., Commander]) -> None:
    answer = snapshot(watching("snapshot", "snapshot_unblurred"), blur=False)

    assert (answer.result, answer.data["redacted"], answer.data["blurred"]) == ("done", False, 0)


def test_a_mask_is_black_until_it_is_switched_off(
    watching: Callable[..., Commander], post: Post
) -> None:
    center = watching("snapshot", "mask", more=MASK)

    def is_black() -> bool:
        return bool(picture(post, snapshot(center))[:140, :188].max() < 20)

    masked = picture(post, snapshot(center))
    off = center.ask("mask", {"camera": "gate", "mask": "window", "on": False})
    # While nothing moves a frame comes every two seconds.
    while is_black():
        assert post.agent.status()
    on = center.ask("mask", {"camera": "gate", "mask": "window", "on": True})

    assert is_black()
    assert masked[:140, :188].max() < 20
    assert masked[200:, 300:].mean() > 40
    assert off.data["off"] == ["gate: the mask window is switched off"]
    assert on.data["off"] == []


def test_a_rule_that_is_off_is_silent_also_after_a_restart_and_speaks_when_it_is_on_again(
    watching: Callable[..., Commander], post: Post
) -> None:
    center = watching("rule", "restart", "ping")
    post.listener.wait_for(lambda heard: bool(heard.of("alert")), 60)

    answer = center.ask("rule", {"camera": "gate", "rule": "intrusion-street", "on": False})
    assert answer.result == "done"
    assert center.ask("restart", seconds=40).result == "done"
    before = len(post.listener.of("alert"))
    status = post.agent.status()
    assert status
    assert status["switched_off"] == ["gate: the rule intrusion-street is switched off"]
    post.listener.wait_for(
        lambda _: (post.agent.status() or status)["cameras"][0]["analysed_fps"] > 3, 40
    )
    assert len(post.listener.of("alert")) == before
    center.ask("rule", {"camera": "gate", "rule": "intrusion-street", "on": True})

    post.listener.wait_for(lambda heard: len(heard.of("alert")) > before, 60)


def test_a_purge_leaves_a_tombstone_and_a_whole_chain(
    watching: Callable[..., Commander], post: Post
) -> None:
    # Nobody sends receipts, so every alert waits on the box.
    center = watching("purge", "ping", confirm="receipt")
    post.listener.wait_for(lambda heard: len(heard.of("alert")) > 1, 60)

    answer = center.ask("purge", {"what": "alerts"})

    assert answer.result == "done"
    assert answer.data["count"] >= 2
    post.listener.wait_for(lambda heard: bool(heard.of("record")), 30)
    record = json.loads(split(post.listener.of("record")[0].payload)[0])
    assert {one["why"] for one in record["ranges"]} == {"purged"}
    chain = Chain("test", "box", [center.box_key])
    # As a center that came later would have it: the record and what came after it.
    for one in (*post.listener.of("record"), *post.listener.of("alert")):
        told = json.loads(split(one.payload)[0])
        if told["seq"] > record["ranges"][-1]["last"]:
            chain.take(one.payload)
    assert chain.report().is_whole
    assert chain.report().dropped


def test_pictures_can_be_purged_alone(watching: Callable[..., Commander], post: Post) -> None:
    center = watching("purge", confirm="receipt")
    post.listener.wait_for(lambda heard: len(heard.of("thumb")) > 1, 60)

    answer = center.ask("purge", {"what": "pictures"})

    assert answer.data["count"] >= 1
    assert post.listener.of("record") == []


def test_a_camera_that_is_not_there_is_named(watching: Callable[..., Commander]) -> None:
    answer = watching("snapshot").ask("snapshot", {"camera": "yard"})

    assert (answer.result, answer.reason) == ("refused", "camera must be one of gate")
