import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from edge_agent.daemon.camera_loop import CameraLoop
from edge_agent.daemon.observer import Observer
from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.inference.budget import Need, Share
from edge_agent.inference.size_file import SizeFile
from edge_agent.mqtt.message import Message
from edge_agent.mqtt.topics import Topics
from edge_agent.onvif.events import CameraEvent, EventKind, Operation
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.stop import Stop
from edge_agent.video.attention import Attention
from tests.fakes.cameras import make_pipeline
from tests.fakes.clock import FakeClock
from tests.fakes.frames import grey_frame
from tests.fakes.stages import PERSON, FakeMotion, FakeObjects, FakeSpool


class RareLooks:
    """Grants one look in every twentieth frame."""

    def __init__(self) -> None:
        self._frames = 0

    def ask(self, needs: Sequence[Need]) -> int:
        self._frames += 1
        return min(1, len(needs)) if self._frames % 20 == 0 else 0


class Site:
    """A camera loop and all that it touches."""

    def __init__(
        self,
        motion: FakeMotion | None = None,
        *,
        share: Share | None = None,
        sizes: SizeFile | None = None,
        where: Callable[[float], Box | None] = lambda _: PERSON,
        every_s: int = 0,
    ) -> None:
        self.clock = FakeClock()
        self.frames: Mailbox[Frame] = Mailbox(size=1)
        self.events: Mailbox[CameraEvent] = Mailbox(size=8)
        self.attention = Attention(self.clock, first_s=0.0)
        self.spool = FakeSpool()
        self.objects = FakeObjects(where)
        self.nudges = 0
        self.observations: list[dict[str, Any]] = []
        topics = Topics("kota", "box-7")
        observer = Observer(topics=topics, camera="gate", every_s=every_s, say=self._hear)
        self.stop = Stop()
        self.loop = CameraLoop(
            frames=self.frames,
            events=self.events,
            pipeline=make_pipeline(
                self.clock,
                motion or FakeMotion(),
                self.objects,
                sizes=sizes.grid if sizes else None,
                share=share,
            ),
            attention=self.attention,
            spool=self.spool,
            nudge=self._nudge,
            sizes=sizes,
            observer=observer if every_s else None,
            frames_per_second=5.0,
            clock=self.clock,
            stop=self.stop,
        )

    def _hear(self, message: Message) -> None:
        assert (message.topic, message.qos) == ("city/v1/kota/box-7/up/observation/gate", 0)
        self.observations.append(json.loads(message.payload))

    def _nudge(self) -> None:
        self.nudges += 1

    def show(self, seconds: float, per_second: int = 5) -> None:
        for i in range(round(seconds * per_second)):
            self.clock.advance(1 / per_second)
            self.frames.put(grey_frame(i / per_second, patch=PERSON))
            self.loop.run_once()


def test_an_alert_is_on_disk_before_the_publisher_is_told() -> None:
    site = Site()

    site.show(3.0)

    assert len(site.spool.kept) == site.nudges == site.loop.state.alerts == 1


def test_ten_frames_a_second_are_analysed_five_times() -> None:
    site = Site()

    site.show(10.0, per_second=10)

    assert len(site.objects.looks) == pytest.approx(50, abs=2)


def test_motion_keeps_every_frame_coming() -> None:
    site = Site()

    site.show(1.0)

    assert site.attention.is_held
    site.clock.advance(5.0)
    assert not site.attention.is_held


def test_a_quiet_picture_lets_the_reader_sleep() -> None:
    site = Site(FakeMotion(areas=()), where=lambda _: None)

    site.show(1.0)

    assert not site.attention.is_held


def watch_as_the_reader_does(site: Site, seconds: float) -> int:
    """Show five frames a second while attention is held, else one in two; return how many."""
    now, shown = 0.0, 0
    while now < seconds:
        pause_s = 0.2 if site.attention.is_held else 2.0
        now += pause_s
        site.clock.advance(pause_s)
        site.frames.put(grey_frame(now, patch=PERSON))
        site.loop.run_once()
        shown += 1
    return shown


def test_who_stands_still_is_found_although_only_key_frames_come() -> None:
    site = Site(FakeMotion(areas=()))

    watch_as_the_reader_does(site, 40.0)

    assert states(site)[0] == "new"
    assert "end" not in states(site)


def test_who_stands_still_and_is_missed_once_has_one_visit_although_only_key_frames_come() -> None:
    missed: set[float] = set()

    def where(now: float) -> Box | None:
        half_minute = now // 30.0
        if now % 30.0 < 15.0 or half_minute in missed:
            return PERSON
        missed.add(half_minute)
        return None

    site = Site(FakeMotion(areas=()), where=where)

    shown = watch_as_the_reader_does(site, 120.0)

    assert len(missed) >= 4
    assert states(site)[0] == "new"
    assert "end" not in states(site)
    # It is no reason to decode every frame all day.
    assert shown < 300


def test_what_a_full_disk_refuses_is_kept_when_there_is_room(
    caplog: pytest.LogCaptureFixture,
) -> None:
    site = Site()
    site.spool.is_full = True

    site.show(3.0)
    assert site.spool.kept == []
    assert "alerts wait in memory" in caplog.text

    site.spool.is_full = False
    site.loop.run_once()
    assert len(site.spool.kept) == 1


def states(site: Site) -> list[str]:
    return [json.loads(alert.body)["state"] for alert in site.spool.kept]


def test_a_camera_that_goes_dark_ends_its_visits_once() -> None:
    site = Site()
    site.show(3.0)

    for _ in range(3):
        site.clock.advance(6.0)
        site.loop.run_once()

    assert states(site) == ["new", "end"]


def test_a_stop_ends_open_visits_on_disk() -> None:
    site = Site()
    site.show(3.0)
    site.stop.tell()

    site.loop.run()

    assert states(site) == ["new", "end"]


def test_a_camera_without_frames_does_not_look_hung() -> None:
    site = Site()
    before = site.loop.state.beat_mono
    site.clock.advance(30.0)

    site.loop.run_once()

    assert site.loop.state.beat_mono == before + 30.0


def reported(kind: EventKind, *, on: bool = True) -> CameraEvent:
    return CameraEvent(
        kind=kind, source="", key="k", is_active=on, operation=Operation.CHANGED, camera_wall=None
    )


def told(site: Site) -> list[tuple[str, str]]:
    bodies = [json.loads(alert.body) for alert in site.spool.kept]
    return [(body["type"], body["state"]) for body in bodies]


def test_motion_that_the_camera_reports_wakes_the_analysis() -> None:
    site = Site(FakeMotion(areas=()))
    site.events.put(reported(EventKind.MOTION))

    site.show(1.0)

    assert site.attention.is_held
    site.events.put(reported(EventKind.MOTION, on=False))
    site.show(0.2)
    site.clock.advance(5.0)
    assert not site.attention.is_held


def test_a_covered_lens_is_an_alert_with_what_the_camera_shows() -> None:
    site = Site(FakeMotion(areas=()))
    site.show(1.0)
    site.events.put(reported(EventKind.TAMPER))
    site.loop.run_once()

    (alert,) = site.spool.kept
    assert told(site) == [("tamper", "new")]
    assert alert.thumbnail.startswith(b"\xff\xd8")
    assert (site.nudges, site.loop.state.alerts, site.loop.state.says) == (1, 1, "tamper")


def test_reports_that_were_too_many_for_a_busy_box_are_counted() -> None:
    site = Site()
    for _ in range(11):
        site.events.put(reported(EventKind.TAMPER))

    site.loop.run_once()

    assert site.loop.state.dropped_events == 3


def test_a_lens_that_is_covered_for_a_moment_is_an_alert() -> None:
    site = Site(FakeMotion(areas=()))
    site.events.put(reported(EventKind.TAMPER))
    site.events.put(reported(EventKind.TAMPER, on=False))

    site.loop.run_once()

    assert told(site) == [("tamper", "new")]


def test_a_channel_without_a_signal_is_an_alert_without_a_picture() -> None:
    site = Site()
    site.events.put(reported(EventKind.VIDEO_LOSS))
    site.loop.run_once()

    (alert,) = site.spool.kept
    body = json.loads(alert.body)
    assert (body["type"], body["thumb"], alert.thumbnail) == ("video_loss", None, b"")
    assert body["camera_time"] == {"utc": None, "stream_s": None}


def test_a_stop_ends_a_trouble_that_is_open() -> None:
    site = Site(FakeMotion(areas=()))
    site.events.put(reported(EventKind.TAMPER))
    site.loop.run_once()
    site.clock.advance(7.0)
    site.stop.tell()

    site.loop.run()

    assert told(site) == [("tamper", "new"), ("tamper", "end")]
    assert site.spool.kept[0].id == site.spool.kept[1].id
    assert site.loop.state.alerts == 2


def test_a_storm_that_is_too_much_is_told_once_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    drops = tuple(
        Box(0.1 * x, 0.2 * y, 0.1 * x + 0.01, 0.2 * y + 0.03) for x in range(9) for y in range(4)
    )
    site = Site(FakeMotion(areas=drops), share=RareLooks())

    site.show(20.0)

    state = site.loop.state
    assert state.looks_per_second == pytest.approx(0.25, abs=0.1)
    assert state.refused_looks > 0
    assert state.late_frames > 0
    assert "something that moves waits too long for a look" in caplog.text


def test_a_street_with_little_motion_is_never_late() -> None:
    site = Site()

    site.show(20.0)

    assert (site.loop.state.refused_looks, site.loop.state.late_frames) == (0, 0)


def test_a_picture_that_goes_on_changing_is_told_once_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    motion = FakeMotion()
    site = Site(motion)

    for number, lasts_s in enumerate((0.0, 3.0, 3.2, 3.4, 0.0, 0.0, 3.0)):
        motion.changing_s = lasts_s
        site.clock.advance(0.2)
        site.frames.put(grey_frame(0.2 * number))
        site.loop.run_once()

    assert site.loop.state.changing_s == 3.0
    assert site.loop.state.changed_s == pytest.approx(3.4 + 3.0)
    assert caplog.text.count("the whole picture goes on changing") == 2

    site.clock.advance(11.0)
    site.loop.run_once()
    assert site.loop.state.changing_s == 0.0, "nobody knows what a camera shows that is dark"


def test_sizes_are_kept_when_the_agent_stops(tmp_path: Path) -> None:
    site = Site(sizes=SizeFile(tmp_path / "sizes" / "gate.json", FakeClock().wall))
    site.show(3.0)
    assert not (tmp_path / "sizes").exists()

    site.stop.tell()
    site.loop.run()

    assert (tmp_path / "sizes" / "gate.json").exists()


def test_a_camera_tells_what_it_saw_each_minute_and_at_the_end() -> None:
    site = Site(where=lambda taken_at: PERSON if 10 < taken_at < 20 else None, every_s=60)

    site.show(70.0)
    site.stop.tell()
    site.loop.run()

    minute, rest = site.observations
    assert minute["objects"] == {"person": {"new": 1, "most": 1}}
    assert (minute["lasted_s"], minute["frames"], minute["moving"]) == (60.0, 301, 1.0)
    assert rest["objects"] == {}
    assert rest["lasted_s"] < 10


def test_a_camera_that_went_dark_tells_what_it_saw_until_then() -> None:
    site = Site(every_s=60)
    site.show(5.0)

    site.clock.advance(11.0)
    site.loop.run_once()
    site.loop.run_once()

    assert [told["lasted_s"] for told in site.observations] == [4.8]
