"""Whether a genuine command is for now: by its times where our clock is good, by its session else."""

from edge_agent.contract.command import Command
from edge_agent.runtime.clock import Clock

# Clocks of a center and a box that are both synchronised agree far better than this.
_AHEAD_S = 300.0
# Nobody remembers longer what was done, so nothing may be valid for longer.
LONGEST_LIFE_S = 86_400.0


def judge_time(command: Command, clock: Clock, session: int | None) -> str:
    """Return why this command is not for now; "" where it is. `session` is the box's present one."""
    if not 0 < command.expires - command.time <= LONGEST_LIFE_S:
        return "it must expire after its time, and within 24 hours of it"
    if command.session is not None and command.session != session:
        return "meant for an earlier start of this box"
    if clock.state().is_synced:
        return _judge_by_clock(command, clock.wall())
    if command.session is None:
        return "the clock of this box is not synchronised: name the session that it is meant for"
    return ""


def _judge_by_clock(command: Command, now_wall: float) -> str:
    if now_wall > command.expires:
        return "it has expired"
    if command.time > now_wall + _AHEAD_S:
        return "it comes from the future: compare the clocks of the center and of this box"
    return ""
