"""Files that are whole or absent, also after a power cut."""

import os
import tempfile
from pathlib import Path


def write_whole(
    path: Path, content: bytes, *, mode: int = 0o644, owner: tuple[int, int] | None = None
) -> None:
    """Write all of a file or nothing: temporary file, fsync, rename, fsync the folder.

    `owner` is the user's and the group's number; only root may give a file away. Raises OSError as the system says it.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            if owner:
                # Before it has its name: what others may exchange is never given away.
                os.fchown(file.fileno(), *owner)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
