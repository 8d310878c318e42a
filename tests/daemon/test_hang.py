"""A look that never returns: one camera is blind, and everybody who should know is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_agent.certificates.expiry import Expiry
from edge_agent.daemon import service
from edge_agent.daemon.camera_loop import CameraLoop
from edge_agent.daemon.publish_loop import BrokerState
from edge_agent.daemon.report import Reporter
from edge_agent.inference.pool import NetworkPool
from edge_agent.inference.slots import Slot
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.stop import Stop
from edge_agent.video.attention import Attention
from edge_agent.video.camera_reader import ReaderState
from tests.fakes.cameras import make_pipeline
from tests.fakes.clock import FakeClock
from tests.fakes.frames import grey_frame
from tests.fakes.network import HungNetwork
from tests.fakes.stages import PERSON, FakeMotion, FakeObjects, FakeSpool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge_agent.domain.frame import Frame
    from edge_agent.domain.geometry import Box
    from edge_agent.domain.sighting import Sighting

SLOT = Slot((1, 2, 2, 3), np.dtype(np.int8), 1 / 255, -128)


class AskingObjects(FakeObjects):
    """Asks the box's networks before it says what it sees."""

    def __init__(self, pool: NetworkPool) -> None:
        super().__init__()
        self._pool = pool

    def look(self, frame: Frame, crops: Sequence[Box]) -> list[Sighting]:
        self._pool.run(np.zeros(SLOT.shape, SLOT.dtype))
        return super().look(frame, crops)


class Site:
    """One camera whose model hangs at its first frame."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.network = HungNetwork([SLOT], [SLOT], [np.zeros(SLOT.shape, SLOT.dtype)])
        pool = NetworkPool(lambda: self.network, most=1)
        pool.make_room(1)
        self.frames: Mailbox[Frame] = Mailbox(size=1)
        self.loop = CameraLoop(
            frames=self.frames,
            events=Mailbox(size=8),
            pipeline=make_pipeline(self.clock, FakeMotion(), AskingObjects(pool)),
            attention=Attention(self.clock, first_s=0.0),
            spool=FakeSpool(),
            nudge=lambda: None,
            frames_per_second=5.0,
            clock=self.clock,
            stop=Stop(),
        )
        self.camera = SimpleNamespace(
            settings=SimpleNamespace(id="gate", name="Gate", rules=()),
            reader=SimpleNamespace(state=ReaderState(is_streaming=True)),
            loop=self.loop,
            events=None,
        )
        self.publisher = SimpleNamespace(
            state=lambda: BrokerState(is_connected=True, beat_mono=self.clock.mono())
        )
        self.reporter = self._reporter()

    def _reporter(self) -> Reporter:
        return Reporter(
            settings=SimpleNamespace(
                refused=(), site="s", box="b", broker=SimpleNamespace(url="mqtts://b")
            ),
            model="street 1.0.0",
            cameras=[self.camera],
            spool=SimpleNamespace(state=lambda: SimpleNamespace(waiting=0)),
            publisher=self.publisher,
            refind=SimpleNamespace(moves={}),
            switches=SimpleNamespace(off=tuple),
            proposal=SimpleNamespace(on_trial=None),
            refused_commands=int,
            renew=SimpleNamespace(state=Expiry),
            clock=self.clock,
        )

    def hangs(self) -> bool:
        return service._hangs([self.camera], self.publisher, self.clock.mono())


@pytest.fixture
def hung() -> Iterator[Site]:
    site = Site()
    site.frames.put(grey_frame(0.0, patch=PERSON))
    with site.network.hanging(site.loop.run_once):
        yield site


def test_a_look_that_takes_its_time_is_no_hang(hung: Site) -> None:
    hung.clock.advance(19.0)

    assert not hung.hangs()
    assert "HANGS" not in hung.reporter.line()


def test_the_journal_names_the_camera_and_systemd_is_not_told(
    hung: Site, caplog: pytest.LogCaptureFixture
) -> None:
    hung.clock.advance(21.0)

    assert hung.hangs()
    assert "gate watch has not gone round for more than 20 s: it hangs" in caplog.text
    assert "publish has not" not in caplog.text


def test_systemctl_status_shows_which_camera_is_blind(hung: Site) -> None:
    hung.clock.advance(21.0)

    assert "; the analysis of gate HANGS" in hung.reporter.line()


def test_the_status_tells_for_how_long(hung: Site) -> None:
    hung.clock.advance(35.0)

    assert hung.reporter._camera(hung.camera).hung_s == pytest.approx(35.0)
    assert hung.reporter._camera(hung.camera).is_streaming


def test_a_publisher_that_hangs_is_named_too(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    publisher = SimpleNamespace(state=lambda: BrokerState(beat_mono=site.clock.mono() - 21.0))

    assert service._hangs([], publisher, site.clock.mono())
    assert "publish has not gone round for more than 20 s: it hangs" in caplog.text


def test_a_camera_whose_look_came_back_is_well_again() -> None:
    site = Site()
    site.frames.put(grey_frame(0.0, patch=PERSON))
    with site.network.hanging(site.loop.run_once):
        site.clock.advance(21.0)
        assert site.hangs()

    site.loop.run_once()

    assert not site.hangs()
