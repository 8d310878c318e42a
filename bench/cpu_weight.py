"""What CPUWeight of the unit is worth: the agent on one core beside a program that takes all of it.

Needs root and the kernel's CPU controller in its first version (/sys/fs/cgroup/cpu). There a weight of
100 is 1024 shares; the scheduler that counts them is the same. Agent, hog and a technician's commands
each have a group, as services of one slice have. `python -m bench.cpu_weight` writes
results/cpu-weight.md.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench import machine
from tests.peers import clips, process
from tests.peers.agent import Agent
from tests.peers.mosquitto import Mosquitto
from tests.peers.rtsp import RtspServer

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONTROLLER = Path("/sys/fs/cgroup/cpu")
_SHARES = 1024
# The bench as a whole beside what else this machine does: the core should be its own, nearly.
_OF_THE_MACHINE = 16 * _SHARES
_CORE = 0
_WATCH_S, _LOOK_S = 40.0, 3.0
# As a service's default.
_OTHERS = 100
_WEIGHTS = (20, 80, 100, 400)
_PAGE = Path(__file__).with_name("results") / "cpu-weight.md"
_TOWN = "town"
_HOG = "while True: pass"
# What somebody does who has logged in: a shell, a program, an answer.
_SHELL = """\
import subprocess, time
while True:
    began = time.perf_counter()
    subprocess.run(["/bin/sh", "-c", "ls /etc | wc -l"], stdout=subprocess.DEVNULL)
    print(round(1000 * (time.perf_counter() - began), 1), flush=True)
    time.sleep(0.3)
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run at a weight."""

    weight: int
    hogs: int
    # Of the core, what each group had; and what of a second the bench had of it altogether.
    agent_share: float
    given: float
    analysed_fps: float
    dropped_fps: float
    alerts: int
    # Seconds from the frame to the subscriber.
    delay_s: float
    latest_s: float
    # Milliseconds of a command in a third group.
    command_ms: float
    slow_ms: float


class Group:
    """A control group of ours; gone in the end, after those in it."""

    def __init__(self, folder: Path, shares: int) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "cpu.shares").write_text(str(shares))

    def weigh(self, weight: int) -> None:
        """Give it what systemd gives a service of that CPUWeight."""
        (self.folder / "cpu.shares").write_text(str(weight * _SHARES // 100))

    def prefix(self, core: int = _CORE) -> list[str]:
        """Return the words that start a command inside of it, on one core."""
        into = f'echo $$ > {self.folder}/cgroup.procs && exec "$@"'
        return ["taskset", "-c", str(core), "sh", "-c", into, "sh"]

    def close(self) -> None:
        """Remove it; nobody may be in it."""
        self.folder.rmdir()


def _ran_s(pid: str) -> float:
    try:
        words = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Town:
    """Street, broker, subscriber, and the agent in its group."""

    def __init__(self, running: ExitStack) -> None:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        self._folder, self._running = folder, running
        top = Group(_CONTROLLER / f"edge-agent-bench-{os.getpid()}", _OF_THE_MACHINE)
        running.callback(top.close)
        self.top = top
        self._heard = folder / "heard"
        # On another core, and not held up by what else this machine does.
        within = self.group(_TOWN).prefix(_CORE + 1)
        (folder / "broker").mkdir()
        broker = running.enter_context(Mosquitto(folder / "broker", within=within))
        clip = clips.encode(clips.vtest())
        camera = running.enter_context(RtspServer(folder / "rtsp", clip, within=within))
        words = [sys.executable, "-m", "bench.subscriber", str(broker.port), "test"]
        running.callback(process.end, process.spawn(words, self._heard, within))
        self.agents = self.group("agent")
        self.agent = running.enter_context(Agent(folder / "etc", broker.url))
        self.agent.add_camera("street", camera.url())
        self.agent.prefix = self.agents.prefix()
        self.agent.start()

    def group(self, name: str) -> Group:
        """Return one more group beside the agent's."""
        group = Group(self.top.folder / name, _SHARES)
        self._running.callback(group.close)
        return group

    def begin(self, group: Group, script: str, log: Path | None = None) -> None:
        """Run a script in a group until the end."""
        command = [*group.prefix(), sys.executable, "-c", script]
        self._running.callback(process.end, process.spawn(command, log))

    def camera(self) -> dict[str, float]:
        """Return what status says of the street."""
        status = self.agent.status()
        found: dict[str, float] = status["cameras"][0] if status else {}
        return found

    def delays(self, since_wall: float) -> list[float]:
        """Return how late each alert was that came since then."""
        lines = self._heard.read_text().split("\n")[:-1]
        told = [json.loads(line) for line in lines if line.startswith("{")]
        return [
            one["wall"] - datetime.fromisoformat(one["alert"]["time"]).timestamp()
            for one in told
            if one["wall"] > since_wall
        ]


