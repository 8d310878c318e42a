"""Carry FFmpeg once, and no library that Debian has or nobody calls.

PyAV and OpenCV each bring the same FFmpeg 8.1 under another name. OpenCV is shown PyAV's under the
names that it looks for, by links in PyAV's folder; its linear algebra is Debian's LAPACK. No
library is changed for it.
"""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from tools import debian, packages
from tools.deb import elf, placeholder
from tools.deb.unfit import UnfitError

if TYPE_CHECKING:
    from pathlib import Path

    from tools.deb.target import Processor, Target

LIBRARIES = "av.libs"
_OF_OPENCV = "opencv_python_headless.libs"
_SHARED = ("avcodec", "avformat", "avutil", "swscale")
# What OpenCV needs of its own, and PyAV does not bring: AVIF, whose decoder looks at every picture.
_KEPT = ("aom", "avif", "png16")
# Encoders that FFmpeg is linked with: 27 MB that the agent, which writes H.264 alone, never calls.
_NEVER_CALLED = ("libx265", "libSvtAv1Enc")
_LAPACK = "liblapack.so.3"
# What Debian's libc6, libstdc++6, libgcc-s1 and zlib1g have; control names these packages.
_SYSTEM = re.compile(
    r"(libc|libm)\.so\.6|lib(pthread)\.so\.0|libdl\.so\.2|librt\.so\.1|ld-linux-.*\.so\.\d"
    r"|libstdc\+\+\.so\.6|libgcc_s\.so\.1|libz\.so\.1"
)


def share(private: Path, target: Target) -> None:
    """Join the two folders of libraries, strip what is not stripped, and see that nothing lacks."""
    _join(private, target.processor)
    ours = private / LIBRARIES
    users = sorted(path for path in ours.iterdir() if elf.is_elf(path))
    for name in _NEVER_CALLED:
        (real,) = ours.glob(f"{name}-*")
        real.write_bytes(placeholder.stand_in(real, set(users) - {real}, target.processor))
    _strip(private, target.processor)
    _insist_on_all(private, target)


def _join(private: Path, processor: Processor) -> None:
    ours, theirs = private / LIBRARIES, private / _OF_OPENCV
    for library in sorted(theirs.iterdir()):
        name = re.match(r"lib([a-z0-9]+?)(?:p-r0)?-", library.name)
        if not name:
            raise UnfitError(f"OpenCV brings {library.name}, whose name we cannot read")
        if name[1] in _KEPT:
            library.rename(ours / library.name)
        elif name[1] in _SHARED:
            (ours / library.name).symlink_to(_same(library, ours, name[1]))
        elif name[1] == "openblas":
            (ours / library.name).symlink_to(f"../../{processor.triplet}/{_LAPACK}")
    for library in theirs.iterdir():
        library.unlink()
    theirs.rmdir()
    # A folder of the same name, so that what is found there finds its own needs beside it.
    theirs.symlink_to(LIBRARIES)


def _same(library: Path, ours: Path, name: str) -> str:
    (twin,) = ours.glob(f"lib{name}-*")
    if _line(twin) != _line(library):
        raise UnfitError(
            f"PyAV brings {twin.name}, OpenCV {library.name}: no longer of one FFmpeg release line"
        )
    return twin.name


def _line(library: Path) -> list[str]:
    """Return major and minor version: within these FFmpeg mends, and changes no interface."""
    return library.name.partition(".so.")[2].split(".")[:2]


def _strip(private: Path, processor: Processor) -> None:
    program = f"{processor.triplet}-strip"
    if not debian.program(program):
        packages.unpack([f"binutils-{processor.triplet.replace('_', '-')}"])
    found = debian.program(program)
    if not found:
        raise packages.Unavailable([f"binutils-{processor.triplet.replace('_', '-')}"])
    libraries = [path for path in sorted(private.rglob("*.so*")) if elf.is_elf(path)]
    full = [path for path in libraries if b"\0.symtab\0" in path.read_bytes()]
    command = [found, "--strip-unneeded", *full]
    # Stripping keeps the time of day out of it, and everything that is loaded.
    environment = debian.environment() if debian.UNPACKED in found.parents else os.environ
    subprocess.run(command, check=True, env=environment)


def _insist_on_all(private: Path, target: Target) -> None:
    """Raise UnfitError where a library would not be found on the box, or is for another one."""
    inside = {path.name for path in private.rglob("*.so*")}
    for path in sorted(private.rglob("*.so*")):
        if not elf.is_elf(path):
            continue
        library = elf.Library(path)
        missing = {n for n in library.needed if n not in inside and not _SYSTEM.fullmatch(n)}
        if missing:
            raise UnfitError(f"{path.name} needs {', '.join(sorted(missing))}")
        if library.machine != target.processor.elf_machine:
            raise UnfitError(f"{path.name} is for another processor")
        if library.glibc_minor > target.release.glibc_minor:
            raise UnfitError(f"{path.name} needs the C library 2.{library.glibc_minor}")
