"""How far one camera's clock is from ours: asked at the start, then hourly."""

import logging

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.address import Address
from edge_agent.onvif.exchange import StoppedError
from edge_agent.onvif.presence import read_offset
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop

log = logging.getLogger(__name__)

# A bad quartz is off by some seconds a day; a camera that starts in 1970 is right within an hour.
_AGAIN_S = 3600.0
# A camera that did not answer may be starting.
_RETRY_S = 300.0
_DEADLINE_S = 5.0


class CameraClock:
    """Asked by one thread; `offset_s` is for any. It needs no password.

    A camera that falls silent keeps its latest. What is kept is the camera's clock minus our
    monotonic one, which never jumps: when NTP sets our wall clock, `offset_s` is right at once.
    """

    def __init__(self, clock: Clock, stop: Stop) -> None:
        self._anchor_s: float | None = None
        self._clock = clock
        self._stop = stop
        self._due_mono = clock.mono()

    @property
    def offset_s(self) -> float | None:
        """The camera's clock minus our wall clock now, seconds; None as long as nobody knows."""
        anchor_s = self._anchor_s
        if anchor_s is None:
            return None
        return anchor_s + self._clock.mono() - self._clock.wall()

    @property
    def wait_s(self) -> float:
        """Seconds until it is time to ask again; 0 when it is due."""
        return max(0.0, self._due_mono - self._clock.mono())

    def ask_if_due(self, address: Address) -> None:
        """Ask, if the hour is over. Raise StoppedError; all else can wait."""
        if self.wait_s <= 0:
            self.ask(address)

    def ask(self, address: Address) -> None:
        """Ask now. Raise StoppedError; a camera that does not answer is asked again in 5 minutes."""
        self._due_mono = self._clock.mono() + _RETRY_S
        try:
            offset_s = read_offset(address, self._clock, deadline_s=_DEADLINE_S, stop=self._stop)
        except StoppedError:
            raise
        except EdgeAgentError as error:
            log.info("its clock is not known: %s", error.what)
            return
        self._due_mono = self._clock.mono() + _AGAIN_S
        if offset_s is not None:
            self._anchor_s = offset_s + self._clock.wall() - self._clock.mono()
