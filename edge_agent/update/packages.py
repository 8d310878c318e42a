"""The packages that this box may go back to: a copy of each before it is installed, and no more than needed."""

import os
import shutil
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from edge_agent.update.dpkg import Dpkg
from edge_agent.update.places import PACKAGE
from edge_agent.update.repack import repack

# What else the box needs of its disk while a version is exchanged, and room to pack one anew.
_SPARE_BYTES = 200_000_000


def keep(package: Path, folder: Path, dpkg: Dpkg) -> str:
    """Copy a package of ours; return its version, "" for another's. Raises OSError, also for want of room."""
    name, version = dpkg.fields(package)
    if name != PACKAGE or not version:
        return ""
    target, size = _place(folder, version), package.stat().st_size
    if not target.exists() or target.stat().st_size != size:
        _make_room(folder, size)
        _write(target, lambda partial: shutil.copyfile(package, partial))
    return version


def keep_installed(root: Path, folder: Path, dpkg: Dpkg) -> None:
    """Keep the installed version, where nobody kept its package: the first one came by hand.

    From apt's own store, else packed anew from what lies on the box. Raises OSError.
    """
    version = dpkg.installed().version
    if not version or find(folder, version):
        return
    for package in sorted((root / "var/cache/apt/archives").glob(f"{PACKAGE}_*.deb")):
        if dpkg.fields(package) == (PACKAGE, version):
            keep(package, folder, dpkg)
            return
    _make_room(folder, _SPARE_BYTES)
    _write(_place(folder, version), lambda partial: repack(root, partial, dpkg))


def find(folder: Path, version: str) -> Path | None:
    """Return the kept package of a version."""
    place = _place(folder, version)
    return place if place.is_file() else None


def forget(folder: Path, *, but: Collection[str]) -> None:
    """Delete all but some versions, and what a power cut left of a copy."""
    wanted = {_place(folder, version) for version in but}
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.is_dir():
            shutil.rmtree(file, ignore_errors=True)
        elif file not in wanted:
            file.unlink(missing_ok=True)


def _place(folder: Path, version: str) -> Path:
    # An epoch's colon is no character for the name of a file on a memory stick.
    return folder / f"{PACKAGE}_{version.replace(':', '%3a')}.deb"


def _make_room(folder: Path, wanted_bytes: int) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    if shutil.disk_usage(folder).free < wanted_bytes + _SPARE_BYTES:
        raise OSError(0, "too little room on the disk")


def _write(target: Path, write: Callable[[Path], object]) -> None:
    """Let a file be whole or absent, also after a power cut."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new.") as folder:
        partial = Path(folder) / target.name
        write(partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(target)
