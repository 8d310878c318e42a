"""The same pipeline on a recorded clip: as fast as it decodes, and the same every time.

The clock is the clip's, and the random part of an alert's id comes from a fixed seed.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from edge_agent.alerts.identity import Identities
from edge_agent.config.settings import CameraSettings, Settings
from edge_agent.daemon.assemble import CameraAssembly
from edge_agent.daemon.model_start import with_chosen_model
from edge_agent.domain.frame import Frame
from edge_agent.pipeline import Seen
from edge_agent.runtime.clock import ClockState
from edge_agent.runtime.pace import Pace
from edge_agent.video.clip import EPOCH_WALL, read_clip

_SEED = 1


def replay(settings: Settings, camera: CameraSettings, clip: Path) -> Iterator[tuple[Frame, Seen]]:
    """Yield every analysed frame and what it led to.

    Raises EdgeAgentError when the model or the clip cannot be used.
    """
    clock = _ClipClock()
    identities = Identities(clock.wall, random.Random(_SEED))  # noqa: S311 (equal every time)
    pipeline = CameraAssembly(with_chosen_model(settings), clock).pipeline(
        camera, identities, clock
    )
    pace = Pace(settings.objects.frames_per_second)
    for frame in read_clip(clip):
        clock.taken_at = frame.taken_at
        if pace.is_its_turn(frame.taken_at):
            yield frame, pipeline.watch(frame)


class _ClipClock:
    """Stands where the clip stands."""

    def __init__(self) -> None:
        self.taken_at = 0.0

    def wall(self) -> float:
        return EPOCH_WALL + self.taken_at

    def mono(self) -> float:
        return self.taken_at

    def state(self) -> ClockState:
        return ClockState(is_synced=False, error_ms=None)
