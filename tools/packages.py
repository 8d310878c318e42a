"""Debian's programs for tests and demo: installed where we may, unpacked where we may not.

Servers are unpacked even for root: *installing* mosquitto or motion would start one on the machine,
now and at every boot, and nobody asked for that.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools import debian

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# What `make repo` needs beside gpg, and what its tests look at.
REPOSITORY = {"reprepro": "reprepro", "gnupg": "gpg"}
# What the package's tests boot whole Debians with; none of them starts a service. Only root may use it.
MACHINES = {
    "e2fsprogs": "mke2fs",
    "mmdebstrap": "mmdebstrap",
    "qemu-system-x86": "qemu-system-x86_64",
    "qemu-utils": "qemu-img",
    "systemd-container": "systemd-nspawn",
}
# What is only ever unpacked, and the program each is wanted for.
PROGRAMS = {
    "iproute2": "ip",
    "mosquitto": "mosquitto",
    "postgresql-15": "postgres",
    "strace": "strace",
}
LIBRARIES = (
    "ffmpeg",
    "gir1.2-gst-plugins-base-1.0",
    "gir1.2-gst-rtsp-server-1.0",
    "gir1.2-gstreamer-1.0",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "python3-gi",
)
# The tests' browser. They start no server, so root may install them; the program each is wanted for.
BROWSER = {"chromium": "chromium", "chromium-driver": "chromedriver"}
_APT = debian.CACHE / "debian" / "apt"
_ARCHIVES = debian.CACHE / "debian" / "archives"
# Mirrors forget superseded versions: a list of yesterday names files that are gone.
_FRESH_S = 6 * 3600
_CLIP_INSIDE = "./usr/share/doc/opencv-doc/examples/data/vtest.avi"


def provide() -> None:
    """Make every program of the tests and the demo available, by the mildest way that works."""
    wanted = [] if _gstreamer_answers() and debian.program("ffmpeg") else list(LIBRARIES)
    if wanted and _install(wanted):
        wanted = []
    browser = _missing(BROWSER)
    if browser and not _install(browser):
        wanted += browser
    wanted += _missing(PROGRAMS)
    if wanted:
        unpack(wanted)
    if _missing(PROGRAMS | BROWSER) or not (_gstreamer_answers() and debian.program("ffmpeg")):
        raise Unavailable(wanted or LIBRARIES)


def provide_repository() -> None:
    """Make what keeps and signs an apt repository available."""
    missing = _missing(REPOSITORY)
    # gpg starts its agent by the path where it would be installed, so unpacking it is not enough.
    if missing and not _install(missing):
        unpack(["reprepro"])
    if missing := _missing(REPOSITORY):
        raise Unavailable(missing)


def provide_machines() -> None:
    """Make what boots a Debian available to root; nobody else may, and their tests say so."""
    missing = _missing(MACHINES)
    if missing and os.geteuid() == 0 and not _install(missing):
        raise Unavailable(missing)


def _missing(programs: Mapping[str, str]) -> list[str]:
    return [package for package, program in programs.items() if not debian.program(program)]


def provide_clip() -> None:
    """Fetch the street clip: taken out of its 95 MB package, which is not kept."""
    target = debian.CACHE / "vtest.avi"
    if target.exists():
        return
    installed = Path("/", _CLIP_INSIDE)
    if installed.exists():
        shutil.copyfile(installed, target)
        return
    package = fetch(["opencv-doc"])[0]
    partial = target.with_suffix(".partial")
    with partial.open("wb") as clip:
        archive = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE)
        taken = subprocess.run(
            ["tar", "-xO", _CLIP_INSIDE], stdin=archive.stdout, stdout=clip, check=False
        )
        # tar hangs up after the clip, and dpkg-deb may complain of that: tar's word counts.
        archive.communicate()
    if taken.returncode != 0:
        raise Unavailable(["opencv-doc"])
    partial.rename(target)
    package.unlink()


class Unavailable(Exception):  # noqa: N818 (it names a state of the machine, not a defect)
    """Packages could be neither installed nor unpacked: somebody with root must."""

    def __init__(self, packages: Iterable[str]) -> None:
        super().__init__(f"sudo apt-get update && sudo apt-get install -y {' '.join(packages)}")


def unpack(packages: Sequence[str], root: Path = debian.UNPACKED) -> None:
    """Unpack packages, and what they need and the machine lacks, below a folder of ours."""
    root.mkdir(parents=True, exist_ok=True)
    archives = root.parent / "archives"
    for archive in fetch(_with_needs(packages), wanted=packages, archives=archives):
        subprocess.run(["dpkg-deb", "-x", archive, root], check=True)
        archive.unlink()


def fetch(
    packages: Sequence[str], *, wanted: Sequence[str] = (), archives: Path = _ARCHIVES
) -> list[Path]:
    """Download archives with apt, as any user, with a package list of our own.

    Raises Unavailable, which asks for `wanted` (or for the packages themselves).
    """
    _refresh(wanted or packages)
    shutil.rmtree(archives, ignore_errors=True)
    archives.mkdir(parents=True)
    print(f"fetching {len(packages)} Debian package(s) into .cache/ ...", flush=True)
    _apt("download", *packages, wanted=wanted or packages, cwd=archives)
    return sorted(archives.glob("*.deb"))


def _with_needs(packages: Sequence[str]) -> list[str]:
    _refresh(packages)
    options = ("--simulate", "--no-install-recommends")
    plan = _apt(*options, "install", *packages, wanted=packages)
    # "Inst name (version ..." is new; "Inst name [old] (new ..." is here already: ours is good.
    new = re.findall(r"^Inst (\S+) \((\S+) ", plan, re.MULTILINE)
    return [f"{name}={version}" for name, version in new]


def _refresh(wanted: Sequence[str]) -> None:
    lists = _APT / "state" / "lists"
    if lists.is_dir() and time.time() - lists.stat().st_mtime < _FRESH_S:
        return
    shutil.rmtree(_APT, ignore_errors=True)
    for folder in (lists / "partial", _APT / "cache" / "archives" / "partial"):
        folder.mkdir(parents=True)
    _apt("update", wanted=wanted)
    # Without a network apt says so, and that it succeeded.
    if not list(lists.glob("*_Packages*")):
        shutil.rmtree(_APT)
        raise Unavailable(wanted)


def _apt(*words: str, wanted: Sequence[str], cwd: Path | None = None) -> str:
    """Run apt-get on our own lists and the machine's own record of what is installed."""
    own = [f"Dir::State={_APT}/state", f"Dir::Cache={_APT}/cache"]
    # Under root apt would hand downloads to the user _apt, who may not enter our folders.
    own += ["Dir::State::status=/var/lib/dpkg/status", "APT::Sandbox::User=root"]
    settings = [word for setting in own for word in ("-o", setting)]
    if not shutil.which("apt-get"):
        raise Unavailable(wanted)
    done = subprocess.run(
        ["apt-get", "-q", "-y", *settings, *words],
        check=False,
        cwd=cwd,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        print("\n".join(done.stderr.strip().splitlines()[-5:]))
        raise Unavailable(wanted)
    return done.stdout


def _install(packages: Sequence[str]) -> bool:
    """Install with apt-get where we are root or may become it unasked; say whether it worked."""
    become = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if become and (not shutil.which("sudo") or _fails([*become, "true"])):
        return False
    print(f"installing with apt-get: {' '.join(packages)}", flush=True)
    quiet = [*become, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y"]
    # An update that fails (one dead source of many) is no reason to give up; the install decides.
    _fails([*quiet, "update"])
    return not _fails([*quiet, "install", "--no-install-recommends", *packages])


def _fails(command: Sequence[str]) -> bool:
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        print(done.stderr.strip()[-2000:])
    return done.returncode != 0


def _gstreamer_answers() -> bool:
    if not debian.SYSTEM_PYTHON.exists():
        return False
    done = subprocess.run(
        [debian.SYSTEM_PYTHON, "-c", debian.GSTREAMER_QUESTION],
        check=False,
        capture_output=True,
        env=debian.environment(),
    )
    return done.returncode == 0
