"""The status that a box keeps at the broker: born, well, stopped, or vanished (as a will)."""

import json
import logging
from collections.abc import Callable, Mapping

from edge_agent import __version__
from edge_agent.errors import EdgeAgentError
from edge_agent.mqtt.message import Message
from edge_agent.mqtt.topics import Topics
from edge_agent.runtime.clock import Clock, rfc3339

log = logging.getLogger(__name__)


class Statuses:
    """Writes them. Birth, will and end carry one session: a late will cannot deny a birth."""

    def __init__(
        self,
        topics: Topics,
        clock: Clock,
        head: Callable[[], str],
        about: Callable[[bool], Mapping[str, object]] = lambda _: {},
    ) -> None:
        """`about` returns more to say while it is online; it is told whether this is a birth."""
        self.session = 0
        self.cameras: Mapping[str, str] = {}
        self._topics = topics
        self._clock = clock
        self._head = head
        self._about = about

    def will(self) -> Message:
        """Return what the broker says of a box that vanished: without a head, which would be old."""
        return self._status("offline")

    def stopped(self) -> Message:
        """Return the last word of an agent that ends on purpose."""
        return self._status("stopped", **self._told_head())

    def online(self, fits: Callable[[Message], bool], *, is_birth: bool = True) -> Message:
        """Return how the box and its cameras are; with less of it where that is too large."""
        head, cameras = self._told_head(), dict(self.cameras)
        message = self._status("online", cameras=cameras, **self._about(is_birth), **head)
        if not fits(message):
            message = self._status("online", cameras=cameras, **head)
        if not fits(message):
            log.warning("the status goes without the cameras: too large for the broker")
            message = self._status("online", **head)
        return message

    def _told_head(self) -> dict[str, str]:
        """Return the head of the chain as a member; nothing while nobody signs or the disk fails."""
        try:
            head = self._head()
        except EdgeAgentError as error:
            log.warning("the status goes without the head of the chain: %s", error.report())
            return {}
        return {"head": head} if head else {}

    def _status(self, state: str, **more: object) -> Message:
        status = {
            "state": state,
            "session": self.session,
            "version": __version__,
            "time": rfc3339(self._clock.wall()),
            "site": self._topics.site,
            "box": self._topics.box,
            **more,
        }
        return Message(
            topic=self._topics.status,
            payload=json.dumps(status).encode(),
            content_type="application/json",
            is_retained=True,
        )
