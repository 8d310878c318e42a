"""How long a new version has to show what it can; a drop-in of the unit that watches says otherwise.

The same two for the agent (edge-agent-trial.service) and for its model (edge-agent.service).
"""

import os
from dataclasses import dataclass

# How long a new version may take until it does as well as the old one. A start takes seconds; a
# camera that is asked too often, or a broker behind a mobile link, takes minutes.
WITHIN_S = 600.0
# Without a break, and in one process: whoever dies every minute has not proven anything.
STEADY_S = 120.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one trial."""

    within_s: float = WITHIN_S
    steady_s: float = STEADY_S


def told_limits() -> Limits:
    """Return what the environment of this process says: a site with a slow link gives more time."""
    return Limits(
        within_s=_seconds("EDGE_AGENT_TRIAL_S", WITHIN_S),
        steady_s=_seconds("EDGE_AGENT_STEADY_S", STEADY_S),
    )


def _seconds(name: str, default: float) -> float:
    told = os.environ.get(name, "")
    return float(told) if told.isdigit() else default
