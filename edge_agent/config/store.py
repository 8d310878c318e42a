"""Write a camera's file whole, or not at all; what a person wrote is never touched."""

import errno
import os
import tempfile
from pathlib import Path

from edge_agent.config.camera_text import write_camera
from edge_agent.config.checks import WORD_RULE, is_word
from edge_agent.config.load import (
    CAMERAS_FOLDER,
    camera_ids,
    read_camera_text,
    unknown_camera,
)
from edge_agent.config.settings import CameraSettings, RefusedCamera
from edge_agent.errors import EdgeAgentError
from edge_agent.runtime.files import write_whole
from edge_agent.runtime.secret import Secret
from edge_agent.toml.problems import BadConfiguration

SECRETS_FOLDER = "secrets"
_HEADER_START = "# Written by edge-agent."
HEADER = f"{_HEADER_START} Commands rewrite it; to keep it by hand, delete this line.\n"


def save_camera(folder: Path, camera: CameraSettings) -> Path:
    """Write `cameras.d/<id>.toml` and return its path.

    The password itself is not written: save it first and name its file in the stream. Raises
    EdgeAgentError if a person wrote the file that is there, or if it cannot be written, and
    BadConfiguration if what we would write could not be read again.
    """
    folder = folder.absolute()
    file = folder / CAMERAS_FOLDER / f"{camera.id}.toml"
    text = write_camera(camera, folder)
    again = read_camera_text(folder, camera.id, text)
    if isinstance(again, RefusedCamera):
        raise BadConfiguration(again.problems)
    if is_by_hand(file):
        hint = (
            f"let edge-agent rewrite it (comments are lost) by this line on top of it:\n"
            f"{_HEADER_START}\nor paste this into it:\n\n{text}"
        )
        raise EdgeAgentError(f"{file} was written by hand and is left alone", hint=hint)
    _write(folder, file, (HEADER + text).encode(), mode=0o644, folder_mode=0o755)
    return file


def save_password(folder: Path, camera_id: str, secret: Secret) -> Path:
    """Write a camera's password into a file of its own (mode 0600) and return its path.

    Raises EdgeAgentError if the id or the password cannot be used, or nothing can be written.
    """
    if not is_word(camera_id):
        raise EdgeAgentError(f'"{camera_id}" cannot be a camera\'s id', hint=WORD_RULE)
    if not secret or not secret.reveal().isprintable():
        raise EdgeAgentError(
            "the password is empty or has characters that cannot be typed",
            hint="copy it anew, without the end of its line",
        )
    folder = folder.absolute()
    file = folder / SECRETS_FOLDER / camera_id
    content = f"{secret.reveal()}\n".encode()
    _write(folder, file, content, mode=0o600, folder_mode=0o700)
    return file


def remove_camera(folder: Path, camera_id: str) -> tuple[Path, ...]:
    """Remove a camera's file and the password that `save_password` wrote; return what was there.

    Raises EdgeAgentError if there is no such camera or it cannot be removed.
    """
    folder = folder.absolute()
    if camera_id not in camera_ids(folder):
        raise unknown_camera(folder, camera_id)
    # The camera's own file first: what is left after a power cut harms nobody.
    files = (folder / CAMERAS_FOLDER / f"{camera_id}.toml", folder / SECRETS_FOLDER / camera_id)
    removed = []
    for file in files:
        try:
            file.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            hint = "run this with sudo"
            raise EdgeAgentError(f"cannot remove {file}: {error.strerror}", hint=hint) from error
        removed.append(file)
    return tuple(removed)


def need_folder(folder: Path) -> None:
    """Raise EdgeAgentError if this is no folder that configuration can be in, or closed to us."""
    cameras = folder / CAMERAS_FOLDER
    try:
        is_file, is_folder = folder.is_file(), folder.is_dir()
        if cameras.is_dir():
            next(cameras.iterdir(), None)
    except OSError as error:
        hint = "run this with sudo"
        raise EdgeAgentError(f"cannot read {folder}: {error.strerror}", hint=hint) from error
    if is_file:
        raise EdgeAgentError(
            f"{folder} is a file; --config names the folder it is in",
            hint=f"write --config {folder.absolute().parent}",
        )
    if not is_folder:
        hint = f"correct --config, or make it:  sudo mkdir -p {folder}"
        raise EdgeAgentError(f"there is no such folder: {folder}", hint=hint)


def need_room(folder: Path) -> None:
    """Raise EdgeAgentError where a camera could not be saved; nothing is left behind."""
    folder = folder.absolute()
    need_folder(folder)
    for place in (folder, folder / CAMERAS_FOLDER, folder / SECRETS_FOLDER):
        if place == folder or place.is_dir():
            try:
                with tempfile.TemporaryFile(dir=place):
                    pass
            except OSError as error:
                raise not_written(place, error) from error


def not_written(place: Path, error: OSError) -> EdgeAgentError:
    """Return the failure to write there, with what helps against it."""
    hints = {
        errno.EACCES: "run this with sudo",
        errno.EPERM: "run this with sudo",
        errno.ENOSPC: f"free some space:  df -h {place.parent}",
        errno.EDQUOT: f"free some space:  df -h {place.parent}",
        errno.EROFS: "the disk is read-only, often because it fails; look at:  sudo dmesg | tail;  mount",
    }
    hint = hints.get(error.errno or 0, f"look what is there:  ls -ld {place} {place.parent}")
    return EdgeAgentError(f"cannot write {place}: {error.strerror}", hint=hint)


def is_by_hand(file: Path) -> bool:
    """Tell whether a person wrote this camera's file. Raises EdgeAgentError if it is unreadable."""
    try:
        return not file.read_bytes().startswith(_HEADER_START.encode())
    except FileNotFoundError:
        return False
    except OSError as error:
        hint = "run this with sudo"
        raise EdgeAgentError(f"cannot read {file}: {error.strerror}", hint=hint) from error


def _owner(folder: Path) -> tuple[int, int] | None:
    """Return whose the folder is, if we may give files away: the agent must read what sudo wrote."""
    if os.geteuid() != 0:
        return None
    status = folder.stat()
    return status.st_uid, status.st_gid


def _give(folder: Path, owner: tuple[int, int]) -> None:
    """Give a folder away; a link in its place is not followed to what it points to."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchown(handle, *owner)
    finally:
        os.close(handle)


def _write(folder: Path, file: Path, content: bytes, *, mode: int, folder_mode: int) -> None:
    need_folder(folder)
    try:
        owner = _owner(folder)
        file.parent.mkdir(mode=folder_mode, exist_ok=True)
        if owner:
            _give(file.parent, owner)
        write_whole(file, content, mode=mode, owner=owner)
    except OSError as error:
        raise not_written(file, error) from error
