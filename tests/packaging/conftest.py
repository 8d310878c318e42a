from __future__ import annotations

import fcntl
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.packaging.site import newer
from tests.packaging.vm_guest import FILES
from tests.packaging.vm_image import Image, make
from tests.peers import process
from tools import packages
from tools.deb.__main__ import build
from tools.deb.target import PROCESSORS, RELEASES, Target

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def unpacked(package: Path) -> Path:
    """What lies in it, as dpkg lays it out, and its control files in DEBIAN."""
    return package.parent / "unpacked"


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package for Debian 12 on amd64, packed large and in seconds."""
    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        # Whichever worker comes first builds it for all of them.
        folder = folder.parent
    with (folder / "deb.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return next((folder / "deb").glob("*.deb"), None) or _build(folder / "deb")


def _build(folder: Path) -> Path:
    target = Target(RELEASES["bookworm"], PROCESSORS["amd64"])
    try:
        package = build(target, folder, is_quick=True)
    except (subprocess.CalledProcessError, packages.Unavailable) as error:
        process.absent(f"the package cannot be built here ({error})")
    root = folder / "unpacked"
    for how, where in (("-x", root), ("-e", root / "DEBIAN")):
        subprocess.run(["/usr/bin/dpkg-deb", how, package, where], check=True)  # noqa: S603 (fixed)
    return package


@pytest.fixture(scope="session")
def debian_disk(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Image]:
    """Give the disk of a release with the package on it, and a newer one in its /srv; each made once."""
    made: dict[str, Image] = {}

    def disk_of(dist: str) -> Image:
        if dist not in made:
            made[dist] = _disk(dist, tmp_path_factory.mktemp(f"{dist}-disk"))
        return made[dist]

    return disk_of


def _disk(dist: str, folder: Path) -> Image:
    package = build(Target(RELEASES[dist], PROCESSORS["amd64"]), folder, is_quick=True)
    # As apt leaves it: what a box goes back to.
    kept = f"var/cache/apt/archives/{package.name}"
    files = {**FILES, kept: package, "srv/newer.deb": newer(package, folder)}
    return make(dist, package, folder / "image", files)
