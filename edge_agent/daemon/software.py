"""What has a version on this box: system, processor, models, libraries, and the cameras' firmware.

For `edge-agent version --all`, and for the center in each birth message. Libraries are those that
this process really loaded; what a camera says is remembered from the last time it was asked.
"""

import json
import os
import platform
import sqlite3
import ssl
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from edge_agent.inference.model_file import ModelCard
from edge_agent.inference.motion_file import WEIGHTS as MOTION_WEIGHTS

_OURS = "edge_agent"
# In a birth message, as JSON: a mobile link pays for it at each connection.
MOST_BYTES = 4_096
_LONGEST = 96
# Told of a library that is loaded later, by commands and models from afar.
_LATER = ("zeep", "lxml", "requests")
_CPUINFO, _BOARD = Path("/proc/cpuinfo"), Path("/proc/device-tree/model")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing with a version, or why it is not known."""

    part: str
    name: str
    version: str
    problem: str = ""
    # Of a model.
    sha256: str = ""


def system() -> list[Part]:
    """Return the system, its kernel, and what it runs on."""
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        name = "Linux"
    cores = len(os.sched_getaffinity(0))
    return [
        Part("system", name, f"{platform.release()} {platform.machine()}"),
        Part("processor", _processor(), "1 core" if cores == 1 else f"{cores} cores"),
    ]


def models(card: ModelCard) -> list[Part]:
    """Return the model that looks, and the one that says where something moves."""
    motion = sha256(MOTION_WEIGHTS.read_bytes()).hexdigest()
    return [
        Part("model", card.name, card.version, sha256=card.sha256),
        Part("model", "motion", "as shipped", sha256=motion),
    ]


def loaded_libraries() -> list[Part]:
    """Return the libraries that this process has loaded, with what is inside of them."""
    names = {name.partition(".")[0] for name in sys.modules} | set(_LATER)
    owners = packages_distributions()
    found = {
        owner: told
        for name in names - set(sys.stdlib_module_names) - {_OURS}
        for owner in owners.get(name, [name])
        if (told := _version_of(owner, name))
    }
    wheels = [Part("library", name, found[name]) for name in sorted(found, key=str.lower)]
    return [*wheels, *_native()]


def told_parts(parts: Iterable[Part]) -> Mapping[str, object]:
    """Return them for the center, at most `MOST_BYTES` as JSON; what does not fit is counted."""
    every = [_told(part) for part in parts if not part.problem]
    while _size(every) > MOST_BYTES and every:
        # Cameras and small libraries stand last.
        every.pop()
    count = sum(1 for part in parts if not part.problem)
    return {"parts": every, "left_out": count - len(every)}


def _told(part: Part) -> list[str]:
    words = [part.part, part.name[:_LONGEST], part.version[:_LONGEST]]
    return [*words, part.sha256] if part.sha256 else words


def _size(every: Sequence[Sequence[str]]) -> int:
    # As the status message has it, with the members around it.
    return len(json.dumps({"parts": every, "left_out": 999}).encode())


def _processor() -> str:
    """Return what the kernel calls the processor, or the board it is on (arm64 names no model)."""
    try:
        return _BOARD.read_text(errors="replace").rstrip("\0").strip()
    except OSError:
        pass
    try:
        lines = _CPUINFO.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version_of(owner: str, name: str) -> str:
    """Return a distribution's version; else what the module says of itself, where it was vendored."""
    try:
        return version(owner)
    except PackageNotFoundError:
        told = getattr(sys.modules.get(name), "__version__", "")
        return told if isinstance(told, str) else ""


def _native() -> list[Part]:
    """Return what is inside of wheels and of Python itself."""
    numbers = getattr(sys.modules.get("av"), "library_versions", {})
    ffmpeg = [
        Part("ffmpeg", name, ".".join(map(str, number))) for name, number in sorted(numbers.items())
    ]
    # "OpenSSL 3.0.15 3 Sep 2024"
    tls = ssl.OPENSSL_VERSION.partition(" ")
    return [*ffmpeg, Part("tls", tls[0], tls[2]), Part("sqlite", "SQLite", sqlite3.sqlite_version)]
