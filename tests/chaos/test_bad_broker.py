"""A broker that freezes, hangs up, refuses or throws out, and a line that only looks alive."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_agent.daemon.health import problems
from edge_agent.domain.sighting import Severity
from tests.daemon.test_health import WELL
from tests.fakes.box import BOX, SITE
from tests.fakes.scripted_broker import Script, ScriptedBroker
from tests.peers.flaky import Line
from tests.peers.publishing_box import PublishingBox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.chaos.scene import Scene

    SetScene = Callable[..., Scene]

pytestmark = pytest.mark.journey


def test_a_frozen_broker_is_left_and_found_again(set_scene: SetScene) -> None:
    # So that it is not the keepalive that notices.
    scene = set_scene(keepalive_s=30)
    scene.box.see(5)
    scene.broker.freeze()
    scene.box.see(10)
    scene.box.waits_until(lambda: scene.box.loop.state().losses, 5)

    scene.broker.thaw()

    scene.ends_well()


def test_a_line_that_swallows_everything_is_left_and_found_again(set_scene: SetScene) -> None:
    scene = set_scene(keepalive_s=30)
    scene.line.set(Line.SWALLOWS)
    scene.box.see(10)
    scene.box.waits_until(lambda: scene.box.loop.state().losses, 5)

    scene.line.set(Line.UP)

    scene.ends_well()


def test_a_line_that_swallows_everything_is_noticed_with_nothing_to_send(
    set_scene: SetScene,
) -> None:
    scene = set_scene()
    began = time.monotonic()
    scene.line.set(Line.SWALLOWS)

    scene.box.waits_until(lambda: scene.box.loop.state().losses, 10)

    # Twice the keepalive of two seconds, and a turn.
    assert time.monotonic() - began < 6
    scene.line.set(Line.UP)
    scene.ends_well()


@pytest.mark.parametrize(
    "limit",
    [
        # Told at CONNACK: never sent.
        "max_packet_size 20000",
        # Not told: the broker hangs up over it, and paho alone would send it for ever.
        "message_size_limit 19000",
    ],
)
def test_a_message_that_the_broker_cannot_take_holds_up_nothing(
    limit: str, set_scene: SetScene
) -> None:
    scene = set_scene(settings=(limit,))
    scene.box.see(3, picture_bytes=1000)
    scene.box.see(1, picture_bytes=1000, padding=25_000)
    scene.box.see(3, picture_bytes=1000)
    scene.box.waits_until(lambda: hurry(scene) and scene.box.spool.state().parked, 20)
    scene.box.see(3, picture_bytes=1000)

    told = scene.ends_well(gone=1)

    assert told.dropped[0].first == 4
    assert scene.line.counts.connections < 12


def hurry(scene: Scene) -> bool:
    scene.box.clock.ahead_s += 1.0
    return True


def test_what_the_access_rules_refuse_is_told_by_a_record_and_holds_up_nothing(
    set_scene: SetScene,
) -> None:
    rules = "topic deny city/v1/+/+/up/alert/yard\ntopic readwrite city/#"
    scene = set_scene(acl=rules)
    for camera in ("gate", "yard", "gate", "yard", "gate"):
        scene.box.see(1, camera=camera)
    scene.box.waits_until(lambda: scene.box.spool.state().parked == 2)
    scene.box.see(1)

    told = scene.ends_well(gone=2)

    assert [(one.first, one.last) for one in told.dropped] == [(2, 2), (4, 4)]


def test_rules_that_refuse_everything_wedge_nothing(set_scene: SetScene) -> None:
    rules = "topic deny city/v1/+/+/up/alert/#\ntopic readwrite city/#"
    scene = set_scene(acl=rules)

    scene.box.see(30)
    scene.box.waits_until(lambda: scene.box.spool.state().parked == 30)

    assert scene.box.loop.state().is_connected
    assert scene.line.counts.connections == 1


def test_a_second_box_of_the_same_name_is_counted_and_told(tmp_path: Path) -> None:
    taken_over = Script(hang_up={b"up/alert/": 0x8E})
    with (
        ScriptedBroker(taken_over) as broker,
        PublishingBox(tmp_path, f"mqtt://127.0.0.1:{broker.port}") as box,
    ):
        box.see(1)
        box.waits_until(lambda: hurried(box) and box.loop.state().takeovers >= 2)
        state = box.loop.state()

    ill = replace(WELL, broker=replace(WELL.broker, takeovers=state.takeovers))
    [line] = problems(ill)
    assert "came under this box's name: a copied certificate?" in line


def hurried(box: PublishingBox) -> bool:
    box.clock.ahead_s += 0.5
    return True


def test_two_boxes_of_one_name_do_not_throw_each_other_out_in_a_hot_loop(
    set_scene: SetScene, tmp_path: Path
) -> None:
    scene = set_scene()
    with PublishingBox(tmp_path / "copy", scene.line.url) as copy:
        copy.waits_until(lambda: copy.loop.state().losses + scene.box.loop.state().losses >= 2)
        began, before = time.monotonic(), scene.line.counts.connections
        scene.box.see(5, severity=Severity.HIGH, every_s=1.0)
        a_second = (scene.line.counts.connections - before) / (time.monotonic() - began)

    # paho alone: nine in eight seconds, for ever; ours become ever more seldom.
    assert a_second < 1.0
    scene.box.comes_back()
    scene.box.delivers_all()
    told = scene.center.report(SITE, BOX, [scene.box.key])
    assert len(told.unknown_keys) == 1
    assert set(scene.box.promised) == set(scene.center.names())