def measure(weight: int, hogs: int) -> Measured:
    """Run all of it from the start at one weight of the agent's."""
    with ExitStack() as running:
        town = Town(running)
        _until_it_looks(town)
        town.agents.weigh(weight)
        for _ in range(hogs):
            town.begin(town.group("hog"), _HOG)
        log = Path(running.enter_context(tempfile.TemporaryDirectory())) / "answers"
        town.begin(town.group("shell"), _SHELL, log)
        return _watch(town, weight, hogs, log)


def _until_it_looks(town: Town) -> None:
    deadline = time.monotonic() + 60
    while not town.camera().get("analysed_fps"):
        if time.monotonic() > deadline:
            sys.exit(town.agent.words())
        time.sleep(1)


def _watch(town: Town, weight: int, hogs: int, log: Path) -> Measured:
    # What the change itself did goes by.
    time.sleep(5)
    began_wall, began, used = time.time(), time.monotonic(), _used(town)
    dropped, rates = town.camera()["dropped_frames"], list(_rates(town))
    passed_s, now = time.monotonic() - began, _used(town)
    delays = town.delays(began_wall) or [float("nan")]
    answers = [float(line) for line in log.read_text().split()]
    ran = {name: now[name] - used[name] for name in used}
    return Measured(
        weight=weight,
        hogs=hogs,
        agent_share=ran["agent"] / sum(ran.values()),
        given=sum(ran.values()) / passed_s,
        analysed_fps=statistics.mean(rates),
        dropped_fps=(town.camera()["dropped_frames"] - dropped) / passed_s,
        alerts=len(delays),
        delay_s=statistics.median(delays),
        latest_s=max(delays),
        command_ms=statistics.median(answers),
        slow_ms=statistics.quantiles(answers, n=20)[-1],
    )


def _used(town: Town) -> dict[str, float]:
    folders = [one for one in town.top.folder.iterdir() if one.is_dir() and one.name != _TOWN]
    return {one.name: _used_in(one) for one in folders}


def _used_in(folder: Path) -> float:
    return sum(_ran_s(pid) for pid in (folder / "cgroup.procs").read_text().split())


def _rates(town: Town) -> Iterator[float]:
    ends = time.monotonic() + _WATCH_S
    while time.monotonic() < ends:
        time.sleep(_LOOK_S)
        yield town.camera()["analysed_fps"]


def main() -> None:
    """Measure, and write the page."""
    if os.geteuid() != 0 or not (_CONTROLLER / "cpu.shares").exists():
        sys.exit("this needs root and /sys/fs/cgroup/cpu (the controller's first version)")
    facts = machine.look()
    runs = [measure(_OTHERS, 0), *(measure(weight, 1) for weight in _WEIGHTS)]
    rows = "\n".join(
        f"| {one.weight} | {one.hogs} | {one.agent_share:.0%} | {one.given:.0%} |"
        f" {one.analysed_fps:.1f} | {one.dropped_fps:.1f} | {one.alerts} | {one.delay_s:.1f} |"
        f" {one.latest_s:.1f} | {one.command_ms:.0f} | {one.slow_ms:.0f} |"
        for one in runs
    )
    _PAGE.write_text(_TEXT.format(facts=facts.words(), rows=rows, watch=_WATCH_S))


_TEXT = """\
# CPUWeight: the agent on one core beside a program that takes all of it

{facts} Written by `python -m bench.cpu_weight` (root); how: its first lines.

A busy street (vtest, 768x576, 10 frames/s), agent, hog and commands pinned to one core, each in a group of its own; hog and commands weigh
100. {watch:.0f} s each.

| weight | hogs | of that, the agent | of the core, all of them | analysed/s | dropped/s | alerts | delay, s | latest, s | command, ms | 95 %, ms |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

"Of the core, all of them" below 100 % is what the rest of the machine took. Delay: from the picture to a subscriber on another process. Command: a
shell, `ls`, `wc`, started in the third group.
"""

if __name__ == "__main__":
    main()
