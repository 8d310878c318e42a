"""What lies under /usr/share/doc: licences of all that is inside, changes, the guide, examples."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

from tools import debian
from tools.deb import wheels

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PACKAGING = debian.REPOSITORY / "packaging" / "debian"
# A page that somebody at a box without a network wants to read.
_PAGES = (
    "CHANGELOG.md",
    "docs/field-guide.md",
    "docs/install.md",
    "docs/updates.md",
    "docs/reference/cli.md",
    "docs/reference/configuration.md",
)


def write_papers(folder: Path, version: str, found: dict[str, Path]) -> None:
    """Write all of a package's documents; `found` has the wheel of each vendored package."""
    folder.mkdir(parents=True)
    (folder / "copyright").write_bytes((PACKAGING / "copyright").read_bytes())
    pack(folder / "changelog.gz", renamed(PACKAGING / "changelog", version).encode())
    pack(folder / "NEWS.gz", renamed(PACKAGING / "NEWS", version).encode())
    for page in _PAGES:
        source = debian.REPOSITORY / page
        pack(folder / f"{source.name}.gz", source.read_bytes())
    _write_examples(folder / "examples")
    for name, wheel in found.items():
        _write_licences(folder / "third-party", name, wheel)


def renamed(file: Path, version: str) -> str:
    """Return a changelog whose newest entry has the version of this package."""
    text = file.read_text(encoding="utf-8")
    return re.sub(r"\(\S+\)", f"({version})", text, count=1)


def filled(template: str, values: Mapping[str, object]) -> str:
    """Return a text with each @NAME@ replaced."""
    for name, value in values.items():
        template = template.replace(f"@{name}@", str(value))
    return template


def _write_examples(folder: Path) -> None:
    source = debian.REPOSITORY / "docs" / "examples"
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    for file in [*files, *sorted((PACKAGING / "examples").iterdir())]:
        inside = file.relative_to(source) if file.is_relative_to(source) else file.name
        target = folder / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())


def _write_licences(folder: Path, name: str, wheel: Path) -> None:
    """Write what the makers say, word for word; `copyright` says which text is for what."""
    folder.mkdir(exist_ok=True)
    for file, content in wheels.papers(wheel):
        if not file.endswith(".json"):
            stem = re.sub(r"\W+", "-", file.removesuffix(".txt")).lower()
            pack(folder / f"{name}-{stem}.txt.gz", content)


def pack(file: Path, content: bytes) -> None:
    """Write a file compressed, as Debian's policy wants documents."""
    # No name and no time inside: the same bytes tomorrow.
    file.write_bytes(gzip.compress(content, 9, mtime=0))
