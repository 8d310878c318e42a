"""`make deb`: build dist/edge-agent_VERSION_ARCHITECTURE.deb, the center's package, and their bills."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools import debian, packages
from tools.deb import archive, center, elf, materials, papers, tree, wheels
from tools.deb.edition import edition
from tools.deb.target import PROCESSORS, RELEASES, Target
from tools.deb.unfit import UnfitError

_SCRIPTS = ("postinst", "prerm", "postrm", "conffiles")


def main() -> int:
    """Build both packages; exit with 1 and one line where that cannot be done."""
    args = _arguments()
    target = Target(RELEASES[args.dist], PROCESSORS[args.arch])
    began = time.monotonic()
    try:
        if args.fetch:
            wheels.fetch(target)
            return 0
        made = [build(target, args.out, is_quick=args.quick), center.build(target, args.out)]
    except (UnfitError, packages.Unavailable) as error:
        print(f"make deb: {error}")
        return 1
    except subprocess.CalledProcessError as failure:
        print(f"make deb: {failure.cmd[0]} ended with {failure.returncode}")
        return 1
    for package in made:
        print(f"{package}: {package.stat().st_size:,} bytes")
    print(f"{time.monotonic() - began:.0f} s")
    return 0


def build(target: Target, out: Path, *, is_quick: bool = False) -> Path:
    """Build the agent's package for one target into `out`; return its path."""
    this = edition(target)
    out.mkdir(parents=True, exist_ok=True)
    stem = out / f"edge-agent_{this.version}_{target.processor.name}"
    with tempfile.TemporaryDirectory(prefix="edge-agent-deb-") as folder:
        root = Path(folder)
        found = tree.lay_out(root, target, this.version, this.date)
        private = root / tree.PRIVATE
        bill = materials.bill(private, found, target, this.version)
        control = {name: (papers.PACKAGING / name).read_bytes() for name in _SCRIPTS}
        control["control"] = _control(root, target, this.version).encode()
        package = stem.with_name(f"{stem.name}.deb")
        packing = archive.Packing.QUICK if is_quick else archive.Packing.BEST
        archive.write(package, root, control, target.processor, epoch=this.epoch, packing=packing)
    stem.with_name(f"{stem.name}.cdx.json").write_text(bill, encoding="utf-8")
    return package


def _control(root: Path, target: Target, version: str) -> str:
    major, minor = target.release.python
    libraries = [path for path in root.rglob("*.so*") if elf.is_elf(path)]
    values = {
        "VERSION": version,
        "ARCHITECTURE": target.processor.name,
        "SIZE_KIB": tree.size_kib(root),
        "PYTHON": target.python,
        "NEXT_PYTHON": f"{major}.{minor + 1}",
        "GLIBC": max(elf.Library(path).glibc_minor for path in libraries),
    }
    return papers.filled((papers.PACKAGING / "control.in").read_text(encoding="utf-8"), values)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.deb", allow_abbrev=False)
    parser.add_argument("--dist", choices=RELEASES, default="bookworm")
    parser.add_argument("--arch", choices=PROCESSORS, default="amd64")
    parser.add_argument("--out", type=Path, default=debian.REPOSITORY / "dist")
    parser.add_argument("--quick", action="store_true", help="pack large, in seconds, for tests")
    parser.add_argument("--fetch", action="store_true", help="only download what goes inside")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
