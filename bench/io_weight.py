"""What IOWeight of the unit is worth: a writer that syncs, as the spool does, beside one that fills the disk.

In a virtual machine with Debian's own kernel, on ext4, on a disk as slow as a card; the writer and the hog
are services of systemd. `python -m bench.io_weight` writes results/io-weight.md. Root; twenty minutes
where QEMU has to interpret, which does not matter to a disk that is slower still.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench import machine
from tests.packaging.vm import Build, Vm, accelerator
from tests.packaging.vm_image import make
from tools.deb.__main__ import build
from tools.deb.target import PROCESSORS, RELEASES, Target

# A card of class 10 with little patience: 10 MB/s, 100 requests a second.
_SLOW = ",throttling.bps-total=10000000,throttling.iops-total=100"
_WATCH_S = 25
_WEIGHTS = (20, 80, 400)
_SCHEDULERS = ("none", "mq-deadline", "bfq", "none and iocost")
_PAGE = Path(__file__).with_name("results") / "io-weight.md"
# 4 KiB, ten times a second, each on the disk before the next: an alert is about as much.
_WRITER = f"""\
import os, time
file = os.open("/var/lib/written", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
ends = time.monotonic() + {_WATCH_S}
while time.monotonic() < ends:
    began = time.monotonic()
    os.write(file, b"x" * 4096)
    os.fsync(file)
    print(round(1000 * (time.monotonic() - began)), flush=True)
    time.sleep(0.1)
"""
_HOG = """\
import os
while True:
    file = os.open("/var/lib/hog", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for _ in range(32):
        os.write(file, bytes(1 << 20))
        os.fsync(file)
    os.close(file)
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """How long a write and its sync took, milliseconds."""

    scheduler: str
    weight: int
    with_hog: bool
    writes: int
    median_ms: float
    slow_ms: float
    # What the kernel's files said that the writer weighs.
    io_weight: str
    bfq_weight: str


def measure(vm: Vm, scheduler: str, weight: int, *, with_hog: bool = True) -> Measured:
    """Let both write for a while, each as a service with its weight."""
    name, _, more = scheduler.partition(" and ")
    vm.shell(f"echo {name} >/sys/block/vda/queue/scheduler")
    device = vm.run("cat", "/sys/block/vda/dev").strip()
    vm.shell(f"echo '{device} enable={int(bool(more))}' >/sys/fs/cgroup/io.cost.qos")
    if with_hog:
        vm.shell("systemd-run -q --unit=hog -p IOWeight=100 python3 /srv/hog.py")
        time.sleep(3)
    words = f"-p IOWeight={weight} -p StandardOutput=truncate:/run/answers"
    vm.shell(f"systemd-run -q --unit=writer {words} python3 /srv/writer.py")
    time.sleep(5)
    group = "/sys/fs/cgroup/system.slice/writer.service"
    told = [
        vm.shell(f"cat {group}/{file}", is_fine=False).strip().replace("default ", "")
        for file in ("io.weight", "io.bfq.weight")
    ]
    vm.shell(
        "while systemctl -q is-active writer; do sleep 1; done; systemctl stop hog; sync",
        is_fine=False,
    )
    answers = [float(word) for word in vm.read("/run/answers").split()]
    return Measured(
        scheduler,
        weight,
        with_hog,
        len(answers),
        statistics.median(answers),
        statistics.quantiles(answers, n=20)[-1],
        *(one if one.isdigit() else "-" for one in told),
    )


def main() -> None:
    """Measure, and write the page."""
    if os.geteuid() != 0:
        sys.exit("this needs root, to lay out the machine's disk")
    facts = machine.look()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        package = build(Target(RELEASES["bookworm"], PROCESSORS["amd64"]), folder, is_quick=True)
        image = make("bookworm", package, folder / "image", {})
        with Vm(image, folder / "vm", Build(drive=_SLOW)) as vm:
            vm.write("/srv/writer.py", _WRITER)
            vm.write("/srv/hog.py", _HOG)
            vm.run("modprobe", "bfq")
            kernel = vm.run("uname", "-r").strip()
            runs = [measure(vm, "mq-deadline", 100, with_hog=False)]
            runs += [measure(vm, one, weight) for one in _SCHEDULERS for weight in _WEIGHTS]
    rows = "\n".join(
        f"| {one.scheduler} | {'yes' if one.with_hog else 'no'} | {one.weight} | {one.io_weight} |"
        f" {one.bfq_weight} | {one.writes} | {one.median_ms:.0f} | {one.slow_ms:.0f} |"
        for one in runs
    )
    _PAGE.write_text(
        _TEXT.format(
            facts=facts.words(), kernel=kernel, how=accelerator(), rows=rows, watch=_WATCH_S
        )
    )


_TEXT = """\
# IOWeight: a writer that syncs beside one that fills the disk

{facts} Written by `python -m bench.io_weight` (root); how: its first lines. The guest: Debian 12, Linux {kernel}, ext4, QEMU's {how}; its disk
takes 10 MB and 100 requests a second.

The writer appends 4 KiB and syncs, ten times a second; the hog writes files of 32 MiB and syncs after each. Both are services, the hog weighs
100. {watch} s each.

| scheduler | hog | weight | io.weight | io.bfq.weight | writes | median, ms | 95 %, ms |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

A sync waits for ext4's journal, which writes what everybody changed, so a weight has little to hold on to: what differs here differs from
one run to the next as much. Read ratios of ten, not of two. Not measured: reads, and other file systems.
"""

if __name__ == "__main__":
    main()
