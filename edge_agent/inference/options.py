"""What a site may say about motion and objects."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionOptions:
    """How much must change before the models are asked."""

    # How far a block's brightness must move beyond its usual noise, in grey levels of 255.
    threshold: float = 6.0
    # A block is 4x4 pixels of the 160x90 picture (16x16 of 640x360); a far person covers two.
    fewest_blocks: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectOptions:
    """Which model looks, and how hard it may work."""

    # A folder in edge_agent/models, or the path of any folder with a model.toml.
    model: str = "street"
    # Weak boxes have two to four cores and more than one camera.
    threads: int = 1
    # Crops that the model may look at per frame; what is followed comes first.
    crops_per_frame: int = 4
    # Frames per second that are analysed; 5 follows a person, and a fast motorcycle just so.
    frames_per_second: float = 5.0
