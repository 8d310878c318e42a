"""The disk of a virtual machine: a Debian with a kernel and our package, as an ext4 file system.

`mmdebstrap` makes the root once (cached). The package is installed in it by apt, which is the last
that asks a network; `mke2fs` makes the disk of it, so nothing is mounted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.peers import process
from tools import debian

if TYPE_CHECKING:
    from collections.abc import Mapping

ADDRESS = "10.0.2.15"
AGENT_PORT = "org.qemu.guest_agent.0"
_PACKAGES = (
    "ca-certificates,dbus,iproute2,linux-image-cloud-amd64,mosquitto-clients,qemu-guest-agent"
    ",systemd,systemd-sysv,udev"
)
_PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
# Free room counts: the agent looks at it, and an upgrade needs twice the package.
_SIZE = "3G"
# Fixed, so that there is no wait for a server or for a card's final name.
_WIRE = f"""\
[Unit]
DefaultDependencies=no
Wants=network.target
Before=network.target
After=systemd-modules-load.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=-/bin/sh -c 'ip address add {ADDRESS}/24 dev eth0; ip link set eth0 up'
[Install]
WantedBy=basic.target
"""
# Early, and without waiting for udev to name the port.
_DOOR = """\
[Unit]
DefaultDependencies=no
After=systemd-modules-load.service systemd-remount-fs.service
[Service]
ExecStart=/bin/sh -c 'exec /usr/sbin/qemu-ga -m virtio-serial -p /dev/vport*p1'
Restart=always
RestartSec=1
[Install]
WantedBy=basic.target
"""
_FILES = {
    "etc/fstab": "/dev/vda / ext4 errors=remount-ro 0 0\n",
    "etc/hostname": "box\n",
    # Without one each boot would be a first one, with everything to be set up.
    "etc/machine-id": "6d616368696e656f6674657374730000\n",
    "etc/modules-load.d/test.conf": "virtio_console\nvirtio_net\n",
    "etc/systemd/system/wire.service": _WIRE,
    "etc/systemd/system/door.service": _DOOR,
}
# Not needed to look at a service, and half of what an interpreted boot takes.
_MASKED = ("systemd-logind", "getty@tty1", "serial-getty@ttyS0", "e2scrub_reap", "qemu-guest-agent")
# The last that asks a network; a box in the field has no server to ask, either. The kernel's first
# disk holds what opens ours, and nothing else: it is read by an interpreter, maybe.
_INSTALL = """\
mount -t proc proc /proc
apt-get -qq update
cd /srv
apt-get -qq -y install --no-install-recommends ./{package}
apt-get clean
rm -rf /var/lib/apt/lists/* /etc/apt/sources.list /etc/apt/sources.list.d/*
update-initramfs -u
umount /proc
"""
_TIMERS = ("apt-daily", "apt-daily-upgrade", "dpkg-db-backup", "e2scrub_all", "fstrim")


@dataclass(frozen=True, slots=True)
class Image:
    """What a machine is started from; nobody writes to it."""

    disk: Path
    kernel: Path
    initrd: Path
    format: str = "raw"


def make(dist: str, package: Path, folder: Path, files: Mapping[str, str | Path]) -> Image:
    """Return a disk with the package installed, and these files: their text, or what to copy."""
    for name in ("mmdebstrap", "mke2fs", "qemu-system-x86_64"):
        if not shutil.which(name, path="/usr/sbin:/usr/bin"):
            pytest.skip(f"{name} is not here: apt-get install mmdebstrap e2fsprogs qemu-system-x86")
    if os.geteuid() != 0:
        pytest.skip("only root may lay out a machine's disk")
    root = folder / "root"
    root.mkdir(parents=True)
    subprocess.run(["/bin/tar", "-xf", _tar(dist), "-C", root], check=True)  # noqa: S603 (fixed)
    _install(root, package, {**_FILES, **files})
    boot = {name: next(root.glob(f"boot/{name}-*")) for name in ("vmlinuz", "initrd.img")}
    files = [shutil.copy(one, folder / name) for name, one in boot.items()]
    disk = folder / "disk.ext4"
    words = ["-q", "-t", "ext4", "-d", root, disk, _SIZE]
    subprocess.run(["/usr/sbin/mke2fs", *words], check=True)  # noqa: S603 (fixed words)
    shutil.rmtree(root)
    return Image(disk, *files)


def _install(root: Path, package: Path, files: Mapping[str, str | Path]) -> None:
    shutil.copy(package, root / "srv")
    (root / "etc/initramfs-tools/conf.d/test.conf").write_text("MODULES=list\n")
    (root / "etc/initramfs-tools/modules").write_text("virtio_pci\nvirtio_blk\n")
    _chroot(root, _INSTALL.format(package=package.name))
    for name, content in files.items():
        file = root / name.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content.read_bytes())
        file.chmod(0o755)
    masked = [*(f"{one}.service" for one in _MASKED), *(f"{one}.timer" for one in _TIMERS)]
    _chroot(root, f"systemctl mask {' '.join(masked)}; systemctl enable wire.service door.service")
    # By this a test knows afterwards whether /etc is what it was.
    _chroot(root, "find /etc -type f -not -name .updated | xargs md5sum >/srv/etc.md5")


def _chroot(root: Path, script: str) -> None:
    words = [_PATH, "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "sh", "-ec", script]
    done = subprocess.run(  # noqa: S603 (fixed words)
        ["/usr/sbin/chroot", root, "/usr/bin/env", "-i", *words],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        process.absent(f"no image for a virtual machine: {done.stdout[-500:]}{done.stderr[-1500:]}")


def _tar(dist: str) -> Path:
    tar = debian.CACHE / "roots" / f"{dist}-vm.tar"
    if not tar.exists():
        tar.parent.mkdir(exist_ok=True)
        partial = tar.with_suffix(".partial.tar")
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={_PACKAGES}"]
        subprocess.run([*command, dist, partial], check=True)  # noqa: S603 (see above)
        partial.rename(tar)
    return tar
