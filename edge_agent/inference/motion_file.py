"""The motion network that comes with this version: it fits the agent's own planes, so no site chooses.

`training/motion` makes it, and `training/RESULTS.md` tells what it is worth.
"""

from edge_agent.inference.model_file import MODELS
from edge_agent.inference.motion import MovingCells
from edge_agent.inference.options import MotionOptions
from edge_agent.inference.runtime import Network

WEIGHTS = MODELS / "motion" / "motion.tflite"


def open_motion(options: MotionOptions) -> MovingCells:
    """Return one camera's motion stage. Raises EdgeAgentError where the network cannot be used."""
    return MovingCells(Network(WEIGHTS), options)
