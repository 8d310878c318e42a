"""How the agent is, as `edge-agent status` shows it; read over a local socket.

Only the box's own users reach the socket: it is a file, 0660, in the state folder.
"""

import json
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edge_agent.daemon.starts import Starts
from edge_agent.domain.update import Part, Phase, Update
from edge_agent.errors import EdgeAgentError

SOCKET_NAME = "status.sock"
# How a problem of the files begins that a restart ends.
FOR_A_START = "counts only after a restart"
_DEADLINE_S = 3.0
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraStatus:
    """One camera: its stream, its analysis, its latest alert."""

    id: str
    name: str
    is_streaming: bool = False
    codec: str = ""
    width_px: int = 0
    height_px: int = 0
    stream_fps: float = 0.0
    analysed_fps: float = 0.0
    # Analysis was busy, the newest frame won.
    dropped_frames: int = 0
    looks_per_second: float = 0.0
    # Since the start: pictures that were analysed, and looks of the model.
    analysed_frames: int = 0
    looks: int = 0
    # More moved than the model may look at in one frame; late: somebody had waited too long.
    refused_looks: int = 0
    late_frames: int = 0
    # For how long its picture has been changing everywhere, so that nobody can tell what moves; 0.0:
    # it is not. And how long in all since the start.
    changing_s: float = 0.0
    changed_s: float = 0.0
    # Damaged on the way; a bad cable or a busy network.
    broken_frames: int = 0
    connections: int = 0
    # How many rules watch it; None where an older agent does not say.
    rules: int | None = None
    alerts: int = 0
    last_alert_wall: float | None = None
    # "on", "off", "not offered", "trying: …", "given up: …"; "" where there is no ONVIF.
    events: str = ""
    event_count: int = 0
    # Analysis was busy, and they were too many to wait for it: the oldest made room.
    dropped_events: int = 0
    # What the camera says is wrong with itself: "tamper", "video_loss".
    says: str = ""
    # The camera's clock minus the box's, seconds; None as long as nobody knows.
    clock_offset_s: float | None = None
    # Where it was found again after it got another address.
    moved: str = ""
    # For how long its analysis has not gone round; 0.0: it does.
    hung_s: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolStatus:
    """What waits on disk, and what room cost."""

    waiting: int
    size_bytes: int
    parked: int
    dropped_thumbnails: int
    dropped_alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerStatus:
    """The way to the command center."""

    url: str
    is_connected: bool
    since_wall: float | None
    sent: int
    problem: str
    # Whose word lets an alert leave the disk: "broker" or "receipt".
    confirm: str = "broker"
    unconfirmed: int = 0
    refused_receipts: int = 0
    lost_connections: int = 0
    # Connections that ended because somebody came under our name: a copied certificate, perhaps.
    takeovers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatus:
    """Everything, at one moment."""

    version: str
    site: str
    box: str
    model: str
    started_wall: float
    now_wall: float
    rss_bytes: int
    cameras: tuple[CameraStatus, ...]
    spool: SpoolStatus
    broker: BrokerStatus
    # Which model was given up, and why.
    model_problem: str = ""
    # What the center has switched off, a line each, and which configuration of its is on trial.
    switched_off: tuple[str, ...] = ()
    trial: str = ""
    refused_commands: int = 0
    # When the box's certificate ends, and what is to be said of it.
    certificate_ends_wall: float | None = None
    certificate_problem: str = ""
    # The files of the configuration were changed, and what of that does not count (yet).
    files_problem: str = ""
    starts: Starts = field(default=Starts())
    # Who it is, whether a hangup lets it read its files again, and how often it has.
    pid: int = 0
    can_reload: bool = False
    files_read: int = 0
    # The latest change of version on this box, and of its model, where one was watched.
    update: Update | None = None
    model_update: Update | None = None


def ask_status(state_dir: Path) -> AgentStatus:
    """Return what the running agent says. Raises EdgeAgentError if none answers."""
    path = state_dir / SOCKET_NAME
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(_DEADLINE_S)
            line.connect(str(path))
            answer = _read_all(line)
    except PermissionError as error:
        raise EdgeAgentError(
            f"the agent at {path} runs as another user, whom this one may not ask",
            hint="sudo edge-agent status",
        ) from error
    except OSError as error:
        raise EdgeAgentError(
            f"no agent answers at {path} ({(error.strerror or 'no answer').lower()})",
            hint="start it:  sudo systemctl start edge-agent   (or: edge-agent run)",
        ) from error
    return _from_json(answer)


def to_json(status: AgentStatus) -> bytes:
    """Return the status as one JSON document."""
    return json.dumps(asdict(status)).encode()


def _read_all(line: socket.socket) -> bytes:
    answer = bytearray()
    while (part := line.recv(65536)) and len(answer) < _MOST_BYTES:
        answer += part
    return bytes(answer)


def _from_json(answer: bytes) -> AgentStatus:
    """Read what `to_json` of the same version wrote."""
    try:
        told = json.loads(answer)
        cameras = tuple(CameraStatus(**camera) for camera in told.pop("cameras"))
        spool = SpoolStatus(**told.pop("spool"))
        broker = BrokerStatus(**told.pop("broker"))
        off, starts = tuple(told.pop("switched_off")), Starts(**told.pop("starts"))
        update, model_update = (_update(told.pop(name)) for name in ("update", "model_update"))
        return AgentStatus(
            cameras=cameras,
            spool=spool,
            broker=broker,
            switched_off=off,
            starts=starts,
            update=update,
            model_update=model_update,
            **told,
        )
    except (ValueError, TypeError, KeyError) as error:
        raise EdgeAgentError(
            "the running agent answered in words of another version",
            hint="restart it:  sudo systemctl restart edge-agent",
        ) from error


def _update(told: dict[str, Any] | None) -> Update | None:
    if told is None:
        return None
    return Update(**{**told, "phase": Phase(told["phase"]), "part": Part(told["part"])})
