"""`make deb`: build dist/edge-agent_VERSION_ARCHITECTURE.deb and its bill of materials."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from tools import debian, packages
from tools.deb import archive, elf, materials, papers, tree, wheels
from tools.deb.target import PROCESSORS, RELEASES, Target
from tools.deb.unfit import UnfitError

_SCRIPTS = ("postinst", "prerm", "postrm", "conffiles")


def main() -> int:
    """Build one package; exit with 1 and one line where that cannot be done."""
    args = _arguments()
    target = Target(RELEASES[args.dist], PROCESSORS[args.arch])
    began = time.monotonic()
    try:
        if args.fetch:
            wheels.fetch(target)
            return 0
        package = build(target, args.out, is_quick=args.quick)
    except (UnfitError, packages.Unavailable) as error:
        print(f"make deb: {error}")
        return 1
    except subprocess.CalledProcessError as failure:
        print(f"make deb: {failure.cmd[0]} ended with {failure.returncode}")
        return 1
    size = package.stat().st_size
    print(f"{package}: {size:,} bytes, {time.monotonic() - began:.0f} s")
    return 0


def build(target: Target, out: Path, *, is_quick: bool = False) -> Path:
    """Build the package of one target into `out`; return its path."""
    changelog = (papers.PACKAGING / "changelog").read_text(encoding="utf-8")
    version = f"{tree.first_version(changelog)}+{target.release.suffix}"
    epoch = _epoch(changelog)
    date = datetime.fromtimestamp(epoch, UTC).date().isoformat()
    out.mkdir(parents=True, exist_ok=True)
    stem = out / f"edge-agent_{version}_{target.processor.name}"
    with tempfile.TemporaryDirectory(prefix="edge-agent-deb-") as folder:
        root = Path(folder)
        found = tree.lay_out(root, target, version, date)
        private = root / tree.PRIVATE
        bill = materials.bill(private, found, target, version)
        control = {name: (papers.PACKAGING / name).read_bytes() for name in _SCRIPTS}
        control["control"] = _control(root, target, version).encode()
        package = stem.with_name(f"{stem.name}.deb")
        archive.write(package, root, control, target.processor, epoch=epoch, is_quick=is_quick)
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
    text = (papers.PACKAGING / "control.in").read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def _epoch(changelog: str) -> int:
    """Return the time that everything inside has: SOURCE_DATE_EPOCH, else the newest entry's."""
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    if told.isdigit():
        return int(told)
    signed = next(line for line in changelog.splitlines() if line.startswith(" -- "))
    return int(parsedate_to_datetime(signed.rpartition(">  ")[2]).timestamp())


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
