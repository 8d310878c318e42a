"""What a support bundle holds, part by part. None of them knows of secrets: the bundle cleans them all."""

import json
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from edge_agent.cli.version import all_parts
from edge_agent.config.load import AGENT_FILE, CAMERAS_FOLDER
from edge_agent.daemon.status import ask_status
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.interfaces import list_interfaces
from edge_agent.runtime.clock import SystemClock, rfc3339
from edge_agent.spool.peek import peek

_JOURNAL = (
    "journalctl",
    "-u",
    "edge-agent",
    # What watches a new version, and says why it went back from it.
    "-u",
    "edge-agent-trial",
    "-n",
    "20000",
    "--no-pager",
    "-o",
    "short-iso-precise",
)
# A journal on a slow card; without an answer the bundle goes without it.
_JOURNAL_S = 20.0
_MOST_DEFECTS = 5
_MOST_FILES = 2000
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the bundle: its name, what it is, and how to get it."""

    name: str
    what: str
    ask: Callable[[], str]


def sources(folder: Path, state_dir: Path) -> list[Source]:
    """Return all parts, the weightiest first; each may fail for itself."""
    return [
        Source("status.json", "the running agent, its cameras and last frames", _status(state_dir)),
        Source("versions.json", "agent, libraries, cameras' firmware", lambda: _versions(folder)),
        Source("spool.json", "what waits, is refused, was dropped", lambda: _spool(state_dir)),
        Source(
            "box.txt", "clock, disk, memory, processor, network", lambda: _box(folder, state_dir)
        ),
        Source(
            "files.txt", "names, sizes and rights; no contents", lambda: _files(folder, state_dir)
        ),
        *_configuration(folder),
        Source("defects.txt", "defects that commands wrote down", _defects),
        Source("journal.txt", "what the service said, the newest at the end", _journal),
    ]


def _status(state_dir: Path) -> Callable[[], str]:
    return lambda: json.dumps(asdict(ask_status(state_dir)), indent=2)


def _versions(folder: Path) -> str:
    return json.dumps([asdict(part) for part in all_parts(folder)], indent=2)


def _spool(state_dir: Path) -> str:
    try:
        spool = asdict(ask_status(state_dir).spool)
    except EdgeAgentError:
        waiting, parked, dropped = peek(state_dir / "spool.sqlite")
        spool = {"waiting": waiting, "parked": parked, "dropped_alerts": dropped}
    return json.dumps(spool, indent=2)


def _configuration(folder: Path) -> Iterator[Source]:
    files = [folder / AGENT_FILE, *sorted((folder / CAMERAS_FOLDER).glob("*.toml"))]
    for file in files:
        name = f"config/{file.relative_to(folder)}"
        yield Source(name, "configuration, secrets taken out", _reading(file))


def _reading(file: Path) -> Callable[[], str]:
    return lambda: file.read_text(encoding="utf-8", errors="replace")


def _box(folder: Path, state_dir: Path) -> str:
    clock = SystemClock()
    state = clock.state()
    lines = [
        f"time: {rfc3339(clock.wall())}, synchronised: {state.is_synced}, error: {state.error_ms} ms",
        f"system: {platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()}",
        *(_disk(name, place) for name, place in (("config", folder), ("state", state_dir))),
        *(f"network: {card.name} {card.address}" for card in list_interfaces()),
        "",
        *(_proc(file) for file in ("meminfo", "uptime", "loadavg", "net/route")),
    ]
    return "\n".join([*lines, *_temperatures()])


def _disk(name: str, place: Path) -> str:
    there = next(each for each in (place.absolute(), *place.absolute().parents) if each.exists())
    usage = shutil.disk_usage(there)
    return f"{name}: {place}, {usage.free // _MIB} MiB free of {usage.total // _MIB} MiB"


def _proc(name: str) -> str:
    try:
        return f"/proc/{name}:\n{Path('/proc', name).read_text(encoding='ascii', errors='replace')}"
    except OSError as error:
        return f"/proc/{name}: {error.strerror}"


def _temperatures() -> list[str]:
    told = []
    for zone in sorted(Path("/sys/class/thermal").glob("thermal_zone*")):
        try:
            kind, degrees = (zone / "type").read_text().strip(), (zone / "temp").read_text().strip()
        except OSError:
            continue
        told.append(f"temperature: {kind} {degrees} (thousandths of a degree)")
    return told


def _files(folder: Path, state_dir: Path) -> str:
    lines = []
    for root in (folder, state_dir):
        for place in sorted(root.rglob("*"))[:_MOST_FILES]:
            about = place.lstat()
            lines.append(f"{about.st_mode:06o} {about.st_uid:>5} {about.st_size:>12} {place}")
    return "\n".join(lines)


def _defects() -> str:
    reports = sorted(Path(tempfile.gettempdir()).glob("edge-agent-defect-*.txt"), key=_age)
    return "\n\n".join(f"{one}\n{_reading(one)()}" for one in reports[-_MOST_DEFECTS:]) or "none"


def _age(file: Path) -> float:
    return file.lstat().st_mtime


def _journal() -> str:
    done = subprocess.run(  # noqa: S603 (a program we name, without anybody's words)
        _JOURNAL, check=True, capture_output=True, timeout=_JOURNAL_S
    )
    return done.stdout.decode(errors="replace")
