"""Pack the installed version anew, from its files and dpkg's notes: what it came in is long gone.

Like Debian's dpkg-repack, but without conffiles: what a person has written is not what the package
brought, and dpkg, taking it for that, would replace it at the next upgrade without a question.
"""

import shutil
import tempfile
from pathlib import Path

from edge_agent.update.dpkg import Dpkg
from edge_agent.update.places import PACKAGE

# dpkg's notes that are not packed.
_NOT_PACKED = {"list", "conffiles"}


def repack(root: Path, target: Path, dpkg: Dpkg) -> None:
    """Write a package of what is installed. Raises OSError."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".tree.") as folder:
        tree = Path(folder) / "tree"
        control = tree / "DEBIAN"
        control.mkdir(parents=True, mode=0o755)
        tree.chmod(0o755)
        notes = root / "var/lib/dpkg/info"
        for note in notes.glob(f"{PACKAGE}.*"):
            if note.suffix[1:] not in _NOT_PACKED:
                shutil.copy2(note, control / note.suffix[1:])
        (control / "control").write_text(dpkg.control(), encoding="utf-8")
        lines = (notes / f"{PACKAGE}.list").read_text(encoding="utf-8").splitlines()
        names = [line.strip("/") for line in lines if line.strip("/.")]
        settings = _settings(notes / f"{PACKAGE}.conffiles")
        # Debian 12 packs units below /lib, which on the box is a link to usr/lib.
        folders = {name.rpartition("/")[0] for name in names}
        for name in names:
            if name in settings:
                continue
            _lay(root / name, tree / name, is_folder=name in folders)
        if not dpkg.pack(tree, target):
            raise OSError(0, "the installed version cannot be packed")


def _settings(note: Path) -> set[str]:
    try:
        return {line.strip().strip("/") for line in note.read_text(encoding="utf-8").splitlines()}
    except FileNotFoundError:
        return set()


def _lay(source: Path, copy: Path, *, is_folder: bool) -> None:
    if not (source.exists() or source.is_symlink()):
        return
    if is_folder or (source.is_dir() and not source.is_symlink()):
        copy.mkdir(parents=True, exist_ok=True)
        copy.chmod(source.stat().st_mode & 0o7777)
        return
    shutil.copy2(source, copy, follow_symlinks=False)
