"""What dpkg knows of the package edge-agent, and what it is told to do. The one caller of dpkg and apt."""

import fcntl
import logging
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_agent.update.places import PACKAGE

log = logging.getLogger(__name__)

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_LOCKS = ("var/lib/dpkg/lock-frontend", "var/lib/dpkg/lock")
# A minute on a fast disk, and a slow card with a start of three minutes that fails.
_INSTALL_S = 1200.0
_ASK_S = 60.0
# Fields of dpkg's own notes that no package has.
_OF_DPKG = ("Status:", "Conffiles:")
_KEEP_SETTINGS = ("--force-confdef", "--force-confold")


@dataclass(frozen=True, slots=True)
class Installed:
    """What is on the box: `version` is "" for nothing, `is_whole` whether dpkg came to its end."""

    version: str = ""
    is_whole: bool = False


class Dpkg:
    """dpkg below a root. `become` are words that go before each command, for tests."""

    def __init__(self, root: Path = Path("/"), become: Sequence[str] = ()) -> None:
        self._root = root
        self._become = tuple(become)
        self._elsewhere = () if root == Path("/") else (f"--root={root}",)

    def installed(self) -> Installed:
        """Return what is there."""
        form = "${db:Status-Abbrev}|${Version}"
        admin = (f"--admindir={self._root}/var/lib/dpkg",)
        said = self._run(["dpkg-query", *admin, "-W", "-f", form, PACKAGE], _ASK_S)
        status, _, version = (said or "").partition("|")
        # Wanted or held, installed, and no complaint (dpkg-query(1)).
        return Installed(version.strip(), status[1:] == "i ")

    def models(self) -> list[str]:
        """Return which packages with a model are there, each with its version."""
        admin = (f"--admindir={self._root}/var/lib/dpkg",)
        form = "${db:Status-Abbrev}|${Package} ${Version}\n"
        said = self._run(["dpkg-query", *admin, "-W", "-f", form, f"{PACKAGE}-model-*"], _ASK_S)
        lines = [line.partition("|") for line in (said or "").splitlines()]
        return [told for status, _, told in lines if status[1:2] == "i"]

    def is_busy(self) -> bool:
        """Tell whether somebody installs something at this moment (fcntl(2), as dpkg does it)."""
        for name in _LOCKS:
            try:
                with (self._root / name).open("r+b") as file:
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                return True
            except OSError:
                continue
        return False

    def is_newer(self, version: str, than: str) -> bool:
        """Tell whether a version comes after another one."""
        words = ["dpkg", "--compare-versions", version, "gt", than]
        return self._run(words, _ASK_S) is not None

    def fields(self, package: Path) -> tuple[str, str]:
        """Return name and version of a package; empty for what is none."""
        said = self._run(["dpkg-deb", "-f", str(package), "Package", "Version"], _ASK_S) or ""
        told = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
        return told.get("Package", ""), told.get("Version", "")

    def control(self) -> str:
        """Return what the installed package says of itself, without what dpkg adds."""
        admin = f"--admindir={self._root}/var/lib/dpkg"
        said = self._run(["dpkg-query", admin, "-s", PACKAGE], _ASK_S) or ""
        kept: list[str] = []
        is_dpkgs = False
        for line in said.splitlines():
            # A field goes on in lines that begin with a blank.
            is_dpkgs = is_dpkgs if line[:1] == " " else line.startswith(_OF_DPKG)
            kept += [] if is_dpkgs else [line]
        return "\n".join(kept).strip() + "\n"

    def pack(self, tree: Path, target: Path) -> bool:
        """Make a package of a tree, fast rather than small; tell whether it worked."""
        how = ["-Zzstd", "-z3", "--root-owner-group"]
        return self._run(["dpkg-deb", *how, "-b", str(tree), str(target)], _INSTALL_S) is not None

    def finish(self) -> None:
        """Let dpkg finish what a power cut or a failure has left."""
        self._run(["dpkg", *self._elsewhere, *_KEEP_SETTINGS, "--configure", "-a"], _INSTALL_S)

    def install(self, package: Path) -> None:
        """Install a package that lies here, newer or older; look afterwards what has become of it."""
        if self._run(["dpkg", *self._elsewhere, *_KEEP_SETTINGS, "-i", str(package)], _INSTALL_S):
            return
        if self._elsewhere:
            return
        # Something that it needs has gone meanwhile: apt may have it, or may fetch it.
        options = [word for name in _KEEP_SETTINGS for word in ("-o", f"Dpkg::Options::={name}")]
        self._run(
            ["apt-get", "-y", "--allow-downgrades", *options, "install", str(package)], _INSTALL_S
        )

    def _run(self, words: Sequence[str], deadline_s: float) -> str | None:
        """Return what a program said; None where it failed, which the journal has."""
        try:
            done = subprocess.run(  # noqa: S603 (dpkg and apt, and words of this module)
                [*self._become, *words],
                check=False,
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=deadline_s,
                env={"PATH": _PATH, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            log.info("%s: %s", words[0], error)
            return None
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            log.info("%s ended with %d: %s", " ".join(words[:3]), done.returncode, said[-500:])
            return None
        return done.stdout or " "
