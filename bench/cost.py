"""What a process and all its children cost, by the kernel's own books (proc(5))."""

import os
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat after the name, counted from 0: utime, stime, cutime, cstime.
_TIMES = slice(11, 15)


def cpu_s(pid: int) -> float:
    """Return user and system seconds of the process, its children alive and those it waited for."""
    return sum(_own_cpu_s(one) for one in _tree(pid))


def peak_rss_bytes(pid: int) -> int:
    """Return the sum of the largest resident sizes; pages that processes share count in each."""
    return sum(_kib(one, "status", "VmHWM:") for one in _tree(pid)) * 1024


def pss_bytes(pid: int) -> int:
    """Return the proportional size now: a page that three processes share counts a third in each."""
    return sum(_kib(one, "smaps_rollup", "Pss:") for one in _tree(pid)) * 1024


def _own_cpu_s(pid: int) -> float:
    try:
        line = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    # The name may hold blanks and brackets; the fields begin after the last bracket.
    fields = line.rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[_TIMES]) / _TICKS_PER_S


def _kib(pid: int, file: str, key: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(key)), 0)


def _tree(pid: int) -> list[int]:
    pids = [pid]
    for one in pids:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                pids += [int(word) for word in children.read_text().split()]
            except OSError:
                continue
    return pids
