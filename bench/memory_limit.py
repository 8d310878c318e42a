"""What MemoryMax of the unit is worth: the agent in a control group that the kernel holds to a limit.

Needs root and the kernel's memory controller in its first version (/sys/fs/cgroup/memory), whose
`memory.limit_in_bytes` counts and kills as `memory.max` does.
`python -m bench.memory_limit` writes results/memory-limit.md.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.peers import clips
from tests.peers.agent import Agent
from tests.peers.mosquitto import Mosquitto
from tests.peers.rtsp import RtspServer

_CONTROLLER = Path("/sys/fs/cgroup/memory")
_MIB = 1 << 20
# As the unit has it, and one that the agent cannot live in.
_UNIT_MIB, _TOO_SMALL_MIB = 768, 48
_WATCH_S = 60.0
_OOM_KILL = "oom_kill"
_PAGE = Path(__file__).with_name("results") / "memory-limit.md"


@dataclass(frozen=True, slots=True)
class Measured:
    """One run under a limit."""

    cameras: int
    limit_mib: int
    streaming: int
    alerts: int
    # Of what is counted against the limit: in all, and the agent's own (not files in the cache).
    most_mib: float
    own_mib: float
    # Times that the limit was hit, so that cached files had to go; processes killed for it.
    hits: int
    kills: int


class Group:
    """A control group of ours; gone in the end."""

    def __init__(self, limit_mib: int) -> None:
        self._folder = _CONTROLLER / f"edge-agent-bench-{os.getpid()}"
        self._folder.mkdir()
        (self._folder / "memory.limit_in_bytes").write_text(str(limit_mib * _MIB))

    def prefix(self) -> list[str]:
        """Return the words that start a command inside of it."""
        return ["sh", "-c", f'echo $$ > {self._folder}/cgroup.procs && exec "$@"', "sh"]

    def number(self, name: str) -> int:
        """Return what one of its files says."""
        return int((self._folder / f"memory.{name}").read_text())

    def line(self, file: str, name: str) -> int:
        """Return what one line of a file says."""
        lines = (self._folder / f"memory.{file}").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.split()[0] == name)

    def close(self) -> None:
        """Remove it; nobody may be in it."""
        self._folder.rmdir()


def measure(cameras: int, limit_mib: int) -> Measured:
    """Run the agent on that many cameras of a busy street, for a minute after the last has come."""
    clip = clips.encode(clips.vtest())
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        broker = running.enter_context(Mosquitto(folder / "broker"))
        camera = running.enter_context(RtspServer(folder / "rtsp", clip))
        group = Group(limit_mib)
        running.callback(group.close)
        agent = running.enter_context(Agent(folder / "etc", broker.url))
        for number in range(cameras):
            agent.add_camera(f"street-{number:02}", camera.url())
        agent.prefix = group.prefix()
        agent.start()
        own_mib, streaming = _watch(agent, group, cameras)
        return Measured(
            cameras=cameras,
            limit_mib=limit_mib,
            streaming=streaming,
            alerts=len(agent.kept()),
            most_mib=group.number("max_usage_in_bytes") / _MIB,
            own_mib=own_mib,
            hits=group.number("failcnt"),
            kills=group.line("oom_control", _OOM_KILL),
        )


def _watch(agent: Agent, group: Group, cameras: int) -> tuple[float, int]:
    """Return the most that was the agent's own, and how many cameras streamed in the end."""
    most, streaming, ends = 0, 0, time.monotonic() + _WATCH_S
    while time.monotonic() < ends and not group.line("oom_control", _OOM_KILL):
        time.sleep(0.5)
        most = max(most, group.line("stat", "rss"))
        if streaming < cameras and (status := agent.status()):
            streaming = sum(one["is_streaming"] for one in status["cameras"])
            ends = time.monotonic() + _WATCH_S
    return most / _MIB, streaming


def main() -> None:
    """Measure, and write the page."""
    if os.geteuid() != 0 or not (_CONTROLLER / "memory.limit_in_bytes").exists():
        sys.exit("this needs root and /sys/fs/cgroup/memory (the controller's first version)")
    runs = [measure(cameras, _UNIT_MIB) for cameras in (1, 4, 16)]
    runs.append(measure(1, _TOO_SMALL_MIB))
    rows = [
        f"| {one.cameras} | {one.limit_mib} | {one.streaming} | {one.alerts} |"
        f" {one.own_mib:.0f} | {one.most_mib:.0f} | {one.hits} | {one.kills} |"
        for one in runs
    ]
    _PAGE.write_text(_TEXT.format(rows="\n".join(rows), kernel=os.uname().release))


_TEXT = """\
# Memory: the agent in a control group with a limit

Linux {kernel}, 2 cores shared with others. Each run: cameras of a busy street (vtest, 768x576, 10 frames/s, H.264), for a minute
after the last one streamed. Written by `python -m bench.memory_limit` (root); how: its first lines.

| cameras | limit, MiB | streamed | alerts kept | most of its own, MiB | most counted, files in the cache too, MiB | limit hit | killed |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

"Counted" is what `MemoryMax` counts. Cached files go when room is short; what is the agent's own does not. Libraries are counted to whoever
read them first, here to programs before: on a box of its own add up to 75 MiB (`live.md`: 135-148 MiB resident with one camera). Where the
limit is too small the kernel kills the agent, and systemd starts it again.

`MemoryHigh` was tried elsewhere, and left out of the unit for what it did: docs/design/0020. The unit under a systemd that owns the
controller: `tests/packaging/test_control.py`.
"""

if __name__ == "__main__":
    main()
