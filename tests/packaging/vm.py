"""A Debian that runs on a kernel of its own, in QEMU: its power can be cut, and its control groups hold.

With a KVM of real hardware it is as fast as a box; without, QEMU interprets every instruction, ten
times as slow, and all else is the same. Commands go to Debian's qemu-guest-agent by a serial port;
the only network is one wire to ports of this machine's loopback (`restrict=on`).
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.packaging.vm_image import ADDRESS, AGENT_PORT, Image
from tests.peers import process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Where the guest finds this machine's ports; an address of QEMU's wire (10.0.2.0/24).
HOST = "10.0.2.100"
_RELAY = Path(__file__).with_name("vm_relay.py")
# A boot of half a minute where nothing else runs; five helpers' tests beside it make it three.
_BOOT_S = 400.0
_COMMAND_S = 300.0
_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What the machine has. `ports`: the guest reaches HOST:key, which is our loopback's value."""

    cpus: int = 1
    memory_mib: int = 1024
    ports: Mapping[int, int] = field(default_factory=dict)
    has_network: bool = True
    # As QEMU's -rtc base: what the clock of the board says at the boot.
    clock: str = "utc"
    # Of QEMU's -drive: how slow the disk is, say. Then words for the kernel, and further ones of QEMU's.
    drive: str = ""
    kernel: str = ""
    more: tuple[str, ...] = ()


