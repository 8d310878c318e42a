"""Facts about this machine and its programs that a reader of figures needs; no names, no paths."""

import os
import platform
import re
import subprocess
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from tools import debian

_PACKAGES = ("av", "opencv-python-headless", "numpy", "ai-edge-litert", "paho-mqtt")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine; `load` is the one-minute load average when the bench began."""

    processor: str
    cores: int
    memory_gib: float
    system: str
    kernel: str
    python: str
    packages: dict[str, str]
    motion: str
    load: float
    # Above 0 when the bench was given less of the machine than others, below 0 when more (nice).
    priority: int = 0

    def words(self) -> str:
        """Return the facts as one line of Markdown."""
        libraries = ", ".join(f"{name} {version}" for name, version in self.packages.items())
        return (
            f"{self.processor}, {self.cores} cores, {self.memory_gib:.1f} GiB; {self.system}, "
            f"Linux {self.kernel}, Python {self.python}; {libraries}; motion {self.motion}. "
            f"Load average when it began: {self.load:.2f}{self._priority_words()}."
        )

    def _priority_words(self) -> str:
        return f", run with nice {self.priority}" if self.priority else ""

    def as_dict(self) -> dict[str, object]:
        """Return the facts for JSON."""
        return asdict(self)


def look() -> Machine:
    """Return the facts of this machine, now."""
    found = {name: _version(name) for name in _PACKAGES}
    return Machine(
        processor=_first(r"^(?:model name|Model)\s*:\s*(.+)$", "/proc/cpuinfo")
        or platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=int(_first(r"^MemTotal:\s*(\d+)", "/proc/meminfo")) / 2**20,
        system=_first(r'^PRETTY_NAME="(.+)"$', "/etc/os-release"),
        kernel=platform.release().partition("-")[0],
        python=platform.python_version(),
        packages={name: version for name, version in found.items() if version},
        motion=_motion_version(),
        load=round(os.getloadavg()[0], 2),
        priority=os.getpriority(os.PRIO_PROCESS, 0),
    )


def shared_words(load: float) -> str:
    """Return the warning that belongs under figures of a machine that did other work as well."""
    if load < 0.5:  # noqa: PLR2004 (half a core busy before we began)
        return ""
    return (
        f"\n**The machine was shared**: its load average was {load:.2f} before the first run. "
        "Read ratios, not absolute figures.\n"
    )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _first(pattern: str, file: str) -> str:
    found = re.search(pattern, Path(file).read_text(), re.MULTILINE)
    return found.group(1).strip() if found else ""


def _motion_version() -> str:
    program = debian.program("motion")
    if program is None:
        return "not here"
    answer = subprocess.run(
        [program, "-h"], check=False, capture_output=True, text=True, env=debian.environment()
    )
    found = re.search(r"motion Version ([\w.+~-]+)", answer.stdout + answer.stderr, re.IGNORECASE)
    return found.group(1) if found else "of unknown version"
