"""What a site may say about motion and objects."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionOptions:
    """How sure it must be that something moves before the object model is asked."""

    # How sure the network must be that a thing moves, 0..1.
    least_score: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectOptions:
    """Which model looks, and how hard it may work."""

    # A folder in edge_agent/models, or the path of any folder with a model.toml.
    model: str = "street"
    # Of one look. 0: the fewest with which the looks of a frame are done before the next one, tried
    # out at each start; weak boxes have two to four cores and more than one camera.
    threads: int = 0
    # Crops that the model may look at per frame; what a rule watches comes first.
    crops_per_frame: int = 4
    # Crops per second for all cameras together; 0: as many as keep half of the processor busy,
    # tried out at each start, because boxes differ by a factor of twenty.
    looks_per_second: int = 0
    # Frames per second that are analysed; 5 follows a person, and a fast motorcycle just so.
    frames_per_second: float = 5.0
