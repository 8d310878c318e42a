"""`edge-agent-updates` as one file: the modules it needs of ours, and nothing that a wheel brings.

A broken agent must not break the way back: so it is apart from the agent's folder, and is copied
whole before a new version comes. Python runs such a file (zipapp).
"""

from __future__ import annotations

import ast
import io
import zipfile
from typing import TYPE_CHECKING

from tools import debian

if TYPE_CHECKING:
    from pathlib import Path

_PACKAGE = "edge_agent"
_START = f"{_PACKAGE}.update.__main__"
_FIRST_LINE = b"#!/usr/bin/python3 -I\n"
_MAIN = f"import os\nimport sys\n\nfrom {_START} import main\n\nos.umask(0o022)\nsys.exit(main())\n"
# What zip knows as the beginning: no time of this machine.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def program() -> bytes:
    """Return the file."""
    packed = io.BytesIO()
    # Not compressed: another zlib would give other bytes.
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", _NO_TIME), _MAIN)
        for name, file in sorted(modules().items()):
            inside = name.replace(".", "/") + ("/__init__.py" if _is_folder(file) else ".py")
            archive.writestr(zipfile.ZipInfo(inside, _NO_TIME), file.read_bytes())
    return _FIRST_LINE + packed.getvalue()


def modules() -> dict[str, Path]:
    """Return each of our modules that it imports, and their packages, by its dotted name."""
    found: dict[str, Path] = {}
    waiting = [_START]
    while waiting:
        name = waiting.pop()
        file = _file_of(name)
        if name in found or file is None:
            continue
        found[name] = file
        waiting.append(name.rpartition(".")[0])
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_PACKAGE):
                waiting.append(str(node.module))
                waiting += [f"{node.module}.{each.name}" for each in node.names]
    return found


def _file_of(name: str) -> Path | None:
    place = debian.REPOSITORY.joinpath(*name.split("."))
    if not name:
        return None
    found = [place / "__init__.py", place.with_suffix(".py")]
    return next((file for file in found if file.is_file()), None)


def _is_folder(file: Path) -> bool:
    return file.name == "__init__.py"
