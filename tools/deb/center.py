"""The package edge-agent-center: the center's service, its user and its settings; no code of its own.

The program is in edge-agent, of the same version. So it is small, and the same for every processor.
"""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tools import debian
from tools.deb import archive, materials, papers, tree
from tools.deb.edition import edition

if TYPE_CHECKING:
    from tools.deb.edition import Edition
    from tools.deb.target import Target

NAME = "edge-agent-center"
PACKAGING = debian.REPOSITORY / "packaging" / "center"
_SCRIPTS = ("postinst", "prerm", "postrm", "conffiles")
_UNIT = f"{NAME}.service"
_PAGES = (
    "docs/center-install.md",
    "docs/reference/center.md",
    "docs/reference/center-web.md",
)
# Samples that a center's engineer begins with.
_BROKER = debian.REPOSITORY / "docs" / "deploy" / "mosquitto"
_SETTINGS = debian.REPOSITORY / "docs" / "examples" / "center.toml"


def build(target: Target, out: Path) -> Path:
    """Build the package for one release into `out`; return its path."""
    this = edition(target)
    out.mkdir(parents=True, exist_ok=True)
    stem = out / f"{NAME}_{this.version}_all"
    template = (PACKAGING / "control.in").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-deb-") as folder:
        root = Path(folder)
        _lay_out(root, target, this)
        values = {"VERSION": this.version, "SIZE_KIB": tree.size_kib(root)}
        described = papers.filled(template, values)
        control = {name: (PACKAGING / name).read_bytes() for name in _SCRIPTS}
        control["control"] = described.encode()
        package = stem.with_name(f"{stem.name}.deb")
        archive.write(package, root, control, None, epoch=this.epoch)
    bill = materials.center_bill(described, target, this.version)
    stem.with_name(f"{stem.name}.cdx.json").write_text(bill, encoding="utf-8")
    return package


def _lay_out(root: Path, target: Target, this: Edition) -> None:
    put = tree.write_file
    put(root / f"etc/{NAME}/center.toml", (PACKAGING / "center.toml").read_bytes())
    configured = (PACKAGING / "configured").read_bytes()
    put(root / f"usr/lib/{NAME}/configured", configured, is_program=True)
    users = (PACKAGING / f"{NAME}.sysusers").read_bytes()
    put(root / f"usr/lib/sysusers.d/{NAME}.conf", users)
    tree.lay_unit(root, target, _UNIT)
    values = {"VERSION": this.version, "DATE": this.date}
    page = papers.filled((PACKAGING / f"{_UNIT}.8").read_text(encoding="utf-8"), values)
    put(root / f"usr/share/man/man8/{_UNIT}.8.gz", gzip.compress(page.encode(), 9, mtime=0))
    overrides = (PACKAGING / "lintian-overrides").read_bytes()
    put(root / f"usr/share/lintian/overrides/{NAME}", overrides)
    _lay_papers(root / f"usr/share/doc/{NAME}", this)


def _lay_papers(folder: Path, this: Edition) -> None:
    folder.mkdir(parents=True)
    tree.write_file(folder / "copyright", (PACKAGING / "copyright").read_bytes())
    changes = papers.renamed(papers.PACKAGING / "changelog", this.version)
    papers.pack(folder / "changelog.gz", changes.encode())
    for page in _PAGES:
        source = debian.REPOSITORY / page
        papers.pack(folder / f"{source.name}.gz", source.read_bytes())
    for file in [_SETTINGS, *sorted((PACKAGING / "examples").iterdir())]:
        tree.write_file(folder / "examples" / file.name, file.read_bytes())
    for file in sorted(_BROKER.iterdir()):
        tree.write_file(folder / "examples" / "mosquitto" / file.name, file.read_bytes())
