"""A camera that says more than anybody wants to know, while the box is busy; sockets are real."""

from __future__ import annotations

import time

from edge_agent.daemon.camera_events import CameraEvents, Listener
from edge_agent.onvif.address import Address
from edge_agent.onvif.events import CameraEvent, EventKind
from edge_agent.onvif.wsse import Credentials
from edge_agent.runtime.clock import SystemClock
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from edge_agent.runtime.worker import Worker
from tests.fakes.onvif_camera import Firmware
from tests.fakes.onvif_events import EventCamera, Habits

_LENS = "VideoSourceToken=VS_1"
_COVERED = ("tns1:VideoSource/GlobalSceneChange/ImagingService", "State=true", _LENS)
_MOTION = ("tns1:VideoSource/MotionAlarm", "State=true", _LENS)
_DARK = ("tns1:VideoSource/ImageTooDark/ImagingService", "State=true", _LENS)


def test_a_covered_lens_is_not_pushed_out_by_what_else_the_camera_says() -> None:
    stop, box, ends = Stop(), Mailbox[CameraEvent](128), time.monotonic() + 20.0
    words = (_COVERED, *[_MOTION, _DARK] * 150)
    with EventCamera(Habits(standing=words)) as camera:
        events = CameraEvents(
            address=Address("127.0.0.1", camera.port),
            credentials=Credentials("admin", Secret(Firmware().password)),
            clock=SystemClock(),
            stop=stop,
            pull_s=0.2,
        )
        events.add(Listener("VS_1", box))
        worker = Worker("gate events", events.run, on_failure=stop.tell)
        worker.start()
        # Until the camera has nothing more to say: seven answers, of fifty words at most.
        while camera.pulls < 8 and not stop.wait(0.02):
            assert time.monotonic() < ends
        stop.tell()
        assert worker.join(5.0)
    heard = [event.kind for _ in range(128) if (event := box.get(0.0))]

    # Motion once in each of the six answers that had any.
    assert heard == [EventKind.TAMPER] + [EventKind.MOTION] * 6
    assert box.dropped == 0
