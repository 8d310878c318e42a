"""A real RTSP server: GStreamer's, from Debian, with clips for cameras.

Each client is sent the clip from its first frame in real time. With `shared` all are sent one
stream, but a new client rewinds it for everybody (gst-rtsp-server 1.22), unlike a camera.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import av

from tests.peers import clips, process
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Sequence


class RtspServer(process.Server):
    """One server with `/main` (or `main_path`) and, where a second clip is given, `/sub`.

    Keeps its port over stop, kill and restart. `authentication` is digest or basic, and counts
    only with a user. Clips are MP4 files in H.264 or H.265 (see `clips.encode`); they are repeated
    for fifteen minutes unless `loop` is false: then the stream ends with the clip.
    """

    def __init__(  # noqa: PLR0913 (a camera has that many switches; all but one have defaults)
        self,
        folder: Path,
        main: Path,
        *,
        sub: Path | None = None,
        user: str = "",
        password: str = "",
        authentication: str = "digest",
        shared: bool = False,
        loop: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
        main_path: str = "/main",
        within: Sequence[str] = (),
    ) -> None:
        _require_gstreamer()
        super().__init__(folder / "rtsp.log", within)
        self._wanted = {
            "mounts": {
                path: _mount(clip, loop=loop)
                for path, clip in {main_path: main, "/sub": sub}.items()
                if clip
            },
            "user": user,
            "password": password,
            "authentication": authentication,
            "shared": shared,
            "host": host,
        }
        self.host = host
        self.port = port

    @property
    def connections(self) -> int:
        """How many connections were made to it since it was started last."""
        return self.log_path.read_text(errors="replace").splitlines().count("client")

    def url(self, path: str = "/main") -> str:
        """Return the address of a mount, without user and password."""
        return f"rtsp://{self.host}:{self.port}{path}"

    def _command(self) -> list[str | Path]:
        child = Path(__file__).with_name("rtsp_child.py")
        return [debian.SYSTEM_PYTHON, child, json.dumps({**self._wanted, "port": self.port})]

    def _is_up(self) -> bool:
        for line in self.log_path.read_text(errors="replace").splitlines(keepends=True):
            if line.startswith("port ") and line.endswith("\n"):
                self.port = int(line.split()[1])
                return self.port > 0
        return False


def _mount(clip: Path, *, loop: bool) -> dict[str, str]:
    with av.open(str(clip)) as container:
        codec = container.streams.video[0].codec_context.name
    path = clips.looped(clip) if loop else clip
    return {"clip": str(path), "codec": {"hevc": "h265"}.get(codec, codec)}


def _require_gstreamer() -> None:
    found = subprocess.run(  # noqa: S603 (a fixed question)
        [debian.SYSTEM_PYTHON, "-c", debian.GSTREAMER_QUESTION],
        check=False,
        capture_output=True,
        env=debian.environment(),
    )
    if found.returncode != 0:
        process.absent("GStreamer's RTSP server (gir1.2-gst-rtsp-server-1.0) is not here")
