"""A clock that is a year wrong, and is put right while the box runs and while it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.scene import Scene

YEAR_S = 365 * 86_400.0
pytestmark = pytest.mark.journey


@pytest.mark.parametrize("jumps", [(YEAR_S, -YEAR_S), (-YEAR_S, YEAR_S)])
def test_a_clock_that_jumps_a_year_and_back_loses_nothing(
    jumps: tuple[float, float], set_scene: Callable[..., Scene]
) -> None:
    scene = set_scene()
    scene.box.see(5)
    for jump in jumps:
        scene.box.clock.wall_ahead_s += jump
        scene.box.see(5)
        scene.broker.restart()
        scene.box.comes_back()
        scene.box.see(5)

    told = scene.ends_well()

    assert told.messages == 25


@pytest.mark.parametrize("wrong_s", [YEAR_S, -YEAR_S])
def test_a_start_with_a_clock_a_year_off_is_still_a_later_session(
    wrong_s: float, set_scene: Callable[..., Scene]
) -> None:
    scene = set_scene()
    sessions = [scene.box.loop.session()]
    for ahead_s in (wrong_s, 0.0):
        scene.box.see(5)
        scene.end_box()
        scene.start_box(wall_ahead_s=ahead_s)
        sessions.append(scene.box.loop.session())

    scene.box.see(5)

    assert scene.ends_well().messages == 15
    assert sessions == sorted(set(sessions))
