"""The wheels that the package carries: fetched by their locked hashes, and what is taken of each."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from tools import debian
from tools.deb.unfit import UnfitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.deb.target import Target

_LOCK = debian.REPOSITORY / "requirements" / "runtime.lock"
# What we take of each wheel, and not. Nothing else of it is ever loaded by the agent: a test starts
# everything with what is here. OpenCV's own libraries are left out but for three, see shared.py.
TAKEN = {
    "ai-edge-litert": (
        "ai_edge_litert/__init__.py",
        "ai_edge_litert/interpreter.py",
        "ai_edge_litert/metrics_interface.py",
        "ai_edge_litert/metrics_portable.py",
        "ai_edge_litert/_pywrap_litert_interpreter_wrapper.so",
        "ai_edge_litert/libpywrap_litert_common.so",
    ),
    "av": ("av/*", "av.libs/*"),
    "opencv-python-headless": ("cv2/*", "opencv_python_headless.libs/*"),
    "paho-mqtt": ("paho/*",),
}
_LEFT = ("*.pyi", "*.pxd", "*.pyx", "*/py.typed", "cv2/LICENSE*", "cv2/data/*", "cv2/*py2.py")
# Of Debian, whose security team looks after them: XML, HTTP, cryptography, and NumPy, which agrees
# with wheels made for a later one. The agent's floors in pyproject.toml are Debian 12's.
FROM_DEBIAN = {"cryptography": "python3-cryptography", "numpy": "python3-numpy"}
# Has no wheel on the index, and we load none of its code: only its descriptions of ONVIF are taken.
DESCRIPTIONS = "onvif-zeep"


def fetch(target: Target) -> dict[str, Path]:
    """Return the wheel of each package, downloaded unless it is here already, by its hash."""
    folder = debian.CACHE / "wheels" / f"{target.release.name}-{target.processor.name}"
    if not all(_is_here(folder, name) for name in TAKEN):
        _download(target, folder)
    return {name: _wheel(folder, name) for name in TAKEN}


def _is_here(folder: Path, name: str) -> bool:
    wheels = _wheels(folder, name)
    return bool(wheels) and hashlib.sha256(wheels[0].read_bytes()).hexdigest() in _locked(name)


def _download(target: Target, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / "wanted.lock"
    wanted.write_text("".join(_locked(name) for name in TAKEN), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check"]
    command += ["--no-deps", "--require-hashes", "--only-binary=:all:", "-r", str(wanted)]
    command += ["--dest", str(folder), "--python-version", target.python, *_platforms(target)]
    subprocess.run(command, check=True)


def version_of(name: str) -> str:
    """Return the locked version of a package."""
    found = re.search(rf"^{re.escape(name)}==(\S+)", _LOCK.read_text("utf-8"), re.MULTILINE)
    if not found:
        raise UnfitError(f"{name} is not in requirements/runtime.lock")
    return found[1]


def members(wheel: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield what is taken of a wheel: its path and its content."""
    with zipfile.ZipFile(wheel) as archive:
        for member in sorted(archive.namelist()):
            if member.endswith("/") or any(fnmatch(member, left) for left in _LEFT):
                continue
            if any(fnmatch(member, taken) for taken in TAKEN[name]):
                yield member, archive.read(member)


def papers(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the licences and bills of material of a wheel: file name and content."""
    with zipfile.ZipFile(wheel) as archive:
        for member in sorted(archive.namelist()):
            inside = re.fullmatch(r"[^/]+\.dist-info/(?:licenses/|sboms/)?([^/]+)", member)
            if inside and re.match(r"LICEN|COPYING|epl|edl|\w+\.cdx\.json", inside[1]):
                yield inside[1], archive.read(member)


def _locked(name: str) -> str:
    """Return the lines of the lock for one package."""
    found = re.search(
        rf"^{re.escape(name)}==(\S+)[^\\\n]*\\\n(?: +--hash=\S+(?: \\)?\n)+",
        _LOCK.read_text("utf-8"),
        re.MULTILINE,
    )
    if not found:
        raise UnfitError(f"{name} is not in requirements/runtime.lock with a hash")
    return found[0]


def _platforms(target: Target) -> list[str]:
    machine = target.processor.machine
    newest_first = range(target.release.glibc_minor, 16, -1)
    names = [*(f"manylinux_2_{minor}_{machine}" for minor in newest_first)]
    return [word for name in [*names, f"manylinux2014_{machine}"] for word in ("--platform", name)]


def _wheel(folder: Path, name: str) -> Path:
    return _wheels(folder, name)[0]


def _wheels(folder: Path, name: str) -> list[Path]:
    prefix = f"{name.replace('-', '_')}-{version_of(name)}-"
    return [path for path in sorted(folder.glob("*.whl")) if path.name.startswith(prefix)]
