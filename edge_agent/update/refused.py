"""Versions that this box went back from: apt is told never to take exactly these again."""

import re
from collections.abc import Iterable
from pathlib import Path

from edge_agent.runtime.files import write_whole
from edge_agent.update.places import PACKAGE

_VERSION = re.compile(r"^Pin: version (\S+)$", re.MULTILINE)
_ENTRY = """\
Explanation: This box went back from it. To let it come again:  sudo edge-agent-updates forgive
Package: {package}
Pin: version {version}
Pin-Priority: -1
"""
# Older ones have long been followed by newer ones.
_MOST = 20


def refused(file: Path) -> list[str]:
    """Return them, the oldest first."""
    try:
        return _VERSION.findall(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []


def refuse(file: Path, version: str) -> None:
    """Never take this version again. Raises OSError where the disk refuses."""
    versions = [one for one in refused(file) if one != version]
    _write(file, [*versions, version][-_MOST:])


def forgive(file: Path) -> list[str]:
    """Let all come again; return which."""
    versions = refused(file)
    file.unlink(missing_ok=True)
    return versions


def _write(file: Path, versions: Iterable[str]) -> None:
    text = "\n".join(_ENTRY.format(package=PACKAGE, version=version) for version in versions)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    write_whole(file, text.encode())
