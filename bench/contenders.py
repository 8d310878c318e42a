"""Who is measured: each is started on a stream, costs something, and may raise alerts."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench import scenes
from tests.peers import process
from tools import debian

SITE = "bench"
# As the shipped defaults have it; said in the report because the delay contains it.
PATIENCE_S = 1.0
# Seconds of quiet that close an event of motion.
EVENT_GAP_S = 10
# More than the camera sends, to make up for lost time: with 11 for 10, events came 6 to 14 s late in
# one run on a machine with a load of 10 (0.4 to 3.7 s in all others).
_MOTION_FRAMES_PER_SECOND = 15

_AGENT = """\
site = "{site}"
box = "{box}"
state_dir = "{folder}/state"

[broker]
url = "{broker}"
insecure = true

[objects]
model = "{model}"
"""

_CAMERA = """\
[stream]
url = "{url}"
idle = "{idle}"

[[zones]]
name = "street"
outline = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]

[[rules]]
kind = "intrusion"
zone = "street"
labels = ["person"]
patience_s = {patience_s}
"""

# Detection at the stream's own size, stream-copied clips and one best picture an event: the
# cheapest set-up of Motion that leaves an operator what our alerts do.
_MOTION = """\
daemon off
setup_mode off
log_level 6
log_file {folder}/motion.log
target_dir {folder}/out
camera_name gate
netcam_url {url}
netcam_params capture_rate=pts,rtsp_transport=tcp
width {width_px}
height {height_px}
framerate {frames_per_second}
threshold 1500
noise_tune on
despeckle_filter EedDl
minimum_motion_frames 1
event_gap {event_gap_s}
pre_capture 3
post_capture 0
picture_output best
movie_output on
movie_passthrough on
movie_max_time 60
webcontrol_port 0
stream_port 0
text_left
text_right
on_event_start date +%%s.%%N >> {folder}/events
"""


@dataclass(frozen=True, slots=True)
class Raised:
    """One alert: when it could be acted on (Unix seconds), and how much of that was patience."""

    wall: float
    waited_s: float = 0.0


class Contender(Protocol):
    """One row of the table."""

    name: str

    def start(self, url: str, folder: Path) -> subprocess.Popen[bytes]:
        """Start it on this stream; `folder` is its own."""
        ...

    def raised(self, folder: Path) -> list[Raised] | None:
        """Return its alerts, oldest first; None if it never raises any."""
        ...


class EdgeAgent:
    """Our daemon, as shipped but for `idle`."""

    def __init__(self, idle: str, model: Path, broker: str, notes: Path) -> None:
        self.name = f"edge-agent, idle = {idle}"
        self._idle, self._model, self._broker, self._notes = idle, model, broker, notes
        self._began_wall = 0.0

    def start(self, url: str, folder: Path) -> subprocess.Popen[bytes]:
        """Write its configuration and run it."""
        cameras = folder / "config" / "cameras.d"
        cameras.mkdir(parents=True)
        common = {"site": SITE, "box": self._box, "folder": folder}
        agent = _AGENT.format(**common, broker=self._broker, model=self._model)
        camera = _CAMERA.format(url=url, idle=self._idle, patience_s=PATIENCE_S)
        (folder / "config" / "agent.toml").write_text(agent)
        (cameras / "gate.toml").write_text(camera)
        self._began_wall = time.time()
        return spawn_python(["edge_agent", "run", "--config", folder / "config"], folder / "log")

    def raised(self, folder: Path) -> list[Raised]:  # noqa: ARG002 (the protocol's)
        """Return the first message of each visit, when it reached the subscriber."""
        notes = map(json.loads, whole_lines(self._notes))
        mine = [note for note in notes if f"/{self._box}/" in note["topic"]]
        return [
            Raised(note["wall"], _waited_s(note["alert"]))
            for note in mine
            if note["alert"]["state"] == "new" and note["wall"] >= self._began_wall
        ]

    @property
    def _box(self) -> str:
        return self._idle.replace("_", "-")


class Motion:
    """Debian's motion; the program must be here."""

    name = "motion 4.5.1"

    def __init__(self) -> None:
        self._program = debian.program("motion")

    @property
    def missing(self) -> str:
        """Why there is no such row; empty where there is one."""
        return "" if self._program else "Debian's motion is not here; `make bench` fetches it"

    def start(self, url: str, folder: Path) -> subprocess.Popen[bytes]:
        """Write its configuration and run it in the foreground, without root's service."""
        (folder / "out").mkdir(parents=True)
        settings = _MOTION.format(
            folder=folder,
            url=url,
            width_px=scenes.WIDTH_PX,
            height_px=scenes.HEIGHT_PX,
            frames_per_second=_MOTION_FRAMES_PER_SECOND,
            event_gap_s=EVENT_GAP_S,
        )
        (folder / "motion.conf").write_text(settings)
        command = [self._program, "-n", "-c", folder / "motion.conf"]
        return process.spawn(command, folder / "log")

    def raised(self, folder: Path) -> list[Raised]:
        """Return when each event began, by its own hook."""
        return [Raised(float(line)) for line in whole_lines(folder / "events")]


class OpenCv:
    """A bare cv2.VideoCapture loop."""

    name = "cv2.VideoCapture loop"

    def start(self, url: str, folder: Path) -> subprocess.Popen[bytes]:
        """Run the loop."""
        folder.mkdir(parents=True)
        return spawn_python(["bench.opencv_loop", url], folder / "log")

    def raised(self, folder: Path) -> None:
        """Return None: it looks at nothing."""


def spawn_python(words: Sequence[str | Path], log: Path) -> subprocess.Popen[bytes]:
    """Run a module of ours with our own interpreter; it ends with us at the latest."""
    command = ["/usr/bin/setpriv", "--pdeathsig", "KILL", sys.executable, "-m", *words]
    with log.open("ab") as file:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=debian.REPOSITORY,
            # Without the search paths of unpacked Debian programs, which are for those.
            env=os.environ,
        )


def end(running: subprocess.Popen[bytes]) -> None:
    """End it as a service manager would."""
    process.end(running, signal.SIGTERM)


def whole_lines(path: Path) -> list[str]:
    """Return the lines that are written to their end; none where there is no file yet."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines(keepends=True)
    return [line.strip() for line in lines if line.endswith("\n") and line.strip() != "ready"]


def nanodet(folder: Path) -> Path | None:
    """Return a model folder with the public NanoDet-m, where its weights are beside us."""
    weights = debian.REPOSITORY.parent / "shared/data/models/nanodet_m_320_int8.tflite"
    if not weights.exists():
        return None
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(debian.REPOSITORY / "tests/inference/cards/nanodet/model.toml", folder)
    shutil.copy(weights, folder)
    return folder


def _waited_s(alert: dict[str, object]) -> float:
    visit = alert["visit"]
    assert isinstance(visit, dict)  # noqa: S101 (our own message)
    return float(visit["lasted_s"])
