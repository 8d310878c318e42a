"""The events thread beside a camera that minds its contract; sockets and time are real, and short."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from edge_agent.daemon import service
from edge_agent.daemon.camera_events import CameraEvents, Listener
from edge_agent.daemon.cameras import events_worker
from edge_agent.daemon.proposal import Proposal
from edge_agent.onvif.address import Address
from edge_agent.onvif.events import CameraEvent, EventKind
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from tests.fakes.clock import FakeClock
from tests.fakes.onvif_camera import Firmware, Stream
from tests.fakes.onvif_events import EventCamera, Habits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_agent.runtime.clock import Clock

PASSWORD = Firmware().password
_MOTION = ("tns1:VideoSource/MotionAlarm", "State=true")


class Site:
    """The events thread of one camera, and what it hands over."""

    def __init__(
        self,
        camera: EventCamera,
        password: str = PASSWORD,
        *sources: str,
        clock: Clock | None = None,
    ) -> None:
        self.stop = Stop()
        self.events = CameraEvents(
            address=Address("127.0.0.1", camera.port),
            credentials=Credentials("admin", Secret(password)),
            clock=clock or SystemClock(),
            stop=self.stop,
            pull_s=0.2,
        )
        self.boxes = [Mailbox[CameraEvent](128) for _ in sources or ("",)]
        for source, box in zip(sources or ("",), self.boxes, strict=True):
            self.events.add(Listener(source, box))

    def heard(self, seconds: float = 5.0, box: int = 0) -> CameraEvent:
        event = self.boxes[box].get(seconds)
        assert event is not None, f"nothing was heard: {self.events.state}"
        return event


@contextmanager
def running(site: Site) -> Iterator[Site]:
    worker = Worker("gate events", site.events.run, on_failure=site.stop.tell)
    worker.start()
    try:
        yield site
    finally:
        site.stop.tell()
        began = time.monotonic()
        assert worker.join(5.0), "the events thread does not end"
        assert time.monotonic() - began < 3.0
        assert worker.failure is None


class Hours:
    """Time at a site that goes by at a word of ours, for camera and agent alike."""

    def __init__(self, camera: EventCamera) -> None:
        self.clock = FakeClock()
        self._camera = camera

    def pass_by(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self._camera.skew_s += seconds


def until(is_so: Callable[[], bool], seconds: float = 5.0) -> None:
    ends = time.monotonic() + seconds
    pause = Stop()
    while not is_so():
        assert time.monotonic() < ends, "it never came to that"
        pause.wait(0.01)


def test_what_the_camera_reports_arrives_and_the_place_is_given_back() -> None:
    with EventCamera() as camera, running(Site(camera)) as site:
        until(lambda: site.events.state.word == "on")
        camera.report(*_MOTION)

        event = site.heard()

        assert (event.kind, event.is_active, event.source) == (EventKind.MOTION, True, "VS_1")
        assert site.events.state.count == 1
    assert camera.seen.operations[-1] == "Unsubscribe"
    assert camera.most_subscribed == 1


def test_who_it_is_was_asked_once_by_the_way() -> None:
    with EventCamera() as camera, running(Site(camera)) as site:
        until(lambda: site.events.device is not None)
        until(lambda: camera.pulls > 2)

        assert site.events.device
        assert site.events.device.firmware
    assert camera.seen.operations.count("GetDeviceInformation") == 1


def test_another_camera_of_the_device_hears_as_soon_as_it_is_added() -> None:
    with EventCamera() as camera, running(Site(camera)) as site:
        until(lambda: site.events.state.word == "on")
        another = Listener("", Mailbox[CameraEvent](128))
        site.events.add(another)
        until(lambda: camera.seen.operations.count("CreatePullPointSubscription") == 2, 15.0)
        until(lambda: site.events.state.word == "on" and bool(camera.subscriptions))
        camera.report(*_MOTION)

        assert another.events.get(5.0) is not None
        site.events.drop(another)
        camera.report("tns1:VideoSource/MotionAlarm", "State=false")
        assert another.events.get(0.5) is None
    assert camera.most_subscribed == 1


def test_a_stop_in_the_middle_of_a_long_wait_is_heeded_at_once() -> None:
    with EventCamera() as camera:
        site = Site(camera)
        site.events._pull_s = 10.0
        with running(site):
            until(lambda: "PullMessages" in camera.seen.operations)

        assert camera.subscriptions == {}


def test_a_camera_behind_a_router_is_called_by_its_own_name_at_our_address() -> None:
    # EventCamera claims 10.9.8.7 and notes a violation where To is not what it claimed.
    with EventCamera(Habits(uses_reference=True)) as camera, running(Site(camera)) as site:
        until(lambda: camera.pulls > 0)
        camera.report(*_MOTION)

        assert site.heard().is_active


def test_a_short_life_is_renewed_before_it_ends() -> None:
    with EventCamera(Habits(grants_s=2.0)) as camera, running(Site(camera)) as site:
        until(lambda: "Renew" in camera.seen.operations)
        renewed = camera.pulls
        until(lambda: camera.pulls > renewed + 2)

        assert site.events.state.word == "on"
        assert camera.seen.operations.count("CreatePullPointSubscription") == 1


def test_a_camera_that_cannot_renew_is_left_and_subscribed_to_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge_agent.daemon.events_patience._FIRST_S", 0.1)
    habits = Habits(grants_s=2.0, renews=False, places=1)
    with EventCamera(habits) as camera, running(Site(camera)):
        until(lambda: camera.seen.operations.count("CreatePullPointSubscription") == 2, 10.0)

        assert camera.most_subscribed == 1


@pytest.mark.parametrize(
    "habits",
    [
        Habits(refuses_relative_times=True),
        Habits(reckons_relative_times_wrongly=True, places=1),
        Habits(tells_times=False),
    ],
    ids=["refuses", "reckons wrongly", "does not tell"],
)
def test_a_camera_with_broken_times_is_listened_to_all_the_same(habits: Habits) -> None:
    firmware = Firmware(skew_s=-500_000_000)
    with EventCamera(habits, firmware) as camera, running(Site(camera)) as site:
        until(lambda: site.events.state.word == "on")
        camera.report(*_MOTION)

        assert site.heard().is_active


def test_after_a_reboot_it_subscribes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.daemon.events_patience._FIRST_S", 0.1)
    with EventCamera() as camera, running(Site(camera)) as site:
        until(lambda: camera.pulls > 0)
        camera.reboot()
        until(lambda: len(camera.subscriptions) == 1)
        camera.report(*_MOTION)

        assert site.heard().is_active


def test_a_camera_without_a_free_place_is_said_once_and_not_hammered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with EventCamera(Habits(places=0)) as camera:
        hours = Hours(camera)
        site = Site(camera, clock=hours.clock)
        waits_s = []
        for tries in range(1, 13):
            site.events.run_once()
            waits_s.append(site.events._retry_mono - hours.clock.mono())
            hours.pass_by(waits_s[-1] / 2)
            site.events.run_once()
            assert camera.seen.operations.count("GetCapabilities") == tries
            hours.pass_by(waits_s[-1])

        assert "maximum number of subscribers" in site.events.state.word
        assert max(waits_s) > 60.0
    assert caplog.text.count("no events from it") == 1


def test_events_that_are_announced_and_not_known_are_given_up() -> None:
    with EventCamera(Habits(serves_events=False)) as camera, running(Site(camera)) as site:
        until(lambda: site.events.state.word.startswith("given up: "))

        until(lambda: site.events._retry_mono - time.monotonic() > 3000)


def test_a_camera_that_hangs_up_on_subscribers_is_given_up_after_three(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge_agent.daemon.events_patience._FIRST_S", 0.1)
    with EventCamera(Habits(hangs_up_on_subscribers=True)) as camera, running(Site(camera)) as site:
        until(lambda: site.events.state.word.startswith("given up: "))

        assert camera.seen.operations.count("CreatePullPointSubscription") == 3


def test_a_camera_without_events_is_left_alone() -> None:
    with EventCamera(Habits(offers_events=False)) as camera, running(Site(camera)) as site:
        until(lambda: site.events.state.word == "not offered")

        assert "CreatePullPointSubscription" not in camera.seen.operations


def test_a_wrong_password_is_sent_once() -> None:
    with EventCamera() as camera:
        hours = Hours(camera)
        site = Site(camera, "wrong", clock=hours.clock)
        for _ in range(3):
            site.events.run_once()
            assert site.events.state.word.startswith("given up: ")
            hours.pass_by(3700.0)
            assert site.events._retry_mono < hours.clock.mono()

        assert camera.seen.refused == 1


def test_a_password_is_not_shown_to_a_camera_that_wants_to_read_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with EventCamera(firmware=Firmware(http_logins=("Basic",))) as camera:
        hours = Hours(camera)
        # A wrong one is counted.
        site = Site(camera, "wrong", clock=hours.clock)
        for _ in range(2):
            site.events.run_once()
            hours.pass_by(3700.0)

        assert "plain text (HTTP Basic)" in site.events.state.word
        assert camera.door.refused == 0
    assert caplog.text.count("no events from it") == 1


def test_a_camera_that_hangs_up_instead_of_saying_nothing_is_listened_to() -> None:
    with EventCamera(Habits(hangs_up_when_quiet=True)) as camera, running(Site(camera)) as site:
        until(lambda: camera.seen.operations.count("PullMessages") > 3)
        camera.report(*_MOTION)

        assert site.heard().is_active
    assert camera.seen.operations.count("CreatePullPointSubscription") == 1


def test_a_recorder_has_one_subscription_and_each_channel_hears_its_own() -> None:
    streams = tuple(
        Stream(token=f"p{number}", uri="rtsp://127.0.0.1/", source=f"VS_{number}")
        for number in (1, 2)
    )
    with (
        EventCamera(firmware=Firmware(streams=streams)) as camera,
        running(Site(camera, PASSWORD, "VS_1", "VS_2")) as site,
    ):
        until(lambda: site.events.state.word == "on")
        camera.report(*_MOTION, source="VideoSourceToken=VS_2")
        camera.report("tns1:VideoSource/MotionAlarm", "State=false", "VideoSourceToken=VS_1")

        assert site.heard(box=1).is_active is True
        assert site.heard(box=0).is_active is False
        assert site.boxes[0].get(0.0) is None
        assert camera.most_subscribed == 1


def test_the_camera_s_clock_is_read_without_a_password() -> None:
    with EventCamera(firmware=Firmware(skew_s=90.0)) as camera, running(Site(camera)) as site:
        # A stop in the middle of subscribing would leave a place taken.
        until(lambda: site.events.state.word == "on")

        offset_s = site.events.camera_clock.offset_s

        assert offset_s is not None
        assert offset_s == pytest.approx(90.0, abs=2.0)


def test_the_running_agent_loads_no_soap_library() -> None:
    statement = "import edge_agent.daemon.service, sys; print(*sys.modules)"
    done = subprocess.run(  # noqa: S603 (a program we name)
        [sys.executable, "-c", statement], capture_output=True, text=True, check=True, timeout=60
    )

    assert "edge_agent.onvif.pull_point" in done.stdout.split()
    assert not {"zeep", "lxml", "requests"} & set(done.stdout.split())


def test_a_defect_of_ours_in_the_events_ends_the_events_alone() -> None:
    with EventCamera() as camera:
        site = Site(camera)
        site.events.camera_clock = None  # type: ignore[assignment]  # the defect
        worker = events_worker("gate", site.events)
        worker.start()

        assert worker.join(5.0)
        assert isinstance(worker.failure, AttributeError)
        assert not site.stop.is_told
        assert site.events.state.word.startswith("given up: a defect of ours")


def test_nobody_knows_a_clock_that_nobody_asks_any_more() -> None:
    with EventCamera() as camera:
        site = Site(camera)
        site.events.camera_clock.ask(site.events.address)
        assert site.events.camera_clock.offset_s is not None

        site.events.note_defect()

        assert site.events.camera_clock.offset_s is None


def dead() -> Worker:
    """A thread that died of a defect."""

    def fail() -> None:
        raise ZeroDivisionError

    worker = Worker("gate", fail, on_failure=lambda: None)
    worker.start()
    return worker


def test_an_agent_whose_events_died_is_stopped_in_good_order(tmp_path: Path) -> None:
    settings = SimpleNamespace(state_dir=tmp_path)
    agent = service.Service(settings, SystemClock(), Stop(), Proposal(tmp_path))

    assert agent._end([], [dead()]) == 0
    assert agent._end([dead()], []) == 70


def test_a_camera_that_moved_is_listened_to_at_its_new_address() -> None:
    with EventCamera() as there, EventCamera() as camera, running(Site(camera)) as site:
        until(lambda: camera.pulls > 0)
        site.events.address = Address("127.0.0.1", there.port)
        until(lambda: there.pulls > 0, 10.0)
