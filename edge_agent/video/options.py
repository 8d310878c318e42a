"""What a site may say about one stream of a camera."""

from dataclasses import dataclass, field

from edge_agent.runtime.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """Where the pictures come from. The URL holds no user name and no password."""

    url: str
    username: str = ""
    password: Secret = field(default=Secret(""))
    # A camera that does not answer within this is taken for absent. Healthy ones need 0.05-0.6 s.
    open_s: float = 5.0
    # The network may be silent for this long in mid-stream before we connect anew.
    read_s: float = 4.0
