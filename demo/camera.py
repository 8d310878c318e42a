"""The demo's camera: ipycam from PyPI, a camera program none of us wrote, playing a street clip.

Seen in ipycam 1.3.0, here:

- ONVIF device, media and PTZ at `/onvif/device_service`, WSSE digest (Created within 300 s) for every
  call; no events, no Media2. It answers WS-Discovery on UDP 3702, multicast also on loopback where
  `local_ip` is 127.0.0.1, and unicast. The port is fixed; several cameras may share it.
- RTSP at `/video_main` and `/video_sub`, H.264 baseline, a key frame every 2 s, one ffmpeg per viewer.
  RTSP asks for no password, whatever is configured. Opening: 0.2 to 1.1 s.
- It announces a session timeout of 60 s and hangs up on a client that is quiet for 30 s, as FFmpeg
  is: the agent reconnects about once every half minute, and the demo shows that, too.
- CPU 0.04 to 0.07 of a core, 100 MB, and 0.04 of a core and 64 MB for the ffmpeg of a 768x576 viewer.
- A bitrate is digits with K or M: "1500k" breaks GetProfiles (HTTP 500).
- Nobody reads what its ffmpeg complains of (a pipe): good for minutes, not for days.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.peers import process
from tools import debian

_PYTHON = debian.CACHE / "demo-camera" / "bin" / "python"


class Camera(process.Server):
    """One ipycam with a main stream as the clip is and a smaller sub; on free loopback ports.

    With another `host` than loopback it listens on every address of the namespace that `within`
    leads to.
    """

    def __init__(  # noqa: PLR0913 (where and what; all but a user's are as a demo wants them)
        self,
        clip: Path,
        folder: Path,
        *,
        user: str,
        password: str,
        host: str = "127.0.0.1",
        onvif_port: int = 0,
        within: Sequence[str] = (),
    ) -> None:
        super().__init__(folder / "camera.log", within)
        if not _PYTHON.exists():
            process.absent("the demo's camera is not installed")
        self._clip = clip
        self._host = host
        self.onvif_port = onvif_port or process.free_port()
        self.rtsp_port = process.free_port()
        self._configuration = folder / "camera.json"
        self._configuration.write_text(json.dumps(self._settings(user, password), indent=2))

    @property
    def address(self) -> str:
        """Return what a technician would type."""
        return f"{self._host}:{self.onvif_port}"

    def _command(self) -> list[str | Path]:
        script = Path(__file__).with_name("camera_on_loopback.py")
        options = ["--config", self._configuration, "--source", self._clip, "--hw", "cpu"]
        return [_PYTHON, script, *options]

    def _is_up(self) -> bool:
        return process.listens(self.pid, self.onvif_port, self.rtsp_port)

    def _settings(self, user: str, password: str) -> dict[str, object]:
        return {
            "name": "Campus gate",
            "local_ip": self._host,
            "onvif_port": self.onvif_port,
            "rtsp_port": self.rtsp_port,
            # It would hand its streams to a go2rtc that happens to run here; nobody listens there.
            "go2rtc_api_port": process.free_port(),
            "username": user,
            "password": password,
            # As on a street: a main stream for evidence, and the sub stream that is analysed. The
            # sub has every pixel of vtest.avi, 768x576 at 10 frames a second; the main has no more.
            "main_width": 1280,
            "main_height": 960,
            "main_fps": 10,
            "main_bitrate": "3M",
            "sub_width": 768,
            "sub_height": 576,
            "sub_fps": 10,
            "sub_bitrate": "1500K",
            "show_timestamp": True,
        }
