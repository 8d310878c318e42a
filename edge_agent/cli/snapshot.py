"""A picture for the technician to look at: the camera's own snapshot, else what we decoded.

It is a file in the folder where the command runs. A mark inside tells ours from others, which are
never written over.
"""

import os
import tempfile
from pathlib import Path

import cv2
import numpy as np

from edge_agent.cli.candidate import Candidate
from edge_agent.cli.login import Talk
from edge_agent.cli.zone_picture import picture_of
from edge_agent.domain.frame import Frame
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.line import Line
from edge_agent.runtime.files import write_whole

# JPEG (ITU-T T.81): start of image, then segments of a marker, a length and their bytes.
_START = b"\xff\xd8"
_END = b"\xff\xd9"
_COMMENT = b"\xff\xfe"
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_SCAN = 0xDA
_OURS = b"edge-agent snapshot"
_MARK = _COMMENT + (len(_OURS) + 2).to_bytes(2, "big") + _OURS
# 8K; a header can claim four thousand million, and a decoder would make room for them.
_MOST_PIXELS = 40_000_000
# What lies behind the end in some cameras' pictures: zeros, or an empty line.
_PADDING = b"\0\r\n"


def keep_snapshot(
    candidate: Candidate, line: Line | None, frame: Frame, where: Path, talk: Talk, camera_id: str
) -> None:
    """Fetch the camera's picture, see that it is one, and save it; say where.

    Where it has none that can be used, the decoded frame is saved instead, and that is said.
    `where` is a file or a folder. Raise EdgeAgentError if it cannot be written.
    """
    console, whose = talk.console, "the camera's snapshot"
    jpeg = b""
    if line and candidate.snapshot_url:
        console.progress(f"fetching {candidate.snapshot_url} …")
        try:
            jpeg = _checked(line.get_picture(candidate.snapshot_url), candidate.snapshot_url)
        except EdgeAgentError as failure:
            console.note(camera_id, f"{failure.what}: the decoded picture will do")
    if not jpeg:
        jpeg, whose = _encoded(frame), "a picture of the stream"
    file = _write(where, camera_id, jpeg)
    console.ok(camera_id, f"{whose}: {file}")


def size_of(jpeg: bytes) -> tuple[int, int]:
    """Return width and height as the header of a JPEG says them; (0, 0) where it says none."""
    place = len(_START)
    while jpeg[place : place + 1] == b"\xff" and place + 9 <= len(jpeg):
        marker, length = jpeg[place + 1], int.from_bytes(jpeg[place + 2 : place + 4], "big")
        if marker == 0xFF:  # noqa: PLR2004 (filling between segments)
            place += 1
            continue
        if marker in _FRAMES:
            height, width = (
                int.from_bytes(jpeg[place + gap : place + gap + 2], "big") for gap in (5, 7)
            )
            return width, height
        if marker == _SCAN or length < 2:  # noqa: PLR2004 (a length counts itself)
            break
        place += 2 + length
    return 0, 0


def _checked(jpeg: bytes, url: str) -> bytes:
    """Return the picture; raise EdgeAgentError if it cannot be decoded to its last line."""
    jpeg = jpeg.rstrip(_PADDING)
    width, height = size_of(jpeg)
    if 0 < width * height <= _MOST_PIXELS and jpeg.endswith(_END):
        # An eighth of each side: the bytes are all read, the memory is not needed.
        small = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)
        if small is not None:
            return jpeg
    raise EdgeAgentError(
        f"the snapshot at {url} is broken", hint="nothing to do: its streams are what counts"
    )


def _encoded(frame: Frame) -> bytes:
    return bytes(cv2.imencode(".jpg", picture_of(frame))[1])


def _write(where: Path, camera_id: str, jpeg: bytes) -> Path:
    """Write the picture with our mark in it; return where to.

    In a folder where that cannot be, it goes to the temporary one; a file that was named is said.
    """
    content = _START + _MARK + jpeg.removeprefix(_START)
    is_named = not where.is_dir()
    try:
        file = (where if is_named else where / f"{camera_id}.jpg").absolute()
        if not _is_another_s(file):
            write_whole(file, content)
            return file
    except OSError as error:
        if is_named:
            raise _not_written(where, error) from error
        return _write_aside(camera_id, content)
    if is_named:
        raise EdgeAgentError(
            f"{file} is there and is no snapshot of ours",
            hint="name another file with --snapshot, or remove that one",
        )
    return _write_aside(camera_id, content)


def _write_aside(camera_id: str, content: bytes) -> Path:
    folder = Path(tempfile.gettempdir())
    try:
        handle, name = tempfile.mkstemp(prefix=f"edge-agent-{camera_id}-", suffix=".jpg")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as error:
        raise _not_written(folder, error) from error
    return Path(name)


def _not_written(place: Path, error: OSError) -> EdgeAgentError:
    return EdgeAgentError(
        f"cannot write a snapshot to {place}: {error.strerror}",
        hint="name another place with --snapshot FILE",
    )


def _is_another_s(file: Path) -> bool:
    try:
        with file.open("rb") as there:
            return not there.read(len(_START + _MARK)).startswith(_START + _MARK)
    except FileNotFoundError:
        return False
