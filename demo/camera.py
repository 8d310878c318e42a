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
import subprocess
from pathlib import Path
from typing import Self

from tests.peers import process
from tools import debian

_PYTHON = debian.CACHE / "demo-camera" / "bin" / "python"


class Camera:
    """One ipycam on free loopback ports, with a main stream as the clip is and a smaller sub."""

    def __init__(self, clip: Path, folder: Path, *, user: str, password: str) -> None:
        self._clip = clip
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.onvif_port = process.free_port()
        self.rtsp_port = process.free_port()
        self.log_path = folder / "camera.log"
        folder.mkdir(parents=True, exist_ok=True)
        self._configuration = folder / "camera.json"
        self._configuration.write_text(json.dumps(self._settings(user, password), indent=2))

    @property
    def address(self) -> str:
        """Return what a technician would type."""
        return f"127.0.0.1:{self.onvif_port}"

    def __enter__(self) -> Self:
        script = Path(__file__).with_name("camera_on_loopback.py")
        options = ["--config", self._configuration, "--source", self._clip, "--hw", "cpu"]
        self._process = process.spawn([_PYTHON, script, *options], self.log_path)
        process.wait_until(self._is_up, self._process, self.log_path)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            process.end(self._process)

    def _is_up(self) -> bool:
        return process.accepts(self.onvif_port) and process.accepts(self.rtsp_port)

    def _settings(self, user: str, password: str) -> dict[str, object]:
        return {
            "name": "Campus gate",
            "local_ip": "127.0.0.1",
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
