"""All cameras share a box's networks: each runs one look at a time, and a hanging one is told."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_agent.errors import EdgeAgentError
from edge_agent.inference.pool import NetworkPool
from edge_agent.inference.slots import Slot
from tests.fakes.network import FakeNetwork, HungNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_agent.inference.slots import Raw

SLOT = Slot((1, 2, 2, 3), np.dtype(np.int8), 1 / 255, -128)
PICTURE = np.ones(SLOT.shape, SLOT.dtype)
ANSWER = [np.full(SLOT.shape, 7, SLOT.dtype)]


def network() -> FakeNetwork:
    return FakeNetwork([SLOT], [SLOT], ANSWER)


class Box:
    """Opens networks and remembers them."""

    def __init__(self, *, most: int, longest_wait_s: float = 10.0) -> None:
        self.opened: list[FakeNetwork] = []
        self.pool = NetworkPool(self._open, most=most, longest_wait_s=longest_wait_s)

    def _open(self) -> FakeNetwork:
        self.opened.append(network())
        return self.opened[-1]


class Jealous(FakeNetwork):
    """Insists that only one thread is inside, as a real network's buffers do."""

    def __init__(self) -> None:
        super().__init__([SLOT], [SLOT], ANSWER)
        self._inside = threading.Lock()

    def run(self, picture: Raw) -> Sequence[Raw]:
        assert self._inside.acquire(blocking=False), "two threads are in one network"
        try:
            return super().run(picture)
        finally:
            self._inside.release()


@pytest.mark.parametrize(
    ("cores", "cameras", "networks"), [(4, 1, 1), (4, 3, 3), (4, 16, 4), (1, 8, 1)]
)
def test_there_are_as_many_networks_as_cameras_or_cores(
    cores: int, cameras: int, networks: int
) -> None:
    box = Box(most=cores)

    for number in range(1, cameras + 1):
        box.pool.make_room(number)

    assert len(box.opened) == networks


def test_every_network_has_run_before_the_first_alert_needs_it() -> None:
    box = Box(most=2)

    box.pool.make_room(2)

    assert [len(one.pictures) for one in box.opened] == [1, 1]
    assert not box.opened[0].pictures[0].any()


def test_a_look_is_answered_as_by_the_network_itself() -> None:
    box = Box(most=2)
    box.pool.make_room(1)

    answer = box.pool.run(PICTURE)

    assert np.array_equal(answer[0], ANSWER[0])
    assert box.opened[0].pictures[-1] is PICTURE
    assert (box.pool.inputs, box.pool.outputs) == ((SLOT,), (SLOT,))


def test_no_network_is_used_by_two_cameras_at_once() -> None:
    opened = [Jealous(), Jealous()]
    pool = NetworkPool(iter(opened).__next__, most=2)
    pool.make_room(8)

    with ThreadPoolExecutor(8) as cameras:
        answers = list(cameras.map(lambda _: pool.run(PICTURE), range(200)))

    assert len(answers) == 200
    assert sum(len(one.pictures) for one in opened) == 202


def test_where_one_look_hangs_the_other_cameras_go_on() -> None:
    hung = HungNetwork([SLOT], [SLOT], ANSWER)
    healthy = network()
    # The one that was given back last is taken first: the hanging one.
    pool = NetworkPool(iter([healthy, hung]).__next__, most=2, longest_wait_s=0.0)
    pool.make_room(2)

    with hung.hanging(lambda: pool.run(PICTURE)):
        for _ in range(3):
            pool.run(PICTURE)

        assert len(healthy.pictures) == 4


def test_where_all_looks_hang_the_next_one_says_so() -> None:
    hung = HungNetwork([SLOT], [SLOT], ANSWER)
    pool = NetworkPool(lambda: hung, most=1, longest_wait_s=0.0)
    pool.make_room(1)

    with (
        hung.hanging(lambda: pool.run(PICTURE)),
        pytest.raises(
            EdgeAgentError, match="no network has answered for 0 s: the model hangs"
        ) as caught,
    ):
        pool.run(PICTURE)

    assert "choose another model" in caught.value.hint


def test_a_network_that_failed_is_not_lost_for_the_others() -> None:
    class Failing(FakeNetwork):
        def run(self, picture: Raw) -> Sequence[Raw]:
            if picture.any():
                raise RuntimeError("out of memory")
            return super().run(picture)

    pool = NetworkPool(lambda: Failing([SLOT], [SLOT], ANSWER), most=1, longest_wait_s=0.0)
    pool.make_room(1)

    with pytest.raises(RuntimeError):
        pool.run(PICTURE)

    assert pool.run(np.zeros_like(PICTURE))
