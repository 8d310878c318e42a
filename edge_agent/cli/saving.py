"""Write a camera whole, or not at all: its password, then its file, and no Ctrl-C between the two."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from edge_agent.config.load import camera_ids, load_camera
from edge_agent.config.settings import CameraSettings
from edge_agent.config.store import SECRETS_FOLDER, save_camera, save_password
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.secret import Secret


def save(folder: Path, camera: CameraSettings) -> Path:
    """Write the password, then the camera; zones, rules and tuning of an older file stay.

    Return the camera's file. Raise EdgeAgentError if it cannot be written; then the password that
    was there before is there again.
    """
    if camera.id in camera_ids(folder):
        camera = _merged(load_camera(folder, camera.id), camera)
    with written_whole(folder, camera.id):
        password = camera.stream.password
        file = save_password(folder, camera.id, password) if password else None
        main = camera.main_stream and replace(camera.main_stream, password_file=file)
        stream = replace(camera.stream, password_file=file)
        return save_camera(folder, replace(camera, stream=stream, main_stream=main))


@contextmanager
def written_whole(folder: Path, camera_id: str) -> Iterator[None]:
    """Write the password and the camera inside, and no Ctrl-C between the two.

    If the camera cannot be written, the password that was there before is there again.
    """
    with _ctrl_c_waits(), _password_stays(folder, camera_id):
        yield


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Hold a Ctrl-C back until both files are written: a few milliseconds.

    A mask of this thread would not do: OpenCV's threads would get the signal, and Python would
    raise it here all the same.
    """
    is_told = False

    def told(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_told
        is_told = True

    before = signal.signal(signal.SIGINT, told)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if is_told:
            raise KeyboardInterrupt


@contextmanager
def _password_stays(folder: Path, camera_id: str) -> Iterator[None]:
    """Put back the password that was there, or none, if the camera cannot be written."""
    file = folder.absolute() / SECRETS_FOLDER / camera_id
    try:
        before = file.read_text(encoding="utf-8").rstrip("\n")
    except FileNotFoundError:
        before = ""
    except (OSError, UnicodeDecodeError):
        before = None
    try:
        yield
    except EdgeAgentError:
        if before:
            save_password(folder, camera_id, Secret(before))
        elif before is not None:
            file.unlink(missing_ok=True)
        raise


def _merged(old: CameraSettings, new: CameraSettings) -> CameraSettings:
    """Return the old camera with what was seen now; what a stream's address cannot tell stays."""
    tuned = replace(
        new.stream, open_s=old.stream.open_s, read_s=old.stream.read_s, idle=old.stream.idle
    )
    camera = _of_device(replace(old, stream=tuned, main_stream=new.main_stream), new)
    if new.onvif_url:
        return camera
    main = old.main_stream if old.main_stream and old.main_stream.url != new.stream.url else None
    if main and tuned.username:
        # One camera, one login: an old user name with a new password would lock us out.
        main = replace(tuned, url=main.url)
    return replace(camera, main_stream=main)


def _of_device(old: CameraSettings, new: CameraSettings) -> CameraSettings:
    """Return the old camera with what the device says now; what it does not say stays.

    Unless it is another device in the same place: of the one before nothing is true any more.
    """
    nobody = replace(old, onvif_endpoint="", onvif_mac="", onvif_serial="")
    kept = nobody if old.identity.is_another(new.identity) else old
    return replace(
        kept,
        onvif_url=new.onvif_url or kept.onvif_url,
        onvif_endpoint=new.onvif_endpoint or kept.onvif_endpoint,
        onvif_mac=new.onvif_mac or kept.onvif_mac,
        onvif_serial=new.onvif_serial or kept.onvif_serial,
        onvif_source=new.onvif_source or kept.onvif_source,
    )
