"""What a site may say about one stream of a camera."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from edge_agent.runtime.secret import Secret


class Idle(StrEnum):
    """What to decode while nothing moves."""

    # Key frames alone, where they come at least every two seconds; else everything.
    KEY_FRAMES = "key_frames"
    # Everything: sees what crosses the picture between two key frames, at three times the cost.
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """Where the pictures come from. The URL holds no user name and no password."""

    url: str
    username: str = ""
    password: Secret = field(default=Secret(""))
    # Where the password was read from, so that the file can be written again; None: no password.
    password_file: Path | None = None
    # A camera that does not answer within this is taken for absent. Healthy ones need 0.05-0.6 s.
    # With 3 s a stop of the agent stays under 5 s even in the middle of an opening.
    open_s: float = 3.0
    # The network may be silent for this long in mid-stream before we connect anew.
    read_s: float = 3.0
    idle: Idle = Idle.KEY_FRAMES
