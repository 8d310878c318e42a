"""Footage for cameras: Debian's street clip, the shared clips, and H.264/H.265 made from them.

What is made lies in `.cache/clips`, named by its parameters, and is made once per machine.
"""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import astuple, dataclass
from pathlib import Path

import pytest

from tests.peers import process
from tools import debian

SHARED = debian.REPOSITORY.parent / "shared" / "data"
_MADE = debian.CACHE / "clips"
# qtdemux stamps one long file correctly; multifilesrc, asked to loop, does not (timestamps stall
# at 0.1 s with GStreamer 1.22). So a loop is a file that is longer than any test.
_LOOP_S = 900
# ffmpeg's encoder, the option that takes the encoder's own settings, and one setting more.
_ENCODERS = {
    "h264": ("libx264", "-x264-params", ""),
    "h265": ("libx265", "-x265-params", ":log-level=error"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a camera would encode the clip: no B-frames, one key frame every `gop` frames."""

    codec: str = "h264"
    width_px: int = 768
    height_px: int = 576
    fps: int = 10
    gop: int = 20
    kbps: int = 1000
    start_s: float = 0.0
    seconds: float = 0.0  # 0: to the end


def vtest() -> Path:
    """Return Debian's `vtest.avi`: pedestrians on a campus street, 768x576, 10 fps, 80 s."""
    path = debian.CACHE / "vtest.avi"
    return path if path.exists() else process.absent("vtest.avi of Debian's opencv-doc is not here")


def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not beside this checkout")
    return SHARED


def shared_clip(name: str) -> Path:
    path = shared_data() / "clips" / name
    if not path.exists():
        pytest.skip(f"../shared/data/clips/{name} is not beside this checkout")
    return path


def encode(source: Path, how: Encoding | None = None) -> Path:
    """Return the clip as an MP4 a camera could have sent."""
    how = how or Encoding()
    cut = ["-t", str(how.seconds)] if how.seconds else []
    name, switch, extra = _ENCODERS[how.codec]
    settings = f"scenecut=0:bframes=0:keyint={how.gop}:min-keyint={how.gop}{extra}"
    picture = f"scale={how.width_px}:{how.height_px},fps={how.fps},format=yuv420p"
    options = ["-ss", str(how.start_s), "-i", str(source), *cut, "-an", "-vf", picture]
    options += ["-c:v", name, switch, settings, "-preset", "veryfast", "-b:v", f"{how.kbps}k"]
    return _made(source, astuple(how), options)


def still(photo: Path, seconds: int) -> Path:
    """Return an MP4 of a camera that sees nothing but this photo, ten frames a second."""
    options = ["-loop", "1", "-framerate", "10", "-i", str(photo), "-t", str(seconds)]
    options += ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "0", "-g", "20", "-b:v", "1000k"]
    return _made(photo, ("still", seconds), options)


def looped(clip: Path) -> Path:
    """Return the MP4 repeated, without encoding it again, until it lasts fifteen minutes."""
    options = ["-stream_loop", "-1", "-i", str(clip), "-t", str(_LOOP_S), "-c", "copy", "-an"]
    return _made(clip, ("looped", _LOOP_S), options)


def _made(source: Path, key: tuple[object, ...], options: list[str]) -> Path:
    stamp = source.stat()
    words = repr((source.name, stamp.st_size, stamp.st_mtime_ns, *key))
    target = _MADE / f"{source.stem[:30]}-{hashlib.sha256(words.encode()).hexdigest()[:16]}.mp4"
    if target.exists():
        return target
    ffmpeg = process.required_program("ffmpeg")
    _MADE.mkdir(parents=True, exist_ok=True)
    # Two test runs may make the same clip at once: each its own file, the rename decides.
    partial = target.with_suffix(f".{process.os.getpid()}.mp4")
    subprocess.run(  # noqa: S603 (ffmpeg, no shell)
        [ffmpeg, "-nostdin", "-loglevel", "error", "-y", *options, partial],
        check=True,
        env=debian.environment(),
    )
    partial.rename(target)
    return target