class Vm:
    """One machine on a disk of its own, which begins as a copy of the image."""

    def __init__(self, image: Image, folder: Path, build: Build | None = None) -> None:
        self.folder = folder
        self.image, self.build = image, build or Build()
        self.disk = folder / "disk.qcow2"
        self.log_path = folder / "console.log"
        folder.mkdir(parents=True, exist_ok=True)
        self._qemu: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        create = ["create", "-q", "-f", "qcow2", "-F", image.format, "-b", image.disk.resolve()]
        subprocess.run(  # noqa: S603 (fixed words)
            [process.required_program("qemu-img"), *create, self.disk], check=True
        )

    def __enter__(self) -> Self:
        return self if self._qemu else self.boot()

    def __exit__(self, *_: object) -> None:
        self.cut_power()

    def switch_on(self, build: Build | None = None) -> None:
        """Begin to boot."""
        self.build = build or self.build
        assert self._qemu is None, "it runs already"
        (self.folder / "agent.sock").unlink(missing_ok=True)
        self._qemu = process.spawn(self._command(), self.log_path)

    def boot(self, build: Build | None = None) -> Self:
        """Switch it on; return when somebody answers inside."""
        self.switch_on(build)
        assert self._qemu
        deadline = time.monotonic() + _BOOT_S
        while not self._answers():
            assert self._qemu.poll() is None, self.console()
            assert time.monotonic() < deadline, f"it did not boot:\n{self.console()}"
            time.sleep(_POLL_S)  # noqa: TID251 (another machine has no clock of ours)
        return self

    def cut_power(self) -> None:
        """End it at once: what its kernel has not written to the disk is gone."""
        self._hang_up()
        if self._qemu:
            process.end(self._qemu, signal.SIGKILL)
            self._qemu = None

    def shut_down(self) -> None:
        """Let it end in order."""
        assert self._qemu is not None
        with suppress(OSError, ValueError):
            self._ask("guest-exec", path="/bin/systemctl", arg=["poweroff"])
        self._qemu.wait(_BOOT_S)
        self.cut_power()

    def as_image(self) -> Image:
        """Return its disk as it is now, for others to begin with; it must not run again itself."""
        return replace(self.image, disk=self.disk, format="qcow2")

    def run(self, *words: str, is_fine: bool = True, within_s: float = _COMMAND_S) -> str:
        """Run a command inside; return all that it says. It must succeed unless told otherwise."""
        return self.shell(shlex.join(words), is_fine=is_fine, within_s=within_s)

    def shell(self, script: str, *, is_fine: bool = True, within_s: float = _COMMAND_S) -> str:
        words = ["-c", f"export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive; cd /; {script}"]
        asked = {"path": "/bin/sh", "arg": words, "capture-output": True}
        pid = self._ask("guest-exec", **asked)["pid"]
        deadline = time.monotonic() + within_s
        while not (told := self._ask("guest-exec-status", pid=pid))["exited"]:
            assert time.monotonic() < deadline, f"{script}: takes too long"
            time.sleep(_POLL_S)  # noqa: TID251 (another machine has no clock of ours)
        said = "".join(
            base64.b64decode(told.get(name, "")).decode(errors="replace")
            for name in ("out-data", "err-data")
        )
        assert told.get("exitcode") == 0 or not is_fine, f"{script}: {said}"
        return said

    def write(self, path: str, text: str) -> None:
        content = base64.b64encode(text.encode()).decode()
        folder = shlex.quote(str(Path(path).parent))
        self.shell(f"mkdir -p {folder} && echo {content} | base64 -d > {shlex.quote(path)}")

    def read(self, path: str) -> str:
        return self.run("cat", path)

    def show(self, what: str) -> str:
        """Return one property of the service."""
        return self.run("systemctl", "show", "edge-agent", "--value", "-p", what).strip()

    def journal(self) -> str:
        return self.run("journalctl", "-u", "edge-agent", "--no-pager", "-o", "cat")

    def console(self) -> str:
        return self.log_path.read_text(errors="replace")[-4000:]

    def _command(self) -> list[str | Path]:
        build, image = self.build, self.image
        words = f"root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 mitigations=off {build.kernel}"
        # Interpreted beside other work the timer comes late, which the kernel takes for a defect.
        words += " no_timer_check panic=-1"
        drive = f"file={self.disk},if=virtio,format=qcow2,cache=writeback{build.drive}"
        chardev = f"socket,id=agent,path={self.folder}/agent.sock,server=on,wait=off"
        return [
            *(process.required_program("qemu-system-x86_64"), *_accelerator()),
            *("-smp", str(build.cpus), "-m", str(build.memory_mib), "-rtc", f"base={build.clock}"),
            *("-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio"),
            *("-kernel", image.kernel, "-initrd", image.initrd, "-append", words),
            *("-drive", drive, "-nic", self._wire()),
            *("-device", "virtio-serial", "-chardev", chardev),
            *("-device", f"virtserialport,chardev=agent,name={AGENT_PORT}", *build.more),
        ]

    def _wire(self) -> str:
        if not self.build.has_network:
            return "none"
        # For each connection QEMU starts this command, and its standard input and output are it.
        ways = [
            f"guestfwd=tcp:{HOST}:{inside}-cmd:{sys.executable} -I {_RELAY} {here}"
            for inside, here in self.build.ports.items()
        ]
        return ",".join(["user,restrict=on,model=virtio-net-pci", f"dhcpstart={ADDRESS}", *ways])

    def _answers(self) -> bool:
        mark = int.from_bytes(os.urandom(4))
        try:
            if self._line is None:
                self._line, self._rest = socket.socket(socket.AF_UNIX), b""
                self._line.connect(str(self.folder / "agent.sock"))
            self._line.settimeout(5)
            told = self._ask("guest-sync", id=mark)
            # What was asked before, and not waited for, is answered first.
            while told != mark:
                told = self._told()
        except (OSError, ValueError):
            self._hang_up()
            return False
        return True

    def _hang_up(self) -> None:
        if self._line:
            self._line.close()
            self._line = None

    def _ask(self, word: str, **arguments: object) -> Any:
        assert self._line is not None, "it is not switched on"
        asked = {"execute": word, "arguments": arguments}
        self._line.sendall(json.dumps(asked).encode() + b"\n")
        return self._told()

    def _told(self) -> Any:
        assert self._line is not None, "it is not switched on"
        while b"\n" not in self._rest:
            more = self._line.recv(65_536)
            if not more:
                msg = "the machine has gone"
                raise ConnectionError(msg)
            self._rest += more
        told, _, self._rest = self._rest.partition(b"\n")
        answer = json.loads(told.lstrip(b"\xff"))
        if "error" in answer:
            raise ValueError(answer["error"])
        self._line.settimeout(60)
        return answer["return"]


def accelerator() -> str:
    """Return what runs the machine: "kvm", or "tcg", which interprets."""
    # A KVM without the processor's help interprets kernels that are not made for it, slower than
    # TCG, and stops at what it does not know (kvm_pvm: Debian's took 57 s to look at its FPU).
    is_real = any(Path("/sys/module", name).exists() for name in ("kvm_intel", "kvm_amd"))
    return "kvm" if is_real and os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg"


def _accelerator() -> Sequence[str]:
    if accelerator() == "kvm":
        return ("-accel", "kvm", "-cpu", "host")
    return ("-accel", "tcg,thread=multi,tb-size=512", "-cpu", "Nehalem")
