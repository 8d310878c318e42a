"""Lay out the files of the package as they will lie on the box."""

from __future__ import annotations

import gzip
import tomllib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from tools import debian
from tools.deb import manual, papers, shared, updates, wheels

if TYPE_CHECKING:
    from tools.deb.target import Target

PRIVATE = "usr/lib/edge-agent"
_AGENT = debian.REPOSITORY / "edge_agent"
_SYSTEMD = debian.REPOSITORY / "systemd"


def lay_out(root: Path, target: Target, version: str, date: str) -> dict[str, Path]:
    """Fill the empty folder `root`; return the wheel of each package that is inside."""
    private = root / PRIVATE
    found = wheels.fetch(target)
    _lay_agent(private)
    for name, wheel in found.items():
        for member, content in wheels.members(wheel, name):
            write_file(private / member, content)
    shared.share(private, target)
    _lay_descriptions(private)
    _lay_programs(root, private)
    _lay_updates(root)
    _lay_service(root, target)
    _lay_manual(root, version, date)
    papers.write_papers(root / "usr/share/doc/edge-agent", version, found)
    write_file(root / "etc/edge-agent/agent.toml", (papers.PACKAGING / "agent.toml").read_bytes())
    return found


def write_file(file: Path, content: bytes, *, is_program: bool = False) -> None:
    """Write one file of a package, and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(0o755 if is_program else 0o644)


def _lay_agent(private: Path) -> None:
    # Nothing else of the folder is ours to ship.
    project = tomllib.loads((debian.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    beside = project["tool"]["setuptools"]["package-data"]["edge_agent"]
    for pattern in ("**/*.py", *beside):
        for file in sorted(_AGENT.glob(pattern)):
            write_file(private / "edge_agent" / file.relative_to(_AGENT), file.read_bytes())


def _lay_descriptions(private: Path) -> None:
    """Copy onvif-zeep's WSDL files, and write the record by which the agent finds them."""
    names = []
    for file in metadata.files(wheels.DESCRIPTIONS) or ():
        if "wsdl" in file.parts:
            source = Path(str(file.locate())).resolve()
            names.append(f"wsdl/{str(file).partition('wsdl/')[2]}")
            write_file(private / names[-1], source.read_bytes())
    version = wheels.version_of(wheels.DESCRIPTIONS)
    about = private / f"onvif_zeep-{version}.dist-info"
    head = f"Metadata-Version: 2.1\nName: {wheels.DESCRIPTIONS}\nVersion: {version}\n"
    write_file(about / "METADATA", head.encode())
    write_file(about / "RECORD", "".join(f"{name},,\n" for name in sorted(names)).encode())


def _lay_programs(root: Path, private: Path) -> None:
    launcher = (papers.PACKAGING / "launcher").read_bytes()
    write_file(root / "usr/bin/edge-agent", launcher, is_program=True)
    configured = (papers.PACKAGING / "configured").read_bytes()
    write_file(private / "configured", configured, is_program=True)


def _lay_updates(root: Path) -> None:
    """Lay out what must not break with the agent: apart from its folder, and for Python alone."""
    write_file(root / "usr/sbin/edge-agent-updates", updates.program(), is_program=True)
    keeping = (papers.PACKAGING / "apt.conf").read_bytes()
    write_file(root / "etc/apt/apt.conf.d/20edge-agent-keep", keeping)
    for template in sorted((papers.PACKAGING.parent / "updates").iterdir()):
        write_file(root / "usr/share/edge-agent/updates" / template.name, template.read_bytes())


def lay_unit(root: Path, target: Target, unit: str) -> None:
    """Lay out a unit, and how it waits where that release's systemd can wait longer each time."""
    units = root / "usr/lib/systemd/system"
    if target.release.name == "bookworm":
        # Debian 12 has both folders as one, and dpkg knows units by the older name only.
        units = root / "lib/systemd/system"
    write_file(units / unit, (_SYSTEMD / unit).read_bytes())
    if target.release.has_back_off:
        drop_in = Path(f"{unit}.d") / "back-off.conf"
        write_file(units / drop_in, (_SYSTEMD / drop_in).read_bytes())


def _lay_service(root: Path, target: Target) -> None:
    lay_unit(root, target, "edge-agent.service")
    users = (papers.PACKAGING / "edge-agent.sysusers").read_bytes()
    write_file(root / "usr/lib/sysusers.d/edge-agent.conf", users)


def _lay_manual(root: Path, version: str, date: str) -> None:
    for name, page in manual.pages(version, date).items():
        packed = gzip.compress(page.encode(), 9, mtime=0)
        write_file(root / "usr/share/man/man1" / f"{name}.gz", packed)
    page = manual.updates_page(version, date).encode()
    write_file(root / "usr/share/man/man8/edge-agent-updates.8.gz", gzip.compress(page, 9, mtime=0))
    words = manual.completion().encode()
    write_file(root / "usr/share/bash-completion/completions/edge-agent", words)
    overrides = papers.PACKAGING / "lintian-overrides"
    if overrides.exists():
        write_file(root / "usr/share/lintian/overrides/edge-agent", overrides.read_bytes())


def size_kib(root: Path) -> int:
    """Return the Installed-Size as Debian's policy counts it: each file in whole KiB."""
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    others = sum(1 for path in root.rglob("*")) - len(files)
    return sum(-(-path.stat().st_size // 1024) for path in files) + others
