"""A real RTSP server: GStreamer's, from Debian, with clips for cameras.

Each client is sent the clip from its first frame in real time. With `shared` all are sent one
stream, but a new client rewinds it for everybody (gst-rtsp-server 1.22), unlike a camera.
"""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Self

import av

from tests.peers import clips, process
from tools import debian


class RtspServer:
    """One server with `/main` and, where a second clip is given, `/sub`.

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
    ) -> None:
        _require_gstreamer()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = folder
        self._wanted = {
            "mounts": {
                f"/{name}": _mount(clip, loop=loop)
                for name, clip in {"main": main, "sub": sub}.items()
                if clip
            },
            "user": user,
            "password": password,
            "authentication": authentication,
            "shared": shared,
        }
        self.port = 0
        self.log_path = folder / "rtsp.log"
        folder.mkdir(parents=True, exist_ok=True)

    def url(self, path: str = "/main") -> str:
        """Return the address of a mount, without user and password."""
        return f"rtsp://127.0.0.1:{self.port}{path}"

    @property
    def pid(self) -> int:
        return self._running().pid

    def start(self) -> Self:
        assert self._process is None, "this server runs already"
        self.log_path.write_bytes(b"")
        child = Path(__file__).with_name("rtsp_child.py")
        orders = json.dumps({**self._wanted, "port": self.port})
        self._process = process.spawn([debian.SYSTEM_PYTHON, child, orders], self.log_path)
        process.wait_until(self._told_port, self._process, self.log_path)
        return self

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop sending without closing anything, as a camera that hangs."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "this server does not run"
        return self._process

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            process.end(self._process, how)
            self._process = None

    def _told_port(self) -> bool:
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
