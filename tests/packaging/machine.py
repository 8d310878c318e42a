"""A whole Debian with its own systemd, booted in this machine, whose network is loopback alone.

`mmdebstrap` makes the root once (cached), with what the package needs lying in apt's cache, so that
the installation itself has and needs no network. The camera is the tests' RTSP server in the same
network; the broker is Debian's mosquitto inside.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Self

import pytest

from tests.peers import process
from tests.peers.netns import Box
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ALWAYS = "ca-certificates,dbus,mosquitto,mosquitto-clients,systemd,systemd-sysv"
_PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
# Plain --boot wants a system bus and tears at /run; in a mount namespace of its own it gets neither
# (packaging notes). A systemd of 2024 and later insists on one cgroup tree.
_BOOT = """\
mount -t tmpfs tmpfs /run
if [ "$3" = unified ]; then umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; fi
exec systemd-nspawn --quiet --directory="$1" --register=no --keep-unit \
  --network-namespace-path="$2" --console=pipe --boot
"""
_PATIENCE_S = 90.0


class Machine:
    """One booted root; gone with the test."""

    def __init__(self, dist: str, folder: Path) -> None:
        for name in ("mmdebstrap", "systemd-nspawn"):
            if not shutil.which(name, path="/usr/sbin:/usr/bin"):
                pytest.skip(f"{name} is not here: apt-get install mmdebstrap systemd-container")
        if os.geteuid() != 0:
            pytest.skip("only root may boot a machine inside this one")
        self.root = folder / dist
        self.box = Box()
        self._is_unified = dist != "bookworm"
        self._leader = 0
        _unpack(dist, self.root)

    def __enter__(self) -> Self:
        self.boot()
        return self

    def boot(self) -> None:
        words = [str(self.root), f"/proc/{self.box.pid}/ns/net"]
        words.append("unified" if self._is_unified else "mixed")
        inside = ["/usr/bin/unshare", "-m", "--propagation", "private"]
        self._nspawn = process.spawn(
            ["/bin/sh", "-ec", _BOOT, "boot", *words], self.root.with_suffix(".log"), inside
        )
        wait_for(self._is_running, "the machine did not boot")

    def cut_power(self) -> None:
        """End everything inside at once, without a word."""
        os.kill(self._leader, signal.SIGKILL)
        self._leader = 0
        self._nspawn.wait(30)

    def __exit__(self, *_: object) -> None:
        # The machine's own first process asks for an orderly end by this signal; nspawn follows.
        if self._leader:
            os.kill(self._leader, signal.SIGRTMIN + 4)
            try:
                self._nspawn.wait(30)
            except subprocess.TimeoutExpired:
                os.kill(self._leader, signal.SIGKILL)
        process.end(self._nspawn)
        self.box.__exit__()

    def run(self, *words: str, is_fine: bool = True) -> str:
        """Run a command inside; return all that it says. It must succeed unless told otherwise."""
        done = self._run(*words)
        said = done.stdout + done.stderr
        assert done.returncode == 0 or not is_fine, f"{' '.join(words)}: {said}"
        return said

    def kill(self, signal: str, process: str) -> None:
        """Send a signal to a process inside; by the shell, for a small Debian has no kill."""
        self.shell(f"kill -{signal} {process}")

    def shell(self, script: str, *, is_fine: bool = True) -> str:
        return self.run("sh", "-c", script, is_fine=is_fine)

    def install(self, *packages: Path) -> str:
        """Install files by apt, as a technician does, without a question."""
        for package in packages:
            shutil.copy(package, self.root / "srv")
        names = " ".join(f"./{package.name}" for package in packages)
        return self.shell(
            f"cd /srv && apt-get install -y --no-install-recommends --allow-downgrades"
            f" -o Dpkg::Options::=--force-confold {names}"
        )

    def write(self, path: str, text: str) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def read(self, path: str) -> str:
        return (self.root / path.lstrip("/")).read_text(errors="replace")

    def exists(self, path: str) -> bool:
        return os.path.lexists(self.root / path.lstrip("/"))

    def show(self, what: str, unit: str = "edge-agent") -> str:
        """Return one property of the service."""
        return self.run("systemctl", "show", unit, "--value", "-p", what).strip()

    def journal(self, unit: str = "edge-agent") -> str:
        return self.run("journalctl", "-u", unit, "--no-pager", "-o", "cat")

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        enter = ["/usr/bin/nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-n", "-p", "-C"]
        enter += ["--root", "--wd=/", "env", "-i", "-C", "/", _PATH, "LC_ALL=C.UTF-8", "TERM=dumb"]
        return subprocess.run(  # noqa: S603 (programs named in the tests)
            [*enter, "DEBIAN_FRONTEND=noninteractive", *words],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=300,
        )

    def _is_running(self) -> bool:
        children = f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children"
        with open(children) as file:  # noqa: PTH123 (the kernel's own)
            pids = file.read().split()
        if not pids:
            return False
        self._leader = int(pids[0])
        return self._run("systemctl", "is-system-running").stdout.strip() in {"running", "degraded"}


def wait_for(is_so, otherwise: str, within_s: float = _PATIENCE_S) -> None:  # noqa: ANN001 (a question)
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.25)  # noqa: TID251 (another machine has no clock of ours)


def needs(package: Path) -> list[str]:
    """Return the names of what a package depends on; the first of each alternative."""
    field = subprocess.run(  # noqa: S603 (a program we name)
        ["/usr/bin/dpkg-deb", "-f", package, "Depends"], check=True, capture_output=True, text=True
    ).stdout
    return [re.split(r"[ (|]", part.strip())[0] for part in field.split(",")]


def prepare(root: Path, *packages: Path, more: Sequence[str] = ()) -> None:
    """Put into apt's cache of a root what packages need: the last that asks a network."""
    wanted = {name for package in packages for name in needs(package)} | {*more}
    names = " ".join(sorted(wanted - {"edge-agent"}))
    script = (
        "mount -t proc proc /proc; apt-get -qq update; "
        f"apt-get -qq -y install --no-install-recommends --download-only {names}; umount /proc"
    )
    subprocess.run(  # noqa: S603 (fixed words)
        ["/usr/sbin/chroot", root, "/usr/bin/env", "-i", _PATH, "sh", "-ec", script], check=True
    )


def _unpack(dist: str, root: Path) -> None:
    tar = debian.CACHE / "roots" / f"{dist}.tar"
    if not tar.exists():
        tar.parent.mkdir(exist_ok=True)
        partial = tar.with_suffix(".partial.tar")
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={_ALWAYS}"]
        subprocess.run([*command, dist, partial], check=True)  # noqa: S603 (see above)
        partial.rename(tar)
    root.mkdir(parents=True)
    subprocess.run(["/bin/tar", "-xf", tar, "-C", root], check=True)  # noqa: S603 (see above)
