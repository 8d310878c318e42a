"""What does a camera see, now? Heads of people are blurred, unless this box says that they need not be."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256

from edge_agent.alerts.snapshot import Snapshot, draw_snapshot, parts_to_search
from edge_agent.daemon.commands.answer import Answer, Enclosure, Order, RefusedError, done, failed
from edge_agent.daemon.commands.args import Args
from edge_agent.domain.frame import Frame
from edge_agent.inference.objects import Detector
from edge_agent.runtime.clock import Clock, rfc3339

# The word in the allow-list that lets the center see faces.
UNBLURRED = "snapshot_unblurred"
# A camera that has shown nothing for longer is dark.
_OLD_S = 30.0


class TakeSnapshot:
    """Sends the latest picture of a camera."""

    name = "snapshot"

    def __init__(
        self,
        latest: Mapping[str, Callable[[], Frame | None]],
        detector: Callable[[], Detector],
        topic: Callable[[str, str], str],
        clock: Clock,
        *,
        may_see_faces: bool,
    ) -> None:
        """`topic` returns where a picture goes, by camera and command."""
        self._latest = latest
        self._detector = detector
        self._topic = topic
        self._clock = clock
        self._may_see_faces = may_see_faces

    def act(self, order: Order) -> Answer:
        """Draw it and send it before the answer."""
        told = Args(order.command.args, "camera", "blur")
        camera = told.choice("camera", tuple(self._latest))
        blur = told.flag("blur", default=True)
        if not blur and not self._may_see_faces:
            raise RefusedError(f"this box shows no faces: {UNBLURRED} is not allowed here")
        frame = self._latest[camera]()
        if frame is None or self._clock.wall() - frame.received_wall > _OLD_S:
            return failed(f"camera {camera} shows no picture now")
        picture = self._draw(frame, blur=blur)
        topic = self._topic(camera, order.command.id)
        answer = done(
            topic=topic,
            sha256=sha256(picture.jpeg).hexdigest(),
            bytes=len(picture.jpeg),
            width_px=picture.width_px,
            height_px=picture.height_px,
            taken=rfc3339(frame.received_wall),
            redacted=blur,
            blurred=picture.blurred,
        )
        return replace(answer, enclosure=Enclosure(topic, picture.jpeg))

    def _draw(self, frame: Frame, *, blur: bool) -> Snapshot:
        # Who is seen but faintly is blurred, too: a blurred bush harms nobody.
        people = self._detector().look(frame, parts_to_search()) if blur else []
        return draw_snapshot(frame, people)
