"""Receipts that get lost, come twice, late, in another order, or from somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.week import hurry_until_delivered
from tests.peers.durable_center import Faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.scene import Scene

pytestmark = pytest.mark.journey


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param({"lost": 0.5}, id="lost"),
        pytest.param({"doubled": 1.0}, id="doubled"),
        pytest.param({"reordered": 0.7}, id="reordered"),
        pytest.param({"forged": 1.0}, id="forged"),
        pytest.param({"lost": 0.3, "doubled": 0.3, "reordered": 0.3, "forged": 0.3}, id="all"),
    ],
)
def test_receipts_that_go_wrong_lose_nothing_and_wedge_nothing(
    faults: dict[str, float], set_scene: Callable[..., Scene]
) -> None:
    scene = set_scene(faults=Faults(**faults))
    for _ in range(6):
        scene.box.see(10, every_s=0.005, picture_bytes=1500)
    hurry_until_delivered(scene)

    scene.ends_well()

    assert scene.box.loop.state().refused_receipts == scene.center.came.forged


def test_a_forged_receipt_for_everything_frees_nothing(set_scene: Callable[..., Scene]) -> None:
    scene = set_scene(faults=Faults(lost=1.0, forged=1.0))
    scene.box.see(20)
    scene.box.waits_until(lambda: scene.box.loop.state().refused_receipts >= 1)
    scene.box.waits_until(lambda: scene.center.came.alerts == 20)
    kept = scene.box.spool.state().waiting

    scene.center.faults = Faults()
    hurry_until_delivered(scene)

    assert kept == 20
    scene.ends_well()


def test_a_center_without_its_disk_for_a_while_gets_everything_again(
    set_scene: Callable[..., Scene],
) -> None:
    scene = set_scene()
    scene.center.go_away()
    scene.box.see(30)
    scene.broker.kill()
    scene.broker.start()
    scene.box.comes_back()

    scene.center.come_back()
    hurry_until_delivered(scene)

    scene.ends_well()
