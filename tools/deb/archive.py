"""Write a .deb (deb(5)) with our own hand: sorted, without names and times of this machine.

dpkg-deb cannot pack code with xz's filter for it, which makes 45 MB of 47; every dpkg since Debian
12 unpacks that.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tools.deb.target import Processor

_EXECUTABLE = 0o100


class Packing(Enum):
    """How a package is packed: small, large in seconds, or not, with the same bytes by every xz."""

    BEST = auto()
    QUICK = auto()
    NONE = auto()


def write(
    target: Path,
    root: Path,
    control: dict[str, bytes],
    processor: Processor | None,
    *,
    epoch: int,
    packing: Packing = Packing.BEST,
) -> None:
    """Pack the tree `root` and the control files.

    `processor` is whose code lies in it; None where there is no code.
    """
    control = {**control, "md5sums": _sums(root)}
    entries = [_entry(name, content, epoch) for name, content in sorted(control.items())]
    about = io.BytesIO()
    with tarfile.open(fileobj=about, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(_folder(".", epoch))
        for entry, content in entries:
            tar.addfile(entry, io.BytesIO(content))
    members = {"control.tar": about.getvalue(), "data.tar": _data(root, epoch)}
    if packing != Packing.NONE:
        best = ["-9e"]
        if processor:
            best = [f"--{processor.xz_filter}", "--lzma2=preset=9e,lc=4,pb=0"]
        how = {"control.tar": ["-6"], "data.tar": ["-0"] if packing == Packing.QUICK else best}
        members = {f"{name}.xz": _xz(told, how[name]) for name, told in members.items()}
    with target.open("wb") as file:
        file.write(b"!<arch>\n")
        _add(file, "debian-binary", b"2.0\n", epoch)
        for name, told in members.items():
            _add(file, name, told, epoch)


def _sums(root: Path) -> bytes:
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]
    lines = [
        f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}\n"  # noqa: S324 (deb's format)
        for path in files
        if path.relative_to(root).parts[0] != "etc"
    ]
    return "".join(lines).encode()


def _data(root: Path, epoch: int) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(_folder(".", epoch))
        for path in sorted(root.rglob("*"), key=lambda path: path.parts):
            name = f"./{path.relative_to(root)}"
            if path.is_symlink():
                link = tarfile.TarInfo(name)
                link.type, link.linkname, link.mode, link.mtime = (
                    tarfile.SYMTYPE,
                    str(path.readlink()),
                    0o777,
                    epoch,
                )
                tar.addfile(_ours(link))
            elif path.is_dir():
                tar.addfile(_folder(name, epoch))
            else:
                _add_file(tar, name, path, epoch)
    return data.getvalue()


def _add_file(tar: tarfile.TarFile, name: str, path: Path, epoch: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime = path.stat().st_size, epoch
    entry.mode = 0o755 if path.stat().st_mode & _EXECUTABLE else 0o644
    with path.open("rb") as file:
        tar.addfile(_ours(entry), file)


def _folder(name: str, epoch: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime = tarfile.DIRTYPE, 0o755, epoch
    return _ours(entry)


def _entry(name: str, content: bytes, epoch: int) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(f"./{name}")
    entry.size, entry.mtime = len(content), epoch
    entry.mode = 0o755 if content.startswith(b"#!") else 0o644
    return _ours(entry), content


def _ours(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uname = entry.gname = "root"
    return entry


def _add(file: io.BufferedWriter, name: str, content: bytes, epoch: int) -> None:
    file.write(f"{name:<16}{epoch:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode())
    file.write(content + b"\n" * (len(content) % 2))


def _xz(content: bytes, words: Iterable[str]) -> bytes:
    # One thread: the number of cores of this machine must not show.
    command = ["xz", "-T1", "--check=crc64", "-c", *words]
    return subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout
