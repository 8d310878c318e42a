"""Notices when the box's clock is set, and has it told in the chain.

A box without a battery starts in 1970 and sends all the same, marked as not synced. Once the time
comes from the network, the record of that step dates the alerts of this boot for the center.
"""

import logging
from collections.abc import Callable

from edge_agent.domain.clock import ClockStep
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.clock import Clock, rfc3339

log = logging.getLogger(__name__)

# Time servers slew what is less than half a second (ntpd: 0.128 s, timesyncd 0.4 s, chrony's choice);
# what they step is more, and what they slew passes unnoticed in between.
_STEP_S = 1.0
# Between two records: a clock that somebody plays with must not fill the disk.
_PAUSE_S = 60.0


class ClockWatch:
    """Looks at the clock now and then; give it to one thread."""

    def __init__(self, clock: Clock, boot: str, keep: Callable[[ClockStep], None]) -> None:
        self._clock = clock
        self._boot = boot
        self._keep = keep
        # How far the wall clock was ahead of the monotonic one when last told.
        self._ahead_s = clock.wall() - clock.mono()
        self._told_mono = clock.mono() - _PAUSE_S

    def look(self) -> None:
        """Have a step kept if there was one; a disk that refuses is asked again later."""
        wall, mono = self._clock.wall(), self._clock.mono()
        ahead_s = wall - mono
        if abs(ahead_s - self._ahead_s) < _STEP_S or mono - self._told_mono < _PAUSE_S:
            return
        self._told_mono = mono
        was_wall, state = mono + self._ahead_s, self._clock.state()
        log.warning("the clock was set: from %s to %s", rfc3339(was_wall), rfc3339(wall))
        step = ClockStep(
            boot=self._boot,
            mono_ms=round(mono * 1000),
            was_wall=was_wall,
            is_wall=wall,
            is_synced=state.is_synced,
            error_ms=state.error_ms,
        )
        try:
            self._keep(step)
        except EdgeAgentError as error:
            log.warning("the step of the clock could not be kept: %s", error.report())
            return
        self._ahead_s = ahead_s
