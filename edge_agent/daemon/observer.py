"""Counts what one camera sees and tells the center now and then; on the watcher's thread.

What nobody gets now is gone: an observation is never kept on disk, and delays no alert.
"""

from collections.abc import Callable

from edge_agent.alerts.observation import write_observation
from edge_agent.domain.frame import Frame
from edge_agent.domain.tally import Tally
from edge_agent.mqtt.message import Message
from edge_agent.mqtt.topics import Topics
from edge_agent.pipeline import Seen
from edge_agent.tracking.tally import TallyKeeper

# Older ones are for nobody who looks on live.
_EXPIRY_S = 3600


class Observer:
    """Give it every analysed frame of one camera. `say` must not wait."""

    def __init__(
        self, *, topics: Topics, camera: str, every_s: float, say: Callable[[Message], object]
    ) -> None:
        self.every_s = every_s
        self._topics = topics
        self._camera = camera
        self._keeper = TallyKeeper(every_s)
        self._say = say
        self._frame_wall = 0.0

    def take(self, frame: Frame, seen: Seen) -> None:
        """Count what was seen in this frame."""
        self._frame_wall = frame.received_wall
        self._tell(self._keeper.take(seen.scene, is_moving=seen.motion.is_known))

    def finish(self) -> None:
        """Tell what there is: nothing will be seen for a while."""
        self._tell(self._keeper.finish())

    def _tell(self, tally: Tally | None) -> None:
        if tally is None:
            return
        body = write_observation(
            tally,
            site=self._topics.site,
            box=self._topics.box,
            camera=self._camera,
            ended_wall=self._frame_wall,
        )
        self._say(
            Message(
                topic=self._topics.observation(self._camera),
                payload=body,
                content_type="application/json",
                qos=0,
                expiry_s=_EXPIRY_S,
            )
        )
