"""One subscription's life: fetched from again and again, renewed before it ends."""

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.events import CameraEvent, condensed
from edge_agent.onvif.exchange import StoppedError
from edge_agent.onvif.line import FaultError, PasswordRefusedError
from edge_agent.onvif.pull_point import PULL_SLACK_S, PullPoint
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.stop import Stop

# Cameras that answer at once although nothing happened are asked once a second.
_PAUSE_S = 1.0
# One that reports without end is asked five times a second.
_BREATH_S = 0.2
# A question that came to nothing after this share of its time was a quiet one: some cameras hang
# up instead of saying so.
_QUIET_SHARE = 0.8
# So much longer a life is an extension, not the rounding of two clocks.
_EXTENSION_S = 5.0
# How far from its deadline a question is that ran into it.
_HAIR_S = 0.5


class Listening:
    """For one thread. `has_frozen` tells silence from other failures."""

    def __init__(self, point: PullPoint, clock: Clock, stop: Stop, pull_s: float) -> None:
        self.has_frozen = False
        # The camera does not renew: give the subscription back, and make another.
        self.is_over = False
        self._point = point
        self._clock = clock
        self._stop = stop
        self._pull_s = pull_s
        self._began_mono = clock.mono()
        self._ends_mono = self._renew_mono = 0.0
        self._note_life()

    @property
    def age_s(self) -> float:
        """Seconds since it began."""
        return self._clock.mono() - self._began_mono

    def turn(self) -> tuple[CameraEvent, ...]:
        """Renew if half of the life is over, then wait for events; return them, often none.

        What moves and is said again within one answer is returned once.

        Raise StoppedError, PasswordRefusedError, FaultError, or EdgeAgentError.
        """
        if self._clock.mono() >= self._renew_mono:
            self._renew()
        return () if self.is_over else self._pull()

    def _renew(self) -> None:
        try:
            self._point.renew()
        except PasswordRefusedError:
            raise
        except FaultError:
            self.is_over = True
            return
        self._ends_mono = 0.0
        self._note_life()

    def _note_life(self) -> None:
        """Take in how long it lives; to be fetched from renews it on many cameras, not on all."""
        now = self._clock.mono()
        ends_mono = now + self._point.life_s
        if ends_mono - self._ends_mono > _EXTENSION_S:
            self._ends_mono = ends_mono
            self._renew_mono = now + self._point.life_s / 2

    def _pull(self) -> tuple[CameraEvent, ...]:
        began, wait_s = self._clock.mono(), min(self._pull_s, self._point.life_s / 4)
        try:
            events = self._point.pull(wait_s)
        except (StoppedError, PasswordRefusedError, FaultError):
            raise
        except EdgeAgentError:
            took_s = self._clock.mono() - began
            self.has_frozen = took_s >= wait_s + PULL_SLACK_S - _HAIR_S
            if self.has_frozen or took_s < wait_s * _QUIET_SHARE:
                raise
            return ()
        self._note_life()
        if self._clock.mono() - began < wait_s / 2:
            self._stop.wait(min(wait_s, _BREATH_S if events else _PAUSE_S))
        return condensed(events)
